#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "tests/support/goertzel.h"
#include "tests/unit/mixer/audio/playout_rig.h"

using common::AudioCodec;
using common::Duration;
using namespace std::chrono_literals;

namespace {

struct InFlight {
    mixer::AudioPacket packet;
    std::vector<std::uint8_t> bytes;
};

/// A link that loses, delays, doubles and now and then stalls; and a sender who restarts, jumps and
/// changes its codec. All from one seed.
class BadLink {
  public:
    explicit BadLink(unsigned seed) : random_(seed) {}

    void send(tests::HummingSender& sender, common::Timestamp now) {
        if (chance(0.002)) sender.sequence = static_cast<std::uint16_t>(random_());
        if (chance(0.002)) sender.rtp_time = static_cast<std::uint32_t>(random_());
        if (chance(0.005)) sender.set_codec(static_cast<AudioCodec>(random_() % 4));
        if (chance(0.005)) stalled_until_ = now + Duration(1ms) * (random_() % 800);
        if (chance(0.01)) sender.pause(static_cast<int>(random_() % 50));
        const mixer::AudioPacket& packet = sender.next(now);
        if (chance(0.1)) return;
        for (int copy = chance(0.05) ? 2 : 1; copy > 0; --copy) {
            InFlight flight{packet, {packet.payload.begin(), packet.payload.end()}};
            flight.packet.arrival =
                std::max(now + Duration(1ms) * (random_() % 70), stalled_until_);
            if (chance(0.01)) flight.bytes.resize(random_() % 1600);
            flights_.push_back(std::move(flight));
        }
    }

    void deliver(mixer::AudioPlayout& playout, common::Timestamp until) {
        std::erase_if(flights_, [&](InFlight& flight) {
            if (flight.packet.arrival > until) return false;
            flight.packet.payload = flight.bytes;
            playout.push(flight.packet);
            return true;
        });
    }

  private:
    bool chance(double probability) {
        return std::uniform_real_distribution<>(0, 1)(random_) < probability;
    }
    std::mt19937 random_;
    common::Timestamp stalled_until_;
    std::deque<InFlight> flights_;
};

}  // namespace

TEST_CASE("Whatever the link does, playout neither breaks nor falls behind, and recovers after") {
    for (unsigned seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        tests::PlayoutRig rig;
        tests::HummingSender sender(AudioCodec::Opus, static_cast<std::uint16_t>(seed * 5461));
        BadLink link(seed);

        for (int tick = 0; tick < 1500; ++tick) {
            link.send(sender, rig.now);
            link.deliver(*rig.playout, rig.now + 20ms);
            rig.tick();
            REQUIRE(rig.playout->counters().delay <= 260ms);  // max_delay, and one packet's length
        }
        CHECK(tests::peak(rig.heard) <= 1);

        for (int tick = 0; tick < 50; ++tick) link.deliver(*rig.playout, rig.now += 20ms);
        rig.playout->reset();
        tests::HummingSender clean(AudioCodec::G722, 4711);
        rig.run(clean, 100);
        CHECK(rig.playout->counters().delay < 30ms);
        CHECK(tests::tones_snr_db(rig.last_ticks(40), std::array{440.0}) > 25);
    }
}

namespace {

/// Each packet is one unchanging level, higher than the one before: order can be seen in the sound.
class Staircase {
  public:
    static constexpr int kSteps = 78;

    static std::vector<std::uint8_t> payload(int step) {
        // A-law with its even bits turned back is a sign (1: positive) and a rising magnitude.
        return std::vector<std::uint8_t>(160, static_cast<std::uint8_t>(0xd5 ^ (48 + step)));
    }
    /// The steps heard, in order; concealment is a slope and no step.
    static std::vector<double> levels_in(std::span<const float> heard) {
        std::vector<double> levels;
        for (; heard.size() >= 60; heard = heard.subspan(60)) {
            const auto [low, high] = std::minmax_element(heard.begin(), heard.begin() + 60);
            if (*low > 0.01F && *high - *low < 1e-4F) levels.push_back(*low);
        }
        return levels;
    }
};

}  // namespace

TEST_CASE("With reordering, loss and duplicates the sound that is heard is never out of order") {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        tests::PlayoutRig rig({.target_delay = 70ms});
        std::vector<std::pair<common::Timestamp, int>> arrivals;
        for (int i = 0; i < Staircase::kSteps; ++i) {
            if (i > 0 && random() % 10 == 0) continue;
            const auto at = rig.now + Duration(20ms) * i + Duration(1ms) * (random() % 45);
            arrivals.emplace_back(at, i);
            if (random() % 8 == 0) arrivals.emplace_back(at + 3ms, i);
        }
        std::sort(arrivals.begin(), arrivals.end());

        std::size_t sent = 0;
        for (int tick = 0; tick < Staircase::kSteps + 8; ++tick) {
            for (; sent < arrivals.size() && arrivals[sent].first <= rig.now + 20ms; ++sent) {
                const int i = arrivals[sent].second;
                const auto bytes = Staircase::payload(i);
                rig.playout->push({.codec = AudioCodec::Pcma,
                                   .sequence = static_cast<std::uint16_t>(65500 + i),
                                   .rtp_time = static_cast<std::uint32_t>(160 * i),
                                   .arrival = arrivals[sent].first,
                                   .payload = bytes});
            }
            rig.tick();
        }

        const auto levels = Staircase::levels_in(rig.heard);
        CHECK(levels.size() > 60 * 8);
        CHECK(std::is_sorted(levels.begin(), levels.end(),
                             [](double a, double b) { return a < b * 0.99; }));
        CHECK(rig.playout->counters().late == 0);
    }
}
