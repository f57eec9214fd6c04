#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// "Send a decoder refresh point", repeated under one sequence number until it comes (RFC
/// 5104 4.3.1).
struct FullIntraRequest {
    static constexpr std::uint8_t kFormat = 4;  ///< of PayloadFeedback
    struct Entry {
        std::uint32_t media_ssrc = 0;
        std::uint8_t sequence = 0;  ///< a new request has the next number, a repetition the same
    };
    std::uint32_t sender_ssrc = 0;

    [[nodiscard]] std::size_t size() const { return entry_bytes_.size() / 8; }
    [[nodiscard]] Entry operator[](std::size_t index) const;

    static std::optional<FullIntraRequest> parse(const RtcpBlock& packet);

  private:
    std::span<const std::uint8_t> entry_bytes_;
};

void write_full_intra_request(std::uint32_t sender_ssrc, const FullIntraRequest::Entry& entry,
                              common::ByteWriter& out);

}  // namespace mcu
