#include "mcu/bridge/inbound_limit.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using common::Bitrate;
using mcu::InboundLimit;

namespace {

constexpr auto kStart = common::Timestamp::from_ns(1'000'000'000'000);
const std::vector<mixer::Rung> kRungs = mixer::default_rungs();

std::int64_t kbps(std::optional<Bitrate> rate) {
    return rate ? rate->bps() / 1000 : 0;
}

mixer::SceneTile tile(int width, int height, mixer::Fit fit) {
    mixer::SceneTile made;
    made.rect = {.x = 0, .y = 0, .width = width, .height = height};
    made.fit = fit;
    return made;
}

}  // namespace

TEST_CASE(
    "A tile that is filled needs the lines of its longer side, one with bars of its shorter") {
    CHECK(mcu::lines_shown(tile(320, 180, mixer::Fit::Crop)) == 180);
    CHECK(mcu::lines_shown(tile(320, 120, mixer::Fit::Crop)) == 180);
    CHECK(mcu::lines_shown(tile(160, 180, mixer::Fit::Crop)) == 180);
    CHECK(mcu::lines_shown(tile(320, 120, mixer::Fit::Letterbox)) == 120);
    CHECK(mcu::lines_shown(tile(160, 180, mixer::Fit::Letterbox)) == 90);
}

TEST_CASE("A source is asked for the rung that has the lines it is shown with, and room above") {
    CHECK(kbps(mcu::inbound_rate(kRungs, 0)) == 128);
    CHECK(kbps(mcu::inbound_rate(kRungs, 90)) == 128);
    CHECK(kbps(mcu::inbound_rate(kRungs, 180)) == 128);
    CHECK(kbps(mcu::inbound_rate(kRungs, 181)) == 255);
    CHECK(kbps(mcu::inbound_rate(kRungs, 241)) == 525);
    CHECK(kbps(mcu::inbound_rate(kRungs, 360)) == 525);
    CHECK(kbps(mcu::inbound_rate(kRungs, 480)) == 900);
    CHECK(kbps(mcu::inbound_rate(kRungs, 720)) == 1500);
    CHECK(kbps(mcu::inbound_rate(kRungs, 1080)) == 3750);
    CHECK(kbps(mcu::inbound_rate(kRungs, 2000)) == 3750);
}

TEST_CASE("Nothing is asked of a source that was never small") {
    InboundLimit limit(kRungs);

    for (auto at = kStart; at < kStart + 20s; at += 1s) CHECK_FALSE(limit.follow(1080, at));
}

TEST_CASE("A source that has been small for some seconds is asked for less") {
    InboundLimit limit(kRungs);

    CHECK_FALSE(limit.follow(180, kStart));
    CHECK_FALSE(limit.follow(180, kStart + 4s));
    CHECK(kbps(limit.follow(180, kStart + 5s)) == 128);
}

TEST_CASE("Whoever becomes large may send more at once, and keeps it for some seconds") {
    InboundLimit limit(kRungs);
    limit.follow(180, kStart);
    limit.follow(180, kStart + 5s);

    CHECK(kbps(limit.follow(720, kStart + 6s)) == 1500);
    CHECK(kbps(limit.follow(180, kStart + 7s)) == 1500);
    CHECK(kbps(limit.follow(180, kStart + 11s)) == 1500);
    CHECK(kbps(limit.follow(180, kStart + 12s)) == 128);
}

TEST_CASE("What a source needed meanwhile counts: the limit falls to that and no further") {
    InboundLimit limit(kRungs);
    limit.follow(180, kStart);

    limit.follow(360, kStart + 2s);

    CHECK(kbps(limit.follow(180, kStart + 5s)) == 525);
    CHECK(kbps(limit.follow(180, kStart + 6s)) == 525);
    CHECK(kbps(limit.follow(180, kStart + 11s)) == 128);
}

TEST_CASE("A word now and then keeps the limit where the large tile needs it") {
    InboundLimit limit(kRungs);
    limit.follow(180, kStart);
    limit.follow(180, kStart + 5s);

    for (auto at = kStart + 6s; at < kStart + 60s; at += 4s) {
        CHECK(kbps(limit.follow(720, at)) == 1500);
        CHECK(kbps(limit.follow(180, at + 1s)) == 1500);
        CHECK(kbps(limit.follow(180, at + 3s)) == 1500);
    }
}
