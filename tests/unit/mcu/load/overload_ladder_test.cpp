#include "mcu/load/overload_ladder.h"

#include <catch2/catch.hpp>
#include <optional>
#include <vector>

using common::Duration;
using common::Timestamp;
using mcu::LoadFigures;
using mcu::LoadStep;
using mcu::OverloadLadder;
using Change = OverloadLadder::Change;
using namespace std::chrono_literals;

namespace {

LoadFigures late() {
    LoadFigures figures;
    figures.cpu_share = 0.98;
    figures.pictures_skipped = 0.3;
    return figures;
}

LoadFigures busy(double cpu_share, double encode_share = 0.1) {
    LoadFigures figures;
    figures.cpu_share = cpu_share;
    figures.encode_share = encode_share;
    return figures;
}

/// Looks twice a second and remembers what changed.
struct Watch {
    OverloadLadder ladder;
    Timestamp now;
    mcu::LoadStepsUseful useful{true, true, true, true, true};
    std::vector<LoadStep> down, up;

    void pass(Duration time, const LoadFigures& figures) {
        for (const Timestamp end = now + time; now < end;) {
            now = now + 500ms;
            const auto change = ladder.look(now, figures, useful);
            if (change) (change->way == Change::Way::Down ? down : up).push_back(change->step);
        }
    }
    /// How long until something is taken back, while nothing is late and there is room.
    Duration until_up() {
        const Timestamp began = now;
        for (const std::size_t before = up.size(); up.size() == before;) pass(500ms, busy(0.1));
        return now - began;
    }
};

}  // namespace

TEST_CASE("Nothing is given up while all is in time, however busy the node") {
    Watch watch;

    watch.pass(10min, busy(1.0));

    CHECK(watch.down.empty());
}

TEST_CASE("A stall of half a second costs nobody anything") {
    Watch watch;

    for (int i = 0; i < 100; ++i) {
        watch.pass(1s, late());
        watch.pass(500ms, busy(0.5));
    }

    CHECK(watch.down.empty());
}

TEST_CASE("Each sign of lateness alone is an overload") {
    LoadFigures figures;
    CHECK_FALSE(OverloadLadder::overloaded(figures));
    figures.ticks_lost = 0.2;
    CHECK(OverloadLadder::overloaded(figures));
    figures = {};
    figures.audio_ticks_lost = 0.08;
    CHECK(OverloadLadder::overloaded(figures));
    figures = {};
    figures.pictures_skipped = 0.2;
    CHECK(OverloadLadder::overloaded(figures));
    figures = {};
    figures.pool_wait_p95 = 100ms;
    CHECK(OverloadLadder::overloaded(figures));
}

TEST_CASE("Overload that lasts is answered step by step, in the ladder's order") {
    Watch watch;

    watch.pass(1500ms, late());
    CHECK(watch.down == std::vector{LoadStep::FrameRate});
    watch.pass(1500ms, late());
    CHECK(watch.down.size() == 1);
    watch.pass(500ms, late());
    CHECK(watch.down.size() == 2);
    watch.pass(30s, late());

    CHECK(watch.down == std::vector{LoadStep::FrameRate, LoadStep::Rungs, LoadStep::Lines480,
                                    LoadStep::Lines360, LoadStep::Refuse});
    CHECK(watch.ladder.taken() == watch.down);
}

TEST_CASE("What would give nothing is left out, and refusing is always left") {
    Watch watch;
    watch.useful = {true, false, false, true, false};

    watch.pass(30s, late());

    CHECK(watch.down == std::vector{LoadStep::FrameRate, LoadStep::Lines360, LoadStep::Refuse});
}

TEST_CASE("When the load falls every step is taken back, the last first, ten seconds each") {
    Watch watch;
    watch.pass(30s, late());

    watch.pass(10s, busy(0.2));
    CHECK(watch.up.empty());
    watch.pass(500ms, busy(0.2));
    CHECK(watch.up == std::vector{LoadStep::Refuse});
    watch.pass(60s, busy(0.2));

    CHECK(watch.up == std::vector{LoadStep::Refuse, LoadStep::Lines360, LoadStep::Lines480,
                                  LoadStep::Rungs, LoadStep::FrameRate});
    CHECK(watch.ladder.taken().empty());
}

TEST_CASE("A step stays while there is no room for what it gives back") {
    Watch watch;
    watch.useful = {true, false, false, false, true};
    watch.pass(1500ms, late());
    REQUIRE(watch.down == std::vector{LoadStep::FrameRate});

    watch.pass(10min, busy(0.6, 0.5));  // twice the pictures would not fit
    CHECK(watch.up.empty());
    watch.pass(11s, busy(0.45, 0.35));

    CHECK(watch.up == std::vector{LoadStep::FrameRate});
}

TEST_CASE("What decoders use is no reason to go without what encoders would use again") {
    Watch watch;
    watch.useful = {true, false, false, false, true};
    watch.pass(1500ms, late());

    watch.pass(11s, busy(0.75, 0.05));

    CHECK(watch.up == std::vector{LoadStep::FrameRate});
}

TEST_CASE("Many who come at once are late for a while and are not refused") {
    Watch watch;
    watch.useful = {false, false, false, false, true};

    watch.pass(5s, late());
    watch.pass(1s, busy(0.9));
    watch.pass(5s, late());
    CHECK(watch.down.empty());
    watch.pass(2s, late());

    CHECK(watch.down == std::vector{LoadStep::Refuse});
}

TEST_CASE("One moment without room begins the ten seconds anew") {
    Watch watch;
    watch.pass(1500ms, late());

    for (int i = 0; i < 20; ++i) {
        watch.pass(9s, busy(0.2));
        watch.pass(500ms, busy(0.8));
    }

    CHECK(watch.up.empty());
}

TEST_CASE("A step that had to be taken again waits twice as long each time, up to a bound") {
    Watch watch;
    watch.pass(1500ms, late());
    Duration before = watch.until_up();

    for (int i = 0; i < 5; ++i) {
        watch.pass(3s, late());
        const Duration waited = watch.until_up();
        CHECK(waited == 2 * (before - 500ms) + 500ms);
        before = waited;
    }
    watch.pass(3s, late());
    CHECK(watch.until_up() == before);
}

TEST_CASE("What held for a minute is no relapse") {
    Watch watch;
    watch.pass(1500ms, late());
    const Duration first = watch.until_up();

    watch.pass(61s, busy(0.2));
    watch.pass(1500ms, late());

    CHECK(watch.until_up() == first);
}
