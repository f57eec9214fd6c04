#include "mcu/rtp/congestion/path_rate.h"

#include <algorithm>
#include <cmath>

namespace mcu {

using common::Bitrate;
using common::Duration;
using common::Timestamp;

namespace {

constexpr Duration kLeastWindow = std::chrono::milliseconds(400);
constexpr Duration kLongWindow = std::chrono::seconds(1);
constexpr double kLeastPackets = 30, kFewPackets = 8, kMostPackets = 50'000;
constexpr double kSomeLoss = 0.02;
/// Loss beyond doubt that stays when what was missed is sent again: but of a full path, that comes.
constexpr double kTooMuchUnrepaired = 0.06;
constexpr double kDoubt = 2.5;  // standard deviations
/// A fall that has not had its effect yet is corrected only where it was far too little.
constexpr double kFarTooMuch = 0.85;
/// Of a full path most packets are missed, each as late as its queue is long.
constexpr Duration kMissedAtLeast = std::chrono::milliseconds(300);
constexpr Duration kMissedWithin = std::chrono::seconds(1);
/// Than it usually asks after. Where packets overtake each other, a peer asks for many in vain.
constexpr Duration kLaterThanUsual = std::chrono::milliseconds(100);
constexpr Duration kAsksWithin = std::chrono::milliseconds(30);
constexpr int kUsual = 16, kUsualOfLate = 128;
constexpr double kMissedKeep = 0.6;
constexpr double kManyMissed = 12, kMissedShare = 0.25;
/// Reports say better what a probe did.
constexpr Duration kReportedLately = std::chrono::milliseconds(700);
/// Who reports each second has done so by then.
constexpr Duration kReportsSeldom = std::chrono::milliseconds(1600);
/// What was held back is asked for within a round trip and this.
constexpr Duration kAnswered = std::chrono::milliseconds(450);
/// At once no further down than to this: some of what is missed comes late.
constexpr double kLeastArrived = 0.25;
/// Packets of a probe take so long to be on their way back in a report.
constexpr Duration kProbeSeen = std::chrono::milliseconds(100);
/// A queue that it made is measured no later where there was room for what was sent before; where
/// there was hardly any, that takes longer to empty it.
constexpr Duration kProbeLingers = std::chrono::milliseconds(700);
constexpr Duration kQueueLingers = std::chrono::seconds(2);
constexpr Duration kLingersAtLeast = std::chrono::milliseconds(100);
/// Of its packets, more than chance takes.
constexpr int kSurelyPassed = 2;
constexpr double kProbeLost = 0.3;
constexpr std::size_t kProbeMissed = 3;
constexpr double kCountsTwice = 1.05;
constexpr Duration kProbeGrows = std::chrono::milliseconds(150);

Bitrate scaled(Bitrate rate, double by) {
    return Bitrate::from_bps(
        static_cast<std::int64_t>(std::llround(static_cast<double>(rate.bps()) * by)));
}

double seconds(Duration d) {
    return std::chrono::duration<double>(d).count();
}

}  // namespace

void PathRate::forget_reports() {
    before_.reset();
    delay_ = {};
    usual_age_.reset();
}

void PathRate::on_sent(std::size_t wire_bytes, bool picture, Timestamp now) {
    sent_.add(wire_bytes, picture, now);
    if (picture) step(now);
}

void PathRate::on_round_trip(Duration round_trip, Timestamp now) {
    delay_.add(round_trip, now);
}

void PathRate::on_report(const PathReport& report) {
    if (report.round_trip) delay_.add(*report.round_trip, report.at);
    if (reported_) report_gap_ = report.at - *reported_;
    reported_ = report.at;
    const std::optional<Window> window = window_of(report);
    const bool full = window && is_full(*window);
    if (phase_ != Phase::Resting) {
        judge_probe(report, window, full);
        return;
    }
    if (!window) return;
    if (full) {
        calm_since_ = report.at;
        fall(*window, delay_.newest(), report.at);
    }
    step(report.at);
}

/// Nothing while too little came since the last one to say something: the next report says more.
std::optional<PathRate::Window> PathRate::window_of(const PathReport& report) {
    if (!before_) {
        before_ = report;
        return std::nullopt;
    }
    const auto expected =
        static_cast<std::int32_t>(report.highest_sequence - before_->highest_sequence);
    const Duration span = report.at - before_->at;
    if (expected < 0 || expected > kMostPackets) {
        before_ = report;  // another stream
        return std::nullopt;
    }
    const bool enough = span >= kLeastWindow && (expected >= kLeastPackets ||
                                                 (span >= kLongWindow && expected >= kFewPackets));
    if (!enough) return std::nullopt;
    Window window;
    // What it speaks of was sent half a round trip before.
    const Duration way = delay_.least() / 2;
    window.begin = before_->at - way;
    // What stood in the queue at a fall was sent before it, and lost at its end.
    if (queue_ > Duration(0) && window.begin < fell_ + queue_) window.begin = window.begin - queue_;
    window.end = report.at - way;
    window.expected = expected;
    const double lost = report.cumulative_lost - before_->cumulative_lost;
    window.received = std::max(0.0, expected - lost);
    window.lost_share = std::clamp(lost / expected, 0.0, 1.0);
    const SentHistory::Amount sent = sent_.between(window.begin, window.end);
    window.sent_bps = sent.bytes * 8 / seconds(span);
    const double arrived =
        sent.picture_packets > 0 ? window.received / sent.picture_packets : 1 - window.lost_share;
    window.arrived_bps = window.sent_bps * std::clamp(arrived, 0.02, 1.0);
    before_ = report;
    return window;
}

bool PathRate::is_full(const Window& window) const {
    const double share = window.lost_share;
    const double doubt = kDoubt * std::sqrt(share * (1 - share) / window.expected);
    if (share - doubt > kTooMuchUnrepaired) return true;
    if (delay_.falls()) return false;
    if (share >= kSomeLoss && delay_.standing() > kQueueGrows) return true;
    return delay_.standing() > kQueueStands;
}

void PathRate::fall(const Window& window, Duration queue, Timestamp now) {
    const Bitrate arrived =
        Bitrate::from_bps(static_cast<std::int64_t>(window.arrived_bps * kKeep));
    const bool limited = rate_.bps() > 0;
    if (limited && window.begin < settled_ && arrived > scaled(rate_, kFarTooMuch)) return;
    if (limited && arrived >= rate_) return;
    // Whoever was raised too far waits longer the next time.
    const bool regretted = rose_ && window.end - *rose_ < kMemory;
    if (regretted) {
        regret_ = std::min(kMostRegret, std::max(2 * regret_, kRegret));
        rose_.reset();
    } else if (!limited) {
        regret_ = Duration(0);
    }
    ++falls_;
    doubted_ = false;
    patience_ = kPatience;
    settled_ = window.end + kSettle;
    calm_since_ = window.end;
    fell_ = now;
    queue_ = std::min(queue, kLongestQueue);
    set_rate(arrived);
}

void PathRate::set_rate(Bitrate rate) {
    if (rate.bps() > 0) rate = std::max(rate, least_);
    if (rate == rate_) return;
    rate_ = rate;
    tell_(rate_);
}

Bitrate PathRate::pace(Timestamp now) const {
    if (phase_ == Phase::Probing) return beside_sound(scaled(target_, kRoomAtLeast), now);
    const bool rising = rate_.bps() == 0 && rose_ && now - *rose_ < kSettle;
    if (rising) return scaled(wanted_, kRoomAtRise);
    if (rate_.bps() == 0) return {};
    // The smallest picture is sent at its own rate, whatever a moment's pictures take.
    return beside_sound(std::max(rate_, scaled(least_, kRoomAtLeast)), now);
}

Bitrate PathRate::pace_of_key(Timestamp now) const {
    const Bitrate known = pace(now);
    return known.bps() > 0 ? known : scaled(wanted_, kRoomForKey);
}

/// Sound goes out as it comes.
Bitrate PathRate::beside_sound(Bitrate all, Timestamp now) const {
    constexpr Duration kLately = std::chrono::seconds(1);
    const SentHistory::Amount sent = sent_.between(now - kLately, now);
    const auto sound = static_cast<std::int64_t>((sent.bytes - sent.picture_bytes) * 8);
    return Bitrate::from_bps(std::max(all.bps() - sound, all.bps() / 2));
}

// ---- who reports seldom ----

bool PathRate::reports_seldom(Timestamp now) const {
    return reported_ && now - *reported_ > kReportedLately;
}

/// By chance some packets are missed at once; at a full queue, all as late as that is long.
bool PathRate::is_late(Duration age) {
    if (!delay_.known()) return false;
    const Duration usual = usual_age_.value_or(delay_.least() + kAsksWithin);
    const bool late = age - usual > kLaterThanUsual && age - delay_.least() > kQueueGrows;
    usual_age_ = usual + (age - usual) / (late ? kUsualOfLate : kUsual);
    return late;
}

void PathRate::on_missed(std::size_t packets, Duration least_age, Timestamp now) {
    if (packets == 0) return;
    if (phase_ != Phase::Resting) {
        if (!reports_seldom(now)) return;
        // Where a request is lost, the next one comes late too: that is no queue.
        if (is_late(least_age)) probe_missed_ += packets;
        if (probe_missed_ >= kProbeMissed) end_probe(true, now);
        return;
    }
    if (!is_late(least_age)) {
        missed_ = {};
        return;
    }
    if (now - missed_.begin > kMissedWithin) missed_ = {.begin = now, .least_age = least_age};
    missed_.packets += static_cast<double>(packets);
    missed_.least_age = std::min(missed_.least_age, least_age);
    if (now - missed_.begin < kMissedAtLeast || missed_.packets < kManyMissed) return;
    Window window{.begin = missed_.begin - missed_.least_age, .end = now - missed_.least_age};
    const SentHistory::Amount sent = sent_.between(window.begin, window.end);
    // What was sent again shares the path, and its lot.
    const double once = std::max(sent.picture_packets - missed_.packets, missed_.packets);
    const double missed_share = missed_.packets / once;
    if (missed_share < kMissedShare) return;
    const Duration queue = missed_.least_age - delay_.least();
    missed_ = {.begin = now, .least_age = least_age};
    window.sent_bps = sent.bytes * 8 / seconds(window.end - window.begin);
    window.arrived_bps = window.sent_bps * std::clamp(1 - missed_share, kLeastArrived, 1.0);
    // What is missed is known late, and a start makes much of what was sent: never too little.
    if (rate_.bps() == 0 && wanted_.bps() > 0)
        window.arrived_bps =
            std::min(window.arrived_bps, kMissedKeep * static_cast<double>(wanted_.bps()));
    fall(window, queue, now);
}

// ---- up ----

void PathRate::step(Timestamp now) {
    if (rate_.bps() == 0) return;
    if (phase_ == Phase::Probing && now >= probe_ends_) phase_ = Phase::Judging;
    if (phase_ == Phase::Judging && asked_ && now - *asked_ > kAnswered + delay_.least())
        end_probe(true, now);
    if (phase_ == Phase::Judging && now - probe_ends_ > kVerdict) end_probe(true, now);
    if (phase_ != Phase::Resting || wanted_ <= rate_) return;
    if (now - calm_since_ < std::max(doubted_ ? kDoubtPatience : patience_, regret_)) return;
    // A small one that passed may have done so by chance, and the next costs the sound.
    if (doubted_ && passed_ >= kSurelyPassed) return begin_probe(target_, now);
    proven_ = rate_;
    seen_ = true;
    passed_ = 0;
    begin_probe(scaled(rate_, kFirstProbe), now);
}

bool PathRate::wants_answer(Timestamp now) const {
    return phase_ == Phase::Judging && !asked_ && reported_ &&
           std::max(report_gap_, now - *reported_) > kReportsSeldom;
}

void PathRate::on_answer(Duration after, Timestamp now) {
    if (phase_ != Phase::Judging) return;
    seen_probe_ = true;
    end_probe(after - delay_.least() > kProbeGrows, now);
}

void PathRate::begin_probe(Bitrate target, Timestamp now) {
    target_ = std::min(target, scaled(wanted_, kHeadroom));
    phase_ = Phase::Probing;
    seen_probe_ = false;
    asked_.reset();
    probe_missed_ = 0;
    probe_queued_ = false;
    probe_began_ = now;
    probe_ends_ = now + kProbe;
}

std::size_t PathRate::owed_bytes(Timestamp now) {
    step(now);
    if (phase_ != Phase::Probing) return 0;
    const double due = static_cast<double>(target_.bps()) / 8 * seconds(now - probe_began_);
    const double gone = sent_.between(probe_began_, now).bytes;
    return due > gone ? static_cast<std::size_t>(due - gone) : 0;
}

void PathRate::judge_probe(const PathReport& report, const std::optional<Window>& window,
                           bool full) {
    // What was sent before the probe says nothing of it.
    if (report.at - probe_began_ < kProbeSeen + delay_.least()) return;
    const bool measured = report.round_trip && report.at < probe_ends_ + kProbeLingers;
    const bool lingers = report.round_trip && report.at < probe_ends_ + kQueueLingers &&
                         delay_.newest() > kLingersAtLeast;
    // A path with a little room has emptied the queue by the time the verdict is due.
    if (measured && delay_.newest() > kQueueGrows) probe_queued_ = true;
    const bool queued = lingers || probe_queued_;
    const bool again = queued && delay_.standing() > kQueueGrows;
    if (full || again || (queued && delay_.newest() > kProbeGrows)) {
        end_probe(true, report.at);
        if (full) fall(*window, delay_.newest(), report.at);  // it was narrow before
        return;
    }
    if (report.at < probe_ends_ + kProbeSeen + delay_.least()) {
        seen_probe_ = seen_probe_ || measured;
        return;
    }
    seen_probe_ = seen_probe_ || measured;
    // One round trip that is somewhat long may be chance: the same again, soon, but once.
    const bool lost = window && lost_copies(*window);
    if (queued && !lost && !doubted_) return doubt_probe(report.at);
    end_probe(queued || lost, report.at);
}

/// Of a receiver that counts what comes twice: did too much of the probe not come?
bool PathRate::lost_copies(const Window& window) const {
    if (window.received <= kCountsTwice * window.expected) return false;
    const double put = sent_.between(window.begin, window.end).picture_packets;
    const double probe = sent_.between(probe_began_, probe_ends_).picture_packets;
    return put - window.received > kProbeLost * probe;
}

void PathRate::doubt_probe(Timestamp now) {
    phase_ = Phase::Resting;
    ++failed_probes_;
    doubted_ = true;
    calm_since_ = now;
    settled_ = now + kSettle;
}

void PathRate::end_probe(bool failed, Timestamp now) {
    phase_ = Phase::Resting;
    seen_ = seen_ && seen_probe_;
    if (!failed) {
        proven_ = target_;
        if (proven_ >= wanted_) return rise(now);
        ++passed_;
        begin_probe(scaled(proven_, passed_ < kSurelyPassed ? kSecondProbe : kNextProbe), now);
        return;
    }
    ++failed_probes_;
    doubted_ = false;
    calm_since_ = now;
    settled_ = now + kSettle;  // the probe's own queue is not the picture's
    // A queue that nobody measured may have stood in what seemed to pass, and a little more than
    // the path carries passes once.
    if (passed_ >= kSurelyPassed && seen_) return rise(now);
    patience_ = std::min(2 * patience_, kMostPatience);
}

/// To what was proven, and to all that is wanted if that was.
void PathRate::rise(Timestamp now) {
    rose_ = now;
    doubted_ = false;
    patience_ = kPatience;
    calm_since_ = now;
    queue_ = Duration(0);
    set_rate(proven_ >= wanted_ ? Bitrate() : std::max(rate_, scaled(proven_, kProven)));
}

}  // namespace mcu
