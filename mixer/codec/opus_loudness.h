#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mixer {

/// Tells how loud an Opus packet is without decoding it, at a hundredth of the cost.
///
/// CELT frames begin with the energies of their bands, each told as the difference to what the
/// frame before lets expect (RFC 6716 4.3.2.1); that much is read, and the finer steps that follow
/// are left out, which costs some 2 dB. As every frame halves what was wrong before, some ten
/// packets in a row are enough to know where the line is. SILK frames begin with the sender's own
/// voice detector (4.2.3): what that calls no voice is kNoVoiceDbfs here.
///
/// Shape:  one mono or stereo frame a packet, CELT of 20 ms; others do not tell.
/// Thread: audio tick alone; allocates nothing.
class OpusLoudness {
  public:
    static constexpr float kNoVoiceDbfs = -70;

    /// The estimated level in dBFS; nothing when the packet does not tell. Each packet once, in
    /// order.
    std::optional<float> read(std::span<const std::uint8_t> payload);
    void reset() { *this = {}; }

  private:
    static constexpr std::size_t kBands = 21;

    [[nodiscard]] float celt_dbfs(std::span<const std::uint8_t> frame, std::size_t bands,
                                  std::size_t channels);

    std::array<std::array<float, kBands>, 2> log_energy_{};  ///< of each channel, log2 of amplitude
};

}  // namespace mixer
