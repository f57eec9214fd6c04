#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace mcu {

/// What a peer's port got and let no further, by the reason. Each packet counts once.
struct DropCounts {
    std::uint64_t foreign_address = 0;   ///< not from where the peer sends
    std::uint64_t misplaced = 0;         ///< RTP on the RTCP port, RTCP on an RTP port without mux
    std::uint64_t malformed = 0;         ///< no RTP and no RTCP that makes sense, or too long
    std::uint64_t not_authentic = 0;     ///< protected by none of our keys, or here before
    std::uint64_t unknown_payload = 0;   ///< of a payload type that was not negotiated
    std::uint64_t sequence_jump = 0;     ///< far out of sequence, and nothing followed there
    std::uint64_t other_source = 0;      ///< of an SSRC other than the one that is heard
    std::uint64_t source_collision = 0;  ///< under an SSRC of ours
    std::uint64_t not_wanted = 0;        ///< while the peer is not to send: hold
    std::uint64_t no_room = 0;           ///< our fault: socket buffer or packet pool was full

    struct Reason {
        std::string_view name;  ///< as in the API
        std::uint64_t DropCounts::*count;
    };
    static const std::array<Reason, 10> kReasons;

    [[nodiscard]] std::uint64_t sum() const {
        std::uint64_t all = 0;
        for (const Reason& reason : kReasons) all += this->*reason.count;
        return all;
    }
    friend bool operator==(const DropCounts&, const DropCounts&) = default;
};

inline constexpr std::array<DropCounts::Reason, 10> DropCounts::kReasons{{
    {"foreign_address", &DropCounts::foreign_address},
    {"misplaced", &DropCounts::misplaced},
    {"malformed", &DropCounts::malformed},
    {"not_authentic", &DropCounts::not_authentic},
    {"unknown_payload", &DropCounts::unknown_payload},
    {"sequence_jump", &DropCounts::sequence_jump},
    {"other_source", &DropCounts::other_source},
    {"source_collision", &DropCounts::source_collision},
    {"not_wanted", &DropCounts::not_wanted},
    {"no_room", &DropCounts::no_room},
}};

}  // namespace mcu
