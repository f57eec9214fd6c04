#include "mcu/load/load_meter.h"

#include <catch2/catch.hpp>

using common::Duration;
using common::Timestamp;
using mcu::LoadCounts;
using mcu::LoadFigures;
using mcu::LoadMeter;
using namespace std::chrono_literals;

namespace {

struct Reading {
    LoadMeter meter{{.cores = 2}};
    Timestamp now;
    LoadCounts counts;

    LoadFigures after(Duration time) {
        now = now + time;
        return meter.look(now, counts);
    }
};

}  // namespace

TEST_CASE("The first look knows nothing yet") {
    Reading reading;
    reading.counts.cpu_time = 100s;
    reading.counts.video_ticks_skipped = 1000;
    reading.counts.waits.jobs.back() = 50;

    const LoadFigures figures = reading.after(500ms);

    CHECK(figures.cpu_share == 0);
    CHECK(figures.ticks_lost == 0);
    CHECK(figures.pool_wait_p95 == 0ms);
}

TEST_CASE("CPU time counts against all cores that the process may use") {
    Reading reading;
    reading.after(1s);

    reading.counts.cpu_time = 750ms;

    CHECK(reading.after(500ms).cpu_share == Approx(0.75));
}

TEST_CASE(
    "What encoders use counts against the same cores, and nothing when a meeting's end took some "
    "away") {
    Reading reading;
    reading.counts.encode_time = 1s;
    reading.after(1s);

    reading.counts.encode_time = 1s + 250ms;
    CHECK(reading.after(500ms).encode_share == Approx(0.25));
    reading.counts.encode_time = 100ms;
    CHECK(reading.after(500ms).encode_share == 0);
}

TEST_CASE("Skipped ticks are a share of those that were due") {
    Reading reading;
    reading.after(1s);

    reading.counts.video_ticks_skipped = 3;
    reading.counts.audio_ticks_skipped = 5;
    const LoadFigures figures = reading.after(500ms);

    CHECK(figures.ticks_lost == Approx(3.0 / 15));
    CHECK(figures.audio_ticks_lost == Approx(5.0 / 25));
    CHECK(reading.after(500ms).ticks_lost == 0);
}

TEST_CASE("Skipped pictures are a share of all that were offered") {
    Reading reading;
    reading.after(1s);

    reading.counts.pictures_encoded = 90;
    reading.counts.pictures_skipped = 10;

    CHECK(reading.after(500ms).pictures_skipped == Approx(0.1));
}

TEST_CASE("A conference that ended takes its counts along, and nothing is made of that") {
    Reading reading;
    reading.counts.pictures_encoded = 9000;
    reading.counts.pictures_skipped = 500;
    reading.after(1s);

    reading.counts.pictures_encoded = 100;
    reading.counts.pictures_skipped = 0;

    CHECK(reading.after(500ms).pictures_skipped == 0);
}

TEST_CASE("One job in twenty may wait longer than the wait that is told") {
    Reading reading;
    reading.after(1s);
    reading.counts.waits.jobs[0] = 95;  // up to 1 ms
    reading.counts.waits.jobs[6] = 5;   // up to 50 ms
    CHECK(reading.after(500ms).pool_wait_p95 == 1ms);

    reading.counts.waits.jobs[0] += 94;
    reading.counts.waits.jobs[6] += 6;
    CHECK(reading.after(500ms).pool_wait_p95 == 50ms);

    reading.counts.waits.jobs.back() += 10;
    CHECK(reading.after(500ms).pool_wait_p95 == 200ms);
}

TEST_CASE("A line of log has every figure") {
    LoadFigures figures;
    figures.cpu_share = 0.97;
    figures.encode_share = 0.4;
    figures.pool_wait_p95 = 50ms;
    figures.tick_late = 41ms;
    figures.ticks_lost = 0.12;
    figures.pictures_skipped = 0.3;

    CHECK(mcu::describe(figures) ==
          "cpu=97% encode=40% pool_wait_p95=50ms tick_late=41ms ticks_lost=12% audio_ticks_lost=0% "
          "pictures_skipped=30%");
}

TEST_CASE("The process has a core, and used some CPU time") {
    CHECK(mcu::cores_allowed() >= 1);
    CHECK(mcu::process_cpu_time() > 0ms);
}
