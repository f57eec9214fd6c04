#include "mcu/rtp/congestion/path_rate.h"

#include <catch2/catch.hpp>

#include "tests/unit/mcu/rtp/congestion/narrow_path.h"

using namespace std::chrono_literals;
using tests::LinkModel;
using tests::NarrowPath;

namespace {

constexpr std::int64_t kWide = 2'000'000;

NarrowPath::Config wide_path() {
    NarrowPath::Config config;
    config.down = {.delay = 50ms, .keeps_order = true, .rate_bps = kWide, .queue = 300ms};
    return config;
}

void set_rate(NarrowPath& viewer, std::int64_t bps) {
    viewer.change([bps](LinkModel::Config& link) { link.rate_bps = bps; });
}

}  // namespace

TEST_CASE("A path that narrows to 300 kbit/s is sent less within two seconds, and all again soon") {
    const double loss = GENERATE(0.0, 0.01, 0.05);
    const auto jitter = GENERATE(common::Duration(0), common::Duration(30ms));
    const std::uint64_t seed = GENERATE(range<std::uint64_t>(1, 6));
    NarrowPath::Config config = wide_path();
    config.down.loss = loss;
    config.down.jitter = jitter;
    config.down.keeps_order = false;
    config.down.seed = seed;
    NarrowPath viewer(config);
    viewer.pass(20s);
    REQUIRE(viewer.changes.empty());

    set_rate(viewer, 300'000);
    const auto down = viewer.until([&] { return viewer.rung_kbps() <= 170; }, 10s);
    REQUIRE(down);
    CHECK(*down <= 2s);

    viewer.pass(17s);
    CHECK(viewer.rung_kbps() <= 170);
    set_rate(viewer, kWide);
    const auto up = viewer.until([&] { return viewer.rung_kbps() == 1000; }, 60s);
    REQUIRE(up);
    CHECK(*up <= 15s);
    CHECK(viewer.changes.size() <= 3);
}

TEST_CASE("However the narrowing falls between two reports, it is followed within two seconds") {
    const auto every = GENERATE(common::Duration(500ms), common::Duration(1s), common::Duration(2s),
                                common::Duration(5s));
    const std::int64_t bps = GENERATE(300'000, 500'000, 800'000);
    for (int phase = 0; phase < 40; ++phase) {
        NarrowPath::Config config = wide_path();
        config.report_every = every;
        config.down.seed = static_cast<std::uint64_t>(phase + 1);
        NarrowPath viewer(config);
        viewer.pass(15s + phase * every / 40);

        set_rate(viewer, bps);

        const auto down =
            viewer.until([&] { return viewer.rung_kbps() * 1000 * 105 / 100 + 64'000 <= bps; }, 9s);
        INFO("report each " << every / 1ms << " ms, phase " << phase << ", " << bps);
        REQUIRE(down);
        CHECK(*down <= 2s);
    }
}

TEST_CASE("Who reports every five seconds and asks for packets again is heard by what it asks") {
    const std::uint64_t seed = GENERATE(range<std::uint64_t>(1, 6));
    NarrowPath::Config config = wide_path();
    config.report_every = 5s;
    config.down.seed = seed;
    NarrowPath viewer(config);
    viewer.pass(12s);

    set_rate(viewer, 300'000);

    const auto down = viewer.until([&] { return viewer.rung_kbps() <= 170; }, 10s);
    REQUIRE(down);
    CHECK(*down <= 2s);
    viewer.pass(60s);
    CHECK(viewer.rung_kbps() <= 170);
    set_rate(viewer, kWide);
    const auto up = viewer.until([&] { return viewer.rung_kbps() == 1000; }, 40s);
    REQUIRE(up);
    CHECK(*up <= 15s);
}

TEST_CASE("Loss by chance changes nothing") {
    const double loss = GENERATE(0.01, 0.05, 0.10);
    const auto every = GENERATE(common::Duration(700ms), common::Duration(5s));
    NarrowPath::Config config = wide_path();
    config.report_every = every;
    config.down.loss = loss;
    config.down.jitter = 30ms;
    config.down.rate_bps = 0;
    NarrowPath viewer(config);

    viewer.pass(5min);

    CHECK(viewer.changes.empty());
    CHECK(viewer.path.rate().bps() == 0);
}

TEST_CASE("Losses in bursts change nothing") {
    NarrowPath::Config config = wide_path();
    config.down.loss = 0.05;
    config.down.burst = 3;
    NarrowPath viewer(config);

    viewer.pass(5min);

    CHECK(viewer.changes.empty());
}

TEST_CASE("A path between two rungs is not tried with the larger one again and again") {
    const std::int64_t bps = GENERATE(250'000, 450'000, 700'000, 1'000'000, 1'100'000);
    NarrowPath viewer(wide_path());
    viewer.pass(10s);
    set_rate(viewer, bps);
    viewer.pass(30s);
    const std::size_t settled = viewer.changes.size();

    viewer.pass(5min);

    CHECK(viewer.changes.size() - settled <= 6);
    CHECK(settled <= 4);
}

TEST_CASE("Probes of a narrow path cost little of its sound") {
    NarrowPath viewer(wide_path());
    set_rate(viewer, 300'000);
    viewer.pass(20s);
    const auto sent = viewer.sound_sent, lost = viewer.sound_lost;

    viewer.pass(5min);

    CHECK(viewer.path.failed_probes() >= 10);
    CHECK(static_cast<double>(viewer.sound_lost - lost) <=
          0.02 * static_cast<double>(viewer.sound_sent - sent));
}

TEST_CASE("A path of 128 kbit/s is sent the smallest picture within some seconds, and keeps it") {
    NarrowPath viewer(wide_path());
    viewer.pass(10s);
    set_rate(viewer, 160'000);
    CHECK(viewer.until([&] { return viewer.rung_kbps() == 80; }, 5s));

    viewer.pass(2min);

    CHECK(viewer.rung_kbps() == 80);
}

TEST_CASE("A queue that only stands, however long, is emptied") {
    NarrowPath::Config config = wide_path();
    config.down.queue = 4s;
    NarrowPath viewer(config);
    viewer.pass(10s);
    set_rate(viewer, 700'000);

    viewer.pass(20s);

    CHECK(viewer.overflowed() == 0);
    CHECK(viewer.rung_kbps() <= 350);
}

TEST_CASE("A rise that had to be taken back is tried later") {
    NarrowPath viewer(wide_path());
    viewer.pass(10s);
    for (int i = 0; i < 4; ++i) {
        set_rate(viewer, 300'000);
        viewer.pass(15s);
        set_rate(viewer, kWide);
        viewer.pass(15s);
    }

    CHECK(viewer.changes.size() <= 6);
}

TEST_CASE("However narrow the path, its rate is no less than what is sent all the same") {
    NarrowPath viewer(wide_path());
    viewer.path.want(common::Bitrate::from_kbps(1'117), common::Bitrate::from_kbps(150));
    viewer.pass(10s);

    set_rate(viewer, 60'000);
    viewer.pass(20s);

    CHECK(viewer.path.rate() == common::Bitrate::from_kbps(150));
}

TEST_CASE("Pictures are let out as fast as the path carries them beside the sound") {
    NarrowPath viewer(wide_path());
    viewer.pass(10s);
    CHECK(viewer.path.pace(viewer.now()).bps() == 0);
    CHECK(viewer.path.pace_of_key(viewer.now()) == common::Bitrate::from_bps(1'117'000 * 5 / 2));

    set_rate(viewer, 300'000);
    REQUIRE(viewer.until([&] { return viewer.path.rate().bps() > 0; }, 5s));
    viewer.pass(3s);

    const std::int64_t rate = viewer.path.rate().bps();
    CHECK(viewer.path.pace(viewer.now()).bps() <= rate - 60'000);
    CHECK(viewer.path.pace(viewer.now()).bps() >= rate - 80'000);
    CHECK(viewer.path.pace_of_key(viewer.now()) == viewer.path.pace(viewer.now()));
}

TEST_CASE("A probe that one round trip alone speaks against is made again soon") {
    NarrowPath viewer(wide_path());
    viewer.pass(10s);
    set_rate(viewer, 300'000);
    viewer.pass(20s);
    set_rate(viewer, kWide);
    const auto failed = viewer.path.failed_probes();
    REQUIRE(viewer.until([&] { return viewer.path.owed_bytes(viewer.now()) > 0; }, 20s));
    viewer.pass(800ms);
    viewer.odd_delay = 100ms;
    REQUIRE(viewer.until([&] { return viewer.path.failed_probes() > failed; }, 2s));

    viewer.odd_delay = 0ms;

    CHECK(viewer.until([&] { return viewer.path.rate().bps() == 0; }, 8s));
}
