#include "mixer/audio/arrival_watch.h"

namespace mixer {
namespace {

using common::Duration;
using common::Timestamp;

constexpr float kForget = 0.003F;  // of the histogram, each packet
// Clocks differ by 200 ppm at most: 0.4 ms in this time.
constexpr Duration kHalfWindow = std::chrono::seconds(2);
// The sender's time jumped, or the path changed beyond recognition.
constexpr Duration kJump = std::chrono::seconds(1);
// A path that got longer for good looks like an outage at first, but not for so long.
constexpr Duration kLongestOutage = std::chrono::seconds(1);
constexpr Duration kRecovered = std::chrono::milliseconds(20);

Duration media_time(std::int64_t ticks, int clock_hz) {
    // In two parts, so that days of ticks do not overflow.
    return std::chrono::seconds(ticks / clock_hz) +
           Duration(ticks % clock_hz * 1'000'000'000 / clock_hz);
}

}  // namespace

void ArrivalWatch::reset() {
    const std::uint32_t line = line_ + 1;
    *this = {};
    line_ = line;
}

ArrivalWatch::Place ArrivalWatch::note(std::uint32_t rtp_time, int clock_hz, Timestamp arrival) {
    if (!last_rtp_time_ || clock_hz != clock_hz_) {
        begin_line(arrival);
        clock_hz_ = clock_hz;
        last_rtp_time_ = rtp_time;
    }
    const std::int64_t ticks =
        ticks_ + static_cast<std::int32_t>(rtp_time - *last_rtp_time_);  // RFC 3550 5.1: it wraps
    Duration transit = arrival.since_epoch() - media_time(ticks, clock_hz);
    if (fastest_ != kNone && (transit > last_transit_ + kJump || transit < last_transit_ - kJump)) {
        begin_line(arrival);
        transit = arrival.since_epoch();
    } else {
        ticks_ = ticks;
    }
    last_rtp_time_ = rtp_time;
    last_transit_ = transit;

    learn_fastest(transit, arrival);
    const Place place{line_, transit};
    const Duration late = lateness(place);
    if (!within_outage(late, arrival)) count(late);
    return place;
}

Duration ArrivalWatch::lateness(const Place& place) const {
    const Duration fastest = std::min(fastest_before_, fastest_);
    if (place.line != line_ || fastest == kNone) return Duration::zero();
    // The fastest may have come after it.
    return std::max(Duration::zero(), place.transit - fastest);
}

void ArrivalWatch::begin_line(Timestamp now) {
    ++line_;
    ticks_ = 0;
    fastest_ = fastest_before_ = kNone;
    half_window_begin_ = now;
    outage_end_.reset();
}

void ArrivalWatch::learn_fastest(Duration transit, Timestamp now) {
    if (now - half_window_begin_ >= kHalfWindow) {
        fastest_before_ = fastest_;
        fastest_ = kNone;
        half_window_begin_ = now;
    }
    fastest_ = std::min(fastest_, transit);
}

bool ArrivalWatch::within_outage(Duration late, Timestamp now) {
    if (late > kMost && !outage_end_) outage_end_ = now + kLongestOutage;
    if (!outage_end_) return false;
    if (late <= kRecovered) outage_end_.reset();
    // After its longest time it stays set until recovery, so that it does not begin again at once.
    return outage_end_ && now < *outage_end_;
}

void ArrivalWatch::count(Duration late) {
    const auto bucket = std::min(static_cast<std::size_t>(late / kBucket), kBuckets - 1);
    for (float& share : share_) share *= 1 - kForget;
    share_[bucket] += kForget;

    float tail = 0;
    std::size_t covered = kBuckets;
    while (covered > 1 && tail + share_[covered - 1] <= kTail) tail += share_[--covered];
    jitter_ = kBucket * static_cast<std::int64_t>(covered);
}

}  // namespace mixer
