#include "mcu/rtp/lip_sync.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <deque>
#include <random>

#include "mcu/rtp/picture_timing.h"
#include "mixer/video/frame_pool.h"
#include "mixer/video/video_playout.h"
#include "tests/golden/audio/playout_simulation.h"

// One talker's sound and pictures through both playouts, placed by simulated sender reports: how
// far are lips from voice where both are mixed?

using common::Duration;
using common::Timestamp;
using namespace std::chrono_literals;
using tests::PlayoutSimulation;

namespace {

constexpr Duration kPicture = Duration(33'333'333);
constexpr Duration kWallClock = std::chrono::seconds(3'900'000'000);  // at the sender's time 0

struct Scenario {
    const char* name;
    PlayoutSimulation::Network sound;
    Duration video_path;
    Duration video_jitter;
};

/// How much later than its sound each picture is drawn.
class Meeting {
  public:
    explicit Meeting(const Scenario& scenario)
        : scenario_(scenario), sound_({.codec = common::AudioCodec::Pcmu}, scenario.sound) {}

    std::vector<Duration> run(Duration time, bool reports) {
        reports_ = reports;
        next_tick_ = sound_.now() + 7ms;
        for (const Timestamp end = sound_.now() + time; sound_.now() < end;) {
            step(sound_.now() + mixer::kAudioTick);
            sound_.run(mixer::kAudioTick);
        }
        return skews_;
    }

  private:
    struct Underway {
        Timestamp arrival;
        Duration taken;  ///< on the sender's clock
    };

    void step(Timestamp until) {
        for (; sound_.said_at(taken_) < until; taken_ += kPicture) {
            std::uniform_real_distribution<double> share(0, 1);
            const auto late = Duration(static_cast<std::int64_t>(
                share(random_) * static_cast<double>(scenario_.video_jitter.count())));
            const Timestamp arrival = sound_.said_at(taken_) + scenario_.video_path + late;
            underway_.push_back(
                {underway_.empty() ? arrival : std::max(arrival, underway_.back().arrival),
                 taken_});
        }
        for (; next_tick_ < until; next_tick_ = next_tick_ + kPicture) {
            while (!underway_.empty() && underway_.front().arrival <= next_tick_) receive();
            draw();
        }
    }

    // As mcu/session does it: reports come every 5 s and are off by some milliseconds.
    void receive() {
        const auto [arrival, taken] = underway_.front();
        underway_.pop_front();
        if (taken >= next_report_) {
            std::uniform_int_distribution<int> error_us(-3000, 3000);
            sound_error_ = Duration(1000) * error_us(random_);
            picture_error_ = Duration(1000) * error_us(random_);
            next_report_ += 5s;
        }
        const auto rtp_time = static_cast<std::uint32_t>(taken.count() * 9 / 100'000);
        Timestamp due = timing_.due_of(rtp_time, arrival, 2ms);
        const auto position = sound_.playout->position();
        if (reports_ && position) {
            const Duration said(std::int64_t{position->rtp_time} * 125'000);
            sync_.follow_sound(kWallClock + said + sound_error_, position->at);
            due = sync_.due_of(kWallClock + taken + picture_error_, due, arrival);
        }
        mixer::FrameWriter picture = pool_.acquire({64, 36});
        REQUIRE(picture);
        picture->set_media_time(due);
        taken_of_due_.push_back({due, taken});
        pictures_.push(std::move(picture).publish());
    }

    void draw() {
        const mixer::DuePicture& shown = pictures_.take_due(next_tick_);
        if (!shown.frame || shown.last_change != next_tick_ || sound_.ticks.empty()) return;
        const Timestamp due = shown.frame->media_time();
        while (taken_of_due_.front().first != due) taken_of_due_.pop_front();
        const Duration age = next_tick_ - sound_.said_at(taken_of_due_.front().second);
        if (sound_.ticks.size() > 250) skews_.push_back(age - sound_.ticks.back().delay);
    }

    Scenario scenario_;
    PlayoutSimulation sound_;
    bool reports_ = true;
    std::mt19937_64 random_{5};
    Duration taken_{};
    Duration next_report_{};
    Duration sound_error_{}, picture_error_{};
    std::deque<Underway> underway_;
    Timestamp next_tick_;
    mcu::PictureTiming timing_;
    mcu::LipSync sync_;
    mixer::FramePool pool_{1 << 20};
    mixer::VideoPlayout pictures_;
    std::deque<std::pair<Timestamp, Duration>> taken_of_due_;
    std::vector<Duration> skews_;
};

double ms(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

TEST_CASE("Lips are within 45 ms of the voice through the mix, whatever the sound's jitter") {
    for (const Scenario& scenario :
         {Scenario{"clean link", {}, 5ms, 2ms},
          Scenario{"jitter 30 ms", {.jitter = 30ms}, 5ms, 10ms},
          Scenario{"jitter 60 ms", {.jitter = 60ms}, 5ms, 20ms},
          Scenario{"jitter 100 ms", {.jitter = 100ms}, 5ms, 30ms},
          Scenario{"clock +200 ppm, jitter 15 ms", {.jitter = 15ms, .clock_ppm = 200}, 5ms, 5ms},
          Scenario{
              "clock -200 ppm, jitter 15 ms", {.jitter = 15ms, .clock_ppm = -200}, 5ms, 5ms}}) {
        CAPTURE(scenario.name);
        auto plain = Meeting(scenario).run(60s, false);
        auto synced = Meeting(scenario).run(120s, true);
        std::ranges::sort(plain);
        std::ranges::sort(synced);

        std::printf(
            "%-30s pictures after sound: %4.0f to %3.0f ms; without reports %4.0f to %3.0f\n",
            scenario.name, ms(synced.front()), ms(synced.back()), ms(plain.front()),
            ms(plain.back()));
        REQUIRE(synced.size() > 2500);
        CHECK(synced.front() > -45ms);
        CHECK(synced.back() < 45ms);
    }
}
