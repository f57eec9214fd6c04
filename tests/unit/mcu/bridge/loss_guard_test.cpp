#include "mcu/bridge/loss_guard.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace std::chrono_literals;
using mcu::Copies;
using mcu::LossGuard;
using mcu::path_loss;
using mcu::PictureRepeats;
using mcu::ReportedLoss;

namespace {

/// A viewer that gets 60 packets a second, and a report every 5 s, of a path with this loss.
struct Viewer {
    LossGuard guard;
    Copies copies = Copies::Counted;
    double loss = 0, sound_loss = 0;
    common::Timestamp now = common::Timestamp::from_ns(1'000'000'000'000);
    ReportedLoss report;
    double lost = 0;
    std::uint32_t highest = 65'000;

    void pass(common::Duration time) {
        for (const auto end = now + time; now < end; now += 1s) {
            const double repeated = guard.repeats().others > 0 ? 60 : 0;
            highest += 60;
            report.packets_sent += 60;
            report.packets_repeated += static_cast<std::uint64_t>(repeated);
            if (copies == Copies::Counted) {
                lost += 60 * loss - repeated * (1 - loss);
            } else {
                lost += repeated > 0 ? 60 * loss * loss : 60 * loss;
            }
            if (now.ns() / 1'000'000'000 % 5 == 0) {
                report.at = now;
                report.highest_sequence = highest;
                report.cumulative_lost = static_cast<std::int32_t>(std::lround(lost));
            }
            guard.follow(report, sound_loss, now);
        }
    }
    [[nodiscard]] bool repeats() const { return guard.repeats().others > 0; }
};

}  // namespace

TEST_CASE("The path's loss is found from reports whatever the receiver counts") {
    for (const double p : {0.0, 0.01, 0.05, 0.2}) {
        for (const double c : {0.0, 0.3, 1.0}) {
            CHECK(path_loss(p - c * (1 - p), c, Copies::Counted) == Approx(p).margin(0.001));
            CHECK(path_loss((1 - c) * p + c * p * p, c, Copies::Dropped) ==
                  Approx(p).margin(0.001));
        }
    }
}

TEST_CASE("At 5 % everything is sent twice from the first whole report on, of half the bitrate") {
    Viewer viewer;
    viewer.pass(6s);
    CHECK_FALSE(viewer.repeats());
    CHECK(viewer.guard.divisor() == 1);

    viewer.loss = 0.05;
    viewer.pass(6s);

    CHECK(viewer.repeats());
    CHECK(viewer.guard.divisor() > 1);
    CHECK(viewer.guard.repeats().key == 1);
}

TEST_CASE("Copies make the reports good, and are sent on while the path loses") {
    const Copies copies = GENERATE(Copies::Counted, Copies::Dropped);
    Viewer viewer;
    viewer.copies = copies;
    viewer.loss = 0.05;
    viewer.pass(15s);
    REQUIRE(viewer.repeats());

    for (int i = 0; i < 30; ++i) {
        viewer.pass(10s);
        CHECK(viewer.repeats());
    }
    CHECK(viewer.guard.loss() == Approx(0.05).margin(0.02));
}

TEST_CASE("Little loss changes nothing but key pictures, which are sent twice") {
    Viewer viewer;
    viewer.loss = 0.015;

    viewer.pass(60s);

    CHECK(viewer.guard.divisor() == 1);
    CHECK(viewer.guard.repeats() == PictureRepeats{.others = 0, .key = 1});
}

TEST_CASE("A path that goes on losing much gets half of that again, ten seconds later") {
    Viewer viewer;
    viewer.loss = 0.05;
    viewer.pass(60s);
    CHECK(viewer.guard.divisor() == 2);

    viewer.loss = 0.12;
    viewer.pass(20s);
    CHECK(viewer.guard.divisor() == 4);

    viewer.loss = 0.05;
    viewer.pass(60s);
    CHECK(viewer.guard.divisor() == 4);
    viewer.loss = 0;
    viewer.pass(60s);
    CHECK(viewer.guard.divisor() == 2);
    viewer.pass(30s);
    CHECK(viewer.guard.divisor() == 1);
}

TEST_CASE("A path that is full whenever the picture has grown is tried later each time") {
    Viewer viewer;
    int grown = 0, before = 1;
    for (int second = 0; second < 1200; ++second) {
        viewer.loss = viewer.guard.divisor() == 1 ? 0.1 : 0;
        viewer.pass(1s);
        if (viewer.guard.divisor() == 1 && before > 1) ++grown;
        before = viewer.guard.divisor();
    }

    CHECK(grown >= 3);
    CHECK(grown <= 7);  // sixteen times in twenty minutes without a memory
}

TEST_CASE("High loss sends key pictures three times; a full path gets a smaller picture, once") {
    Viewer viewer;
    viewer.loss = 0.1;
    viewer.pass(20s);
    CHECK(viewer.guard.repeats() == PictureRepeats{.others = 1, .key = 2});

    viewer.loss = 0.4;
    viewer.pass(20s);
    CHECK(viewer.guard.repeats() == PictureRepeats{});
    CHECK(viewer.guard.divisor() > 1);
}

TEST_CASE("When the loss is gone copies stop after a while, and then the picture grows again") {
    const Copies copies = GENERATE(Copies::Counted, Copies::Dropped);
    Viewer viewer;
    viewer.copies = copies;
    viewer.loss = 0.05;
    viewer.pass(20s);
    viewer.loss = 0;

    viewer.pass(30s);
    CHECK(viewer.repeats());
    viewer.pass(30s);
    CHECK_FALSE(viewer.repeats());
    viewer.pass(15s);
    CHECK(viewer.guard.divisor() == 1);
    viewer.pass(60s);
    CHECK(viewer.guard.divisor() == 1);
}

TEST_CASE("While the sound still loses, copies go on though no picture shows a loss") {
    Viewer viewer;
    viewer.copies = Copies::Dropped;
    viewer.loss = 0.05;
    viewer.pass(20s);

    viewer.loss = 0;
    viewer.sound_loss = 0.02;
    viewer.pass(120s);

    CHECK(viewer.repeats());
}

TEST_CASE("A receiver that hides what copies repair is tried again later each time") {
    Viewer viewer;
    viewer.copies = Copies::Dropped;
    viewer.loss = 0.05;  // both lost: one packet in 400, which these reports round away
    int tries = 0;
    bool repeated = false;
    for (int second = 0; second < 600; ++second) {
        viewer.pass(1s);
        if (viewer.guard.bad_reports() == 0) continue;
        viewer.lost = std::floor(viewer.lost);
        if (repeated && !viewer.repeats()) ++tries;
        repeated = viewer.repeats();
    }

    CHECK(viewer.guard.divisor() > 1);
    CHECK(tries <= 5);
}

TEST_CASE("Reports of another stream, or of hardly a packet, are not taken for loss") {
    Viewer viewer;
    viewer.pass(10s);

    viewer.report.at = viewer.now;
    viewer.report.highest_sequence = 5;
    viewer.report.cumulative_lost = 1'000'000;
    viewer.guard.follow(viewer.report, 0, viewer.now);
    viewer.report.at = viewer.now + 1s;
    viewer.report.highest_sequence = 15;
    viewer.report.cumulative_lost += 10;
    viewer.guard.follow(viewer.report, 0, viewer.now + 1s);

    CHECK(viewer.guard.loss() == 0);
    CHECK(viewer.guard.bad_reports() == 0);
}

TEST_CASE("Reports with packets that never came are counted, so that a start can be given") {
    Viewer viewer;
    viewer.loss = 0.01;
    viewer.pass(12s);
    CHECK(viewer.guard.bad_reports() >= 1);

    const std::uint64_t before = viewer.guard.bad_reports();
    viewer.loss = 0;
    viewer.pass(5s);
    const std::uint64_t last = viewer.guard.bad_reports();
    viewer.pass(20s);
    CHECK(last - before <= 1);
    CHECK(viewer.guard.bad_reports() == last);
}
