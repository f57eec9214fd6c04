#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mcu {

/// Finds whose packet it is, of the media that share a transport: by the MID that it carries, by
/// its SSRC, by its payload type where that is one medium's alone (RFC 9143 9.2).
///
/// Learns: which medium an SSRC belongs to, from MID and payload type; a sender says its MID only
///         until it knows that we have it. kMostLearnt at most, the oldest goes.
/// Thread: one. Allocates nothing in `find`.
class BundleDemux {
  public:
    static constexpr std::size_t kMostLearnt = 32;

    struct Medium {
        std::string mid;
        std::bitset<128> payload_types;    ///< that the peer may send
        std::vector<std::uint32_t> ssrcs;  ///< that the peer said it sends (RFC 5576)
    };

    /// What was learnt stays with its mid.
    void set_media(std::vector<Medium> media);

    /// The medium's place in the list; nothing: nobody's, drop it. `mid` empty: it carries none.
    std::optional<std::size_t> find(std::string_view mid, std::uint32_t ssrc,
                                    std::uint8_t payload_type);

  private:
    struct Learnt {
        std::uint32_t ssrc = 0;
        std::size_t medium = 0;
    };
    void learn(std::uint32_t ssrc, std::size_t medium);
    [[nodiscard]] std::optional<std::size_t> by_ssrc(std::uint32_t ssrc) const;
    [[nodiscard]] std::optional<std::size_t> by_payload_type(std::uint8_t payload_type) const;

    std::vector<Medium> media_;
    std::array<Learnt, kMostLearnt> learnt_;
    std::size_t learnt_count_ = 0;
    std::size_t next_ = 0;  ///< place of the next one when all are taken
};

}  // namespace mcu
