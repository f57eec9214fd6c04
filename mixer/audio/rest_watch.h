#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mixer {

/// Decides which packets of somebody who has long been soft need no decoding, and keeps what a
/// decoder must be given first when one does: its state is that of the last packet it has seen.
///
/// First kLearnPackets are decoded while their loudness is learnt by what they say of themselves.
/// From then on a packet is left out unless it does not tell, is louder than what was learnt, comes
/// soon after such a one, or is the sixteenth in a row.
///
/// Thread: audio tick alone; allocates nothing. Shape: loudness in dBFS, as the decoder's glance
/// estimates it or the sender said it (RFC 6464).
class RestWatch {
  public:
    static constexpr int kLearnPackets = 25;  // half a second
    static constexpr std::size_t kKept = 2;   ///< packets a decoder needs to be as if it knew all
    static constexpr std::size_t kKeptBytes = 320;  ///< longer ones are decoded

    /// Each packet of somebody at rest, in order: may it be left out?
    bool leave_out(std::optional<float> loudness_dbfs, std::size_t payload_bytes);
    /// It was left out.
    void keep(std::span<const std::uint8_t> payload);
    /// What was left out last, oldest first; empty when the decoder has seen all. Forgets it.
    template <typename Use>
    void catch_up(Use use) {
        const std::size_t count = std::min(left_out_, kKept);
        for (std::size_t i = left_out_ - count; i < left_out_; ++i) {
            const Packet& packet = kept_[i % kKept];
            use(std::span<const std::uint8_t>(packet.bytes).first(packet.size));
        }
        left_out_ = 0;
    }
    [[nodiscard]] bool resting() const { return left_out_ > 0; }
    /// Somebody listens again, or the stream is another one: all is to be learnt anew.
    void stop() { learnt_ = 0; }
    void forget() { learnt_ = 0, left_out_ = 0; }

  private:
    struct Packet {
        std::size_t size = 0;
        std::array<std::uint8_t, kKeptBytes> bytes;
    };
    static constexpr std::size_t kDecodeEach = 16;  // 0.3 s
    static constexpr int kAlertPackets = 10;
    static constexpr float kLouderDb = 5;
    static constexpr float kNeverAboveDbfs = -53;
    static constexpr float kLearnShare = 0.1F;

    int learnt_ = 0;
    int alert_ = 0;
    float usual_dbfs_ = 0;
    std::size_t in_a_row_ = 0;
    std::size_t left_out_ = 0;
    std::array<Packet, kKept> kept_;
};

}  // namespace mixer
