#include "mcu/rtp/rtcp_timer.h"

#include <algorithm>
#include <chrono>

namespace mcu {

namespace {

constexpr double kRtcpShare = 0.05;    // RFC 3550 6.2
constexpr double kSenderShare = 0.25;  // of RTCP's share
// e - 3/2: what timer reconsideration shortens the mean by (RFC 3550 6.3.1).
constexpr double kReconsiderationFactor = 2.71828 - 1.5;

common::Duration from_seconds(double seconds) {
    return std::chrono::duration_cast<common::Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

void RtcpTimer::start(const Group& group, common::Timestamp now, std::mt19937_64& random) {
    last_ = now;
    next_ = now + randomised_interval(group, random);
}

bool RtcpTimer::expire(const Group& group, common::Timestamp now, std::mt19937_64& random) {
    if (now < next_) return false;
    next_ = last_ + randomised_interval(group, random);
    return next_ <= now;
}

void RtcpTimer::on_sent(const Group& group, common::Timestamp now, std::mt19937_64& random) {
    initial_ = false;
    start(group, now, random);
}

void RtcpTimer::on_datagram(std::size_t bytes) {
    average_bytes_ += (static_cast<double>(bytes) - average_bytes_) / 16;
}

common::Duration RtcpTimer::deterministic_interval(const Group& group) const {
    const double kbps = std::max(static_cast<double>(group.session_bandwidth.bps()) / 1000, 1.0);
    double rtcp_bytes_per_second = kbps * 1000 / 8 * kRtcpShare;
    auto sharers = static_cast<double>(std::max<std::size_t>(group.members, 1));
    const auto senders = static_cast<double>(group.senders);
    if (senders > 0 && senders <= sharers * kSenderShare) {
        rtcp_bytes_per_second *= group.we_send ? kSenderShare : 1 - kSenderShare;
        sharers = group.we_send ? senders : sharers - senders;
    }
    common::Duration least = std::clamp(from_seconds(360 / kbps), kLeastInterval, kMostMinimum);
    if (initial_) least /= 2;
    return std::max(from_seconds(sharers * average_bytes_ / rtcp_bytes_per_second), least);
}

common::Duration RtcpTimer::randomised_interval(const Group& group, std::mt19937_64& random) const {
    const double factor = std::uniform_real_distribution<double>(0.5, 1.5)(random);
    const auto seconds = std::chrono::duration<double>(deterministic_interval(group)).count();
    return from_seconds(seconds * factor / kReconsiderationFactor);
}

}  // namespace mcu
