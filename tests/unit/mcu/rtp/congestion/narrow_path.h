#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "mcu/rtp/congestion/path_rate.h"
#include "tests/support/link_model.h"

namespace tests {

/// One viewer behind a simulated path, in the manner of RFC 8867: pictures of the best rung that
/// the rate allows and 64 kbit/s of sound go down it, reports and repair come back. Time is
/// simulated, chance is seeded.
class NarrowPath {
  public:
    struct Config {
        LinkModel::Config down{.delay = std::chrono::milliseconds(50)};
        common::Duration way_back = std::chrono::milliseconds(50);
        common::Duration report_every = std::chrono::milliseconds(700);
    };
    struct Change {
        common::Timestamp at;
        std::int64_t rung_kbps;
    };

    explicit NarrowPath(const Config& config) : config_(config), link_(config.down) {
        path.want(common::Bitrate::from_kbps(1'117));
        plan(kPicture, [this] { send_picture(); });
        plan(kSound, [this] { send_sound(); });
        plan(kSenderReport, [this] { send_report(); });
        plan(config_.report_every, [this] { report(); });
    }

    void pass(common::Duration time) {
        const common::Timestamp end = now_ + time;
        while (!events_.empty() && events_.begin()->first <= end) {
            auto event = events_.extract(events_.begin());
            now_ = event.key();
            event.mapped()();
        }
        now_ = end;
    }
    /// Until `what` holds; the time that took, or nothing.
    std::optional<common::Duration> until(const std::function<bool()>& what,
                                          common::Duration most) {
        const common::Timestamp begin = now_;
        while (now_ - begin < most) {
            if (what()) return now_ - begin;
            pass(std::chrono::milliseconds(10));
        }
        return std::nullopt;
    }
    void change(const std::function<void(LinkModel::Config&)>& with) {
        LinkModel::Config config = link_.config();
        with(config);
        link_.change(config);
    }

    [[nodiscard]] std::int64_t rung_kbps() const { return kRungs[rung_]; }
    [[nodiscard]] common::Timestamp now() const { return now_; }
    [[nodiscard]] std::uint64_t overflowed() const { return link_.counters().overflowed; }

    mcu::PathRate path{[this](common::Bitrate rate) { on_rate(rate); }};
    std::vector<Change> changes;
    common::Duration odd_delay{};  ///< of what round trips are measured with, and nothing else
    std::uint64_t sound_sent = 0, sound_lost = 0;

  private:
    static constexpr std::array<std::int64_t, 5> kRungs{1000, 600, 350, 170, 80};
    static constexpr common::Duration kPicture = std::chrono::milliseconds(33),
                                      kSound = std::chrono::milliseconds(20),
                                      kSenderReport = std::chrono::milliseconds(450),
                                      kSwitch = std::chrono::milliseconds(400),
                                      kRest = std::chrono::seconds(10),
                                      kAskAgain = std::chrono::milliseconds(150);
    static constexpr std::size_t kSoundBytes = 160, kPacketBytes = 1200, kHeaders = 40;

    void plan(common::Duration in, std::function<void()> what) {
        events_.emplace(now_ + in, std::move(what));
    }
    [[nodiscard]] std::size_t best_rung() const {
        const std::int64_t all = path.rate().bps();
        if (all == 0) return 0;
        const std::int64_t picture = (all - 64'000) * 95 / 100;
        std::size_t rung = 0;
        while (rung + 1 < kRungs.size() && kRungs[rung] * 1000 > picture) ++rung;
        return rung;
    }
    void on_rate(common::Bitrate /*rate*/) {
        plan(std::chrono::milliseconds(1), [this] { choose(); });
    }
    void choose() {
        const std::size_t best = best_rung();
        if (best == chosen_) return;
        if (best < chosen_ && now_ - chose_ < kRest) {
            plan(std::chrono::milliseconds(100), [this] { choose(); });
            return;
        }
        chosen_ = best;
        chose_ = now_;
        plan(kSwitch, [this] {  // a start in it must be there first
            if (rung_ != chosen_) changes.push_back({now_, kRungs[chosen_]});
            rung_ = chosen_;
        });
    }

    void put(std::size_t bytes, bool picture, const std::function<void()>& arrive) {
        path.on_sent(bytes, picture, now_);
        for (const common::Timestamp at : link_.arrivals(bytes, now_)) events_.emplace(at, arrive);
    }
    void send_packet(std::uint32_t sequence) {
        put(sizes_[sequence], true, [this, sequence] { take(sequence); });
    }
    void send_picture() {
        plan(kPicture, [this] { send_picture(); });
        if (held_back_ && !asked_) path.on_question(*(asked_ = now_));
        std::size_t left = static_cast<std::size_t>(kRungs[rung_] * 1000 / 8 / 30);
        while (left > 0) {
            const std::size_t payload = std::min(left, kPacketBytes);
            left -= payload;
            sizes_.push_back(payload + kHeaders);
            sent_at_.push_back(now_);
            const auto sequence = static_cast<std::uint32_t>(sizes_.size() - 1);
            if (left == 0 && path.wants_answer(now_)) {
                held_back_ = sequence;
                asked_.reset();
                continue;
            }
            send_packet(sequence);
            while (path.owed_bytes(now_) >= sizes_[sequence]) send_packet(sequence);
        }
    }
    void send_sound() {
        plan(kSound, [this] { send_sound(); });
        ++sound_sent;
        const auto lost_before = link_.counters().lost + link_.counters().overflowed;
        put(kSoundBytes, false, [] {});
        sound_lost += link_.counters().lost + link_.counters().overflowed - lost_before;
    }
    void send_report() {
        plan(kSenderReport, [this] { send_report(); });
        const common::Timestamp sent = now_;
        put(100, false, [this, sent] { forward_ = now_ - sent; });
    }

    void take(std::uint32_t sequence) {
        ++received_;  // twice, if it came twice: RFC 3550 A.3
        for (std::uint32_t missing = highest_ + 1; missing < sequence; ++missing) {
            ask(missing, 3);
        }
        highest_ = std::max(highest_, sequence);
        here_.insert(sequence);
    }
    void ask(std::uint32_t sequence, int tries) {
        if (tries == 0 || here_.contains(sequence)) return;
        plan(config_.way_back, [this, sequence, tries] {
            if (sequence == held_back_) {
                path.on_answer(now_ - *asked_, now_);
                held_back_.reset();
            }
            if (tries == 3) path.on_missed(1, now_ - sent_at_[sequence], now_);
            send_packet(sequence);
        });
        plan(kAskAgain, [this, sequence, tries] { ask(sequence, tries - 1); });
    }
    void report() {
        plan(config_.report_every, [this] { report(); });
        const auto lost = static_cast<std::int32_t>(static_cast<std::int64_t>(highest_) -
                                                    static_cast<std::int64_t>(received_) + 1);
        mcu::PathReport made{
            .at = {}, .highest_sequence = highest_, .cumulative_lost = lost, .round_trip = {}};
        if (forward_) made.round_trip = *forward_ + config_.way_back + odd_delay;
        plan(config_.way_back, [this, made]() mutable {
            made.at = now_;
            path.on_report(made);
        });
    }

    const Config config_;
    LinkModel link_;
    common::Timestamp now_ = common::Timestamp::from_ns(1'000'000'000'000);
    std::multimap<common::Timestamp, std::function<void()>> events_;
    std::vector<std::size_t> sizes_;          ///< by sequence number
    std::vector<common::Timestamp> sent_at_;  ///< for the first time
    std::size_t rung_ = 0, chosen_ = 0;
    common::Timestamp chose_ = now_;
    std::uint32_t highest_ = 0;
    std::uint64_t received_ = 0;
    std::set<std::uint32_t> here_;
    std::optional<common::Duration> forward_;
    std::optional<std::uint32_t> held_back_;
    std::optional<common::Timestamp> asked_;
};

}  // namespace tests
