#include "tools/endpoint/rtp_watch.h"

#include <cmath>

namespace endpoint {
namespace {

constexpr std::size_t kRemembered = 20000;  // more than any jitter buffer holds

std::uint64_t key(std::uint32_t ssrc, std::uint32_t low) {
    return std::uint64_t{ssrc} << 32 | low;
}

std::uint32_t read_u32(std::span<const std::uint8_t> at) {
    return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
           at[3];
}

std::uint32_t extend(std::uint32_t highest, std::uint16_t sequence) {
    const auto ahead = static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(highest));
    return highest + static_cast<std::uint32_t>(static_cast<std::int32_t>(ahead));
}

}  // namespace

void RtpWatch::packet(std::span<const std::uint8_t> rtp, std::int64_t now_ns,
                      std::map<std::uint32_t, StreamCount>& counts) {
    if (rtp.size() < 12 || rtp[0] >> 6 != 2) return;
    const auto sequence = static_cast<std::uint16_t>(rtp[2] << 8 | rtp[3]);
    const std::uint32_t rtp_time = read_u32(rtp.subspan(4));
    const std::uint32_t ssrc = read_u32(rtp.subspan(8));
    if (by_time_.size() > kRemembered) by_time_.clear();
    if (by_sequence_.size() > kRemembered) by_sequence_.clear();
    by_time_[key(ssrc, rtp_time)] = now_ns;
    by_sequence_[key(ssrc, sequence)] = now_ns;

    StreamCount& count = counts[ssrc];
    if (count.packets == 0) {
        // Room below, for packets that were overtaken by the first.
        count.first_sequence = count.highest_sequence = 0x10000U + sequence;
        count.first_ns = now_ns;
    }
    const std::uint32_t extended = extend(count.highest_sequence, sequence);
    count.first_sequence = std::min(count.first_sequence, extended);
    count.highest_sequence = std::max(count.highest_sequence, extended);
    ++count.packets;
    count.bytes += rtp.size();
    count.last_ns = now_ns;
    // RFC 3550 A.8; differences of RTP time wrap with it.
    const double transit =
        static_cast<double>(now_ns) / 1e9 - static_cast<double>(rtp_time) / clock_hz_;
    if (const auto last = transit_s_.find(ssrc); last != transit_s_.end()) {
        const double change = std::abs(transit - last->second);
        if (change < 60) count.jitter_ms += (change * 1000 - count.jitter_ms) / 16;
    }
    transit_s_[ssrc] = transit;
}

std::optional<std::int64_t> RtpWatch::picture_arrived(std::uint32_t ssrc,
                                                      std::uint32_t rtp_time) const {
    const auto found = by_time_.find(key(ssrc, rtp_time));
    return found == by_time_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int64_t> RtpWatch::packet_arrived(std::uint32_t ssrc,
                                                     std::uint16_t sequence) const {
    const auto found = by_sequence_.find(key(ssrc, sequence));
    return found == by_sequence_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace endpoint
