#include "mcu/rtp/picture_timing.h"

#include <algorithm>

namespace mcu {

using common::Duration;
using common::Timestamp;

namespace {

/// Clocks drift by 200 ppm at most (RFC 3550 does not say; crystals do): 1 ms in this time.
constexpr Duration kWindow = std::chrono::seconds(5);
/// A smaller change of the least delay is jitter: following it would move the phase for nothing.
constexpr Duration kDeadBand = std::chrono::milliseconds(4);
constexpr Duration kReserve = std::chrono::milliseconds(1);
/// A margin that follows every wobble would move each sender whose phase lies near a tick to and
/// fro.
constexpr Duration kRise = std::chrono::microseconds(500);
constexpr Duration kFall = std::chrono::microseconds(1500);
/// The sender's clock jumped, or the network's path changed: begin anew.
constexpr Duration kJump = std::chrono::milliseconds(500);

Duration from_90khz(std::int64_t ticks) {
    // In two parts, so that days of ticks do not overflow.
    return std::chrono::seconds(ticks / 90000) + Duration(ticks % 90000 * 100000 / 9);
}

}  // namespace

void PictureTiming::reset() {
    *this = {};
}

Timestamp PictureTiming::due_of(std::uint32_t rtp_time_90khz, Timestamp arrival,
                                Duration decoding) {
    const Duration media = media_offset(rtp_time_90khz);
    const Duration transit = arrival.since_epoch() - media;
    const bool jumped = started_ && (transit > offset_ + kJump || transit < offset_ - kJump);
    if (!started_ || jumped) {
        started_ = true;
        offset_ = least_ = transit;
        window_ends_ = arrival + kWindow;
    }
    learn(transit, arrival);
    follow_margin(transit - offset_, decoding);
    const Timestamp due = Timestamp() + (media + offset_ + margin_);
    return std::clamp(due, arrival, arrival + kLongestWait);
}

void PictureTiming::follow_margin(Duration jitter, Duration decoding) {
    jitter_.add(jitter);
    const Duration wanted =
        std::clamp<Duration>(jitter_.value() + decoding + kReserve, kLeastMargin, kMostMargin);
    if (wanted > margin_ + kRise || wanted < margin_ - kFall) margin_ = wanted;
}

Duration PictureTiming::media_offset(std::uint32_t rtp_time_90khz) {
    // RTP time wraps after 13 hours; the difference to the last picture does not, taken as signed.
    if (last_rtp_time_) ticks_90khz_ += static_cast<std::int32_t>(rtp_time_90khz - *last_rtp_time_);
    last_rtp_time_ = rtp_time_90khz;
    return from_90khz(ticks_90khz_);
}

void PictureTiming::learn(Duration transit, Timestamp now) {
    least_ = std::min(least_, transit);
    // Faster than ever: at once, or pictures would be shown too late for a whole window.
    if (least_ < offset_ - kDeadBand) offset_ = least_;
    if (now < window_ends_) return;
    if (least_ > offset_ + kDeadBand) offset_ = least_;
    least_ = transit;
    window_ends_ = now + kWindow;
}

}  // namespace mcu
