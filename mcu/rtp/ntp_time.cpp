#include "mcu/rtp/ntp_time.h"

namespace mcu {

namespace {
constexpr std::uint64_t kUnixEpochSince1900 = 2'208'988'800;  // RFC 868
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
}  // namespace

common::Duration NtpTime::since_1900() const {
    const std::uint64_t fraction_ns = (static_cast<std::uint64_t>(fraction()) * kNsPerSecond) >> 32;
    return common::Duration(static_cast<std::int64_t>(seconds() * kNsPerSecond + fraction_ns));
}

NtpTime NtpClock::at(common::Timestamp time) const {
    const auto unix_ns = static_cast<std::uint64_t>((unix_time_ + (time - start_)).count());
    // The era of 1900 ends in 2036; the seconds wrap by themselves as RFC 3550 4 expects.
    const std::uint64_t seconds = unix_ns / kNsPerSecond + kUnixEpochSince1900;
    const std::uint64_t fraction = ((unix_ns % kNsPerSecond) << 32) / kNsPerSecond;
    return NtpTime{seconds << 32 | fraction};
}

}  // namespace mcu
