#include "mcu/rtp/telephone_event.h"

#include <algorithm>
#include <string_view>

#include "common/byte_reader.h"
#include "mcu/rtp/rtp_clock.h"

namespace mcu {

namespace {

// A packet of an older event that arrives after a newer one began is a late repetition, within this
// time.
constexpr common::Duration kRepetitionWindow = std::chrono::seconds(2);
// RFC 4733 2.5.1.3: the next segment of a long event begins where this one could not count on.
constexpr std::uint32_t kSegmentTicks = 0xffff;

}  // namespace

// RFC 4733 2.3
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |     event     |E|R| volume    |          duration             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<TelephoneEvent> TelephoneEvent::parse(std::span<const std::uint8_t> payload) {
    common::ByteReader reader(payload);
    TelephoneEvent event;
    event.event = reader.u8();
    const std::uint8_t flags = reader.u8();
    event.end = (flags & 0x80) != 0;
    event.volume_dbm0 = flags & 0x3f;
    event.duration = reader.u16();
    if (reader.failed()) return std::nullopt;
    return event;
}

std::optional<char> TelephoneEvent::digit() const {
    constexpr std::string_view kDigits = "0123456789*#ABCD";
    if (event >= kDigits.size()) return std::nullopt;
    return kDigits[event];
}

std::optional<TelephoneEventReceiver::Digit> TelephoneEventReceiver::receive(
    std::span<const std::uint8_t> payload, std::uint32_t rtp_time, common::Timestamp now) {
    ++counters_.packets;
    const auto event = TelephoneEvent::parse(payload);
    if (!event) {
        ++counters_.bad_packets;
        return std::nullopt;
    }
    const auto digit = event->digit();
    if (!digit) {
        ++counters_.other_events;
        return std::nullopt;
    }
    if (is_old(rtp_time, now)) return std::nullopt;

    std::optional<Digit> ended;
    if (!current_ || (current_->rtp_time != rtp_time && !continues(*digit, rtp_time))) {
        if (current_ && !current_->reported) ended = report();
        Current begun;
        begun.digit = *digit;
        begun.rtp_time = rtp_time;
        current_ = begun;
    } else if (current_->rtp_time != rtp_time) {
        current_->earlier_segments += kSegmentTicks;
        current_->rtp_time = rtp_time;
        current_->duration = 0;
    }
    current_->duration = std::max(current_->duration, event->duration);
    current_->ended = current_->ended || event->end;
    current_->last_packet = now;
    // Both at once: the new one, all of it lost but its end, waits for `poll` or its next
    // repetition.
    if (!ended && current_->ended && !current_->reported) ended = report();
    return ended;
}

std::optional<TelephoneEventReceiver::Digit> TelephoneEventReceiver::poll(common::Timestamp now) {
    const auto deadline = next_deadline();
    if (!deadline || now < *deadline) return std::nullopt;
    return report();
}

std::optional<common::Timestamp> TelephoneEventReceiver::next_deadline() const {
    if (!current_ || current_->reported) return std::nullopt;
    return current_->ended ? current_->last_packet : current_->last_packet + kEndTimeout;
}

TelephoneEventReceiver::Digit TelephoneEventReceiver::report() {
    if (!current_->ended) ++counters_.lost_ends;
    current_->reported = true;
    const std::uint64_t ticks = current_->earlier_segments + current_->duration;
    return {current_->digit, rtp_duration(static_cast<std::int64_t>(ticks), clock_rate_hz_)};
}

bool TelephoneEventReceiver::is_old(std::uint32_t rtp_time, common::Timestamp now) const {
    if (!current_ || now - current_->last_packet > kRepetitionWindow) return false;
    return static_cast<std::int32_t>(rtp_time - current_->rtp_time) < 0;
}

bool TelephoneEventReceiver::continues(char digit, std::uint32_t rtp_time) const {
    return !current_->ended && digit == current_->digit &&
           rtp_time - current_->rtp_time == kSegmentTicks;
}

}  // namespace mcu
