#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>

#include "common/units.h"
#include "mcu/rtp/congestion/path_delay.h"
#include "mcu/rtp/congestion/sent_history.h"

namespace mcu {

/// What a peer reports of the picture that it is sent (RFC 3550 6.4.1).
struct PathReport {
    common::Timestamp at;
    std::uint32_t highest_sequence = 0;  ///< extended
    std::int32_t cumulative_lost = 0;    ///< negative where what comes twice counts twice
    std::optional<common::Duration> round_trip;
};

/// What the path to one peer that asks again for what it misses (NACK) carries, sound and picture
/// together with all headers, from what the peer reports of them and asks for: nothing while it
/// carries all, else a rate.
///
/// Down: at once, to a little less than what arrived, when reports say that the path is full: loss
///       while round trips grow, a queue that stands, or more loss than chance leaves on a path
///       that merely loses. Random loss of up to 10 % changes nothing.
///       Sooner than reports, what the peer asks for tells: many missed packets, all of which it
///       missed later than is usual for it, were missed at a full queue.
/// Up:   after a calm while, by probes of a fraction of a second in which packets go out more than
///       once (`probe`): first a little more, then twice as much until what is wanted is reached.
///       Only then, or when a probe fails, the new rate is told: a viewer does not climb rung by
///       rung. A failed probe doubles the wait, at most to kMostPatience; a rise that had to be
///       taken back doubles it further, at most to kMostRegret. A probe that one round trip alone
///       speaks against is made once more, from the first on where fewer than two had passed. A
///       peer that reports seldom is asked after each probe: one packet is held back, and its NACK
///       tells how long the queue is.
/// Thread: net thread. No clock of its own. Never allocates.
class PathRate {
  public:
    static constexpr double kKeep = 0.95;  ///< of what arrives: the rest empties the queue
    static constexpr common::Duration kSettle = std::chrono::milliseconds(2000);
    static constexpr common::Duration kQueueGrows = std::chrono::milliseconds(70);
    static constexpr common::Duration kQueueStands = std::chrono::milliseconds(250);
    static constexpr common::Duration kPatience = std::chrono::seconds(4);
    static constexpr common::Duration kDoubtPatience = std::chrono::milliseconds(1500);
    static constexpr common::Duration kMostPatience = std::chrono::seconds(7);
    static constexpr common::Duration kRegret = std::chrono::seconds(20);
    static constexpr common::Duration kMostRegret = std::chrono::minutes(4);
    static constexpr common::Duration kMemory = std::chrono::minutes(1);
    static constexpr common::Duration kProbe = std::chrono::milliseconds(800);
    static constexpr common::Duration kVerdict = std::chrono::seconds(8);
    static constexpr double kRoomAtRise = 1.5, kRoomAtLeast = 1.2, kRoomForKey = 2.5;
    static constexpr double kSomeMissed = 6;
    static constexpr common::Duration kLongestQueue = std::chrono::milliseconds(500);
    static constexpr double kFirstProbe = 1.4, kSecondProbe = 1.6, kNextProbe = 2.0,
                            kHeadroom = 1.15, kProven = 0.95;
    static constexpr common::Bitrate kLeast = common::Bitrate::from_kbps(60);

    /// `tell` is called with each new rate, from within the calls below.
    explicit PathRate(std::function<void(common::Bitrate)> tell) : tell_(std::move(tell)) {}

    /// What would be sent if the path carried it; 0: not known, nothing is probed for. `least`:
    /// what is sent however narrow the path is; no rate is less, since it would only hold up what
    /// comes.
    void want(common::Bitrate all, common::Bitrate least = kLeast) {
        wanted_ = all;
        least_ = std::max(least, kLeast);
    }
    /// Another stream, another peer: what is known of the old one counts for nothing.
    void forget_reports();

    void on_sent(std::size_t wire_bytes, bool picture, common::Timestamp now);
    void on_report(const PathReport& report);
    /// Of another stream on the same path.
    void on_round_trip(common::Duration round_trip, common::Timestamp now);
    /// The peer asks for packets for the first time; the newest was sent so long ago.
    void on_missed(std::size_t packets, common::Duration least_age, common::Timestamp now);

    /// Is one packet to be held back now, until the peer asks for it?
    [[nodiscard]] bool wants_answer(common::Timestamp now) const;
    /// The packet after the one held back goes out.
    void on_question(common::Timestamp now) { asked_ = now; }
    /// The one held back was asked for, so long after that.
    void on_answer(common::Duration after, common::Timestamp now);

    /// 0: the path is not known to be too narrow.
    [[nodiscard]] common::Bitrate rate() const { return rate_; }
    /// How fast pictures are to go out, so that what waits does so here and not in the path, where
    /// it would be lost; 0: as fast as they come. For a moment after a rise, too. While a probe
    /// runs, as fast as that: what waited is a part of it.
    [[nodiscard]] common::Bitrate pace(common::Timestamp now) const;
    /// The same for a key picture, which is no burst on a path that is not known to be narrow
    /// either: it may have become so.
    [[nodiscard]] common::Bitrate pace_of_key(common::Timestamp now) const;
    /// What the peer asks for now was lost at the end of a queue: sent again it would only lengthen
    /// that, and come too late.
    [[nodiscard]] bool overflows() const { return missed_.packets >= kSomeMissed; }
    /// How long what stood in the path's queue at the last fall takes to leave it: what is sent
    /// before that joins the queue, or is lost at its end. At most kLongestQueue.
    [[nodiscard]] common::Duration queue() const { return queue_; }
    /// More bytes that are to go out now, as copies, while a probe runs; else 0.
    [[nodiscard]] std::size_t owed_bytes(common::Timestamp now);
    [[nodiscard]] std::uint64_t falls() const { return falls_; }
    [[nodiscard]] std::uint64_t failed_probes() const { return failed_probes_; }

  private:
    enum class Phase : std::uint8_t { Resting, Probing, Judging };
    /// What one report says of the time since the one before.
    struct Window {
        common::Timestamp begin, end;
        double expected = 0, received = 0, lost_share = 0;
        double sent_bps = 0, arrived_bps = 0;
    };

    [[nodiscard]] common::Bitrate beside_sound(common::Bitrate all, common::Timestamp now) const;
    [[nodiscard]] std::optional<Window> window_of(const PathReport& report);
    [[nodiscard]] bool reports_seldom(common::Timestamp now) const;
    [[nodiscard]] bool is_full(const Window& window) const;
    [[nodiscard]] bool is_late(common::Duration age);
    void judge_probe(const PathReport& report, const std::optional<Window>& window, bool full);
    [[nodiscard]] bool lost_copies(const Window& window) const;
    void fall(const Window& window, common::Duration queue, common::Timestamp now);
    void set_rate(common::Bitrate rate);
    void step(common::Timestamp now);
    void begin_probe(common::Bitrate target, common::Timestamp now);
    void doubt_probe(common::Timestamp now);
    void end_probe(bool failed, common::Timestamp now);
    void rise(common::Timestamp now);

    std::function<void(common::Bitrate)> tell_;
    SentHistory sent_;
    PathDelay delay_;
    std::optional<PathReport> before_;
    std::optional<common::Timestamp> reported_, asked_;
    common::Duration report_gap_{};  ///< between the last two
    common::Bitrate rate_, wanted_, least_ = kLeast;
    common::Duration queue_{};
    common::Timestamp fell_;

    common::Timestamp settled_;     ///< until then what arrives still speaks of before the fall
    common::Timestamp calm_since_;  ///< since the last fall or failed probe
    common::Duration patience_ = kPatience, regret_{};
    std::optional<common::Timestamp> rose_;

    Phase phase_ = Phase::Resting;
    common::Bitrate target_, proven_;
    common::Timestamp probe_began_, probe_ends_;
    std::size_t probe_missed_ = 0;  ///< late
    int passed_ = 0;                ///< probes in a row
    bool probe_queued_ = false;     ///< a round trip since it began was longer than before
    bool seen_probe_ = false;       ///< a round trip was measured in this probe
    bool seen_ = false;             ///< and in those before it
    bool doubted_ = false;          ///< the last probe failed by one round trip alone

    /// What was missed since, of a second at most.
    struct Missed {
        common::Timestamp begin;
        double packets = 0;
        common::Duration least_age{};
    };
    Missed missed_;
    std::optional<common::Duration> usual_age_;  ///< at which a packet is missed
    std::uint64_t falls_ = 0, failed_probes_ = 0;
};

}  // namespace mcu
