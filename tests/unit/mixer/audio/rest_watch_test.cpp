#include "mixer/audio/rest_watch.h"

#include <catch2/catch.hpp>
#include <vector>

using mixer::RestWatch;

namespace {

constexpr std::size_t kBytes = 80;

void learn(RestWatch& watch, float dbfs) {
    for (int i = 0; i < RestWatch::kLearnPackets - 1; ++i) {
        CHECK_FALSE(watch.leave_out(dbfs, kBytes));
    }
}

std::vector<std::uint8_t> packet(std::uint8_t value) {
    return std::vector<std::uint8_t>(kBytes, value);
}

}  // namespace

TEST_CASE("Half a second is learnt before a packet is left out") {
    RestWatch watch;

    learn(watch, -60);

    CHECK(watch.leave_out(-60.0F, kBytes));
}

TEST_CASE("Every sixteenth packet is decoded all the same") {
    RestWatch watch;
    learn(watch, -60);

    int decoded = 0;
    for (int i = 0; i < 160; ++i) decoded += watch.leave_out(-60.0F, kBytes) ? 0 : 1;

    CHECK(decoded == 10);
}

TEST_CASE("A louder packet and the ten after it are decoded") {
    RestWatch watch;
    learn(watch, -65);
    CHECK(watch.leave_out(-65.0F, kBytes));

    CHECK_FALSE(watch.leave_out(-59.0F, kBytes));

    int decoded = 0;
    while (!watch.leave_out(-65.0F, kBytes)) ++decoded;
    CHECK(decoded >= 8);
}

TEST_CASE("What might be heard is decoded, however usual") {
    RestWatch watch;

    for (int i = 0; i < 100; ++i) CHECK_FALSE(watch.leave_out(-52.0F, kBytes));
}

TEST_CASE("A packet that does not tell, or is very long, is decoded") {
    RestWatch watch;
    learn(watch, -60);

    CHECK_FALSE(watch.leave_out(std::nullopt, kBytes));
    CHECK_FALSE(watch.leave_out(-60.0F, RestWatch::kKeptBytes + 1));
    CHECK(watch.leave_out(-60.0F, kBytes));
}

TEST_CASE("A decoder catches up with the two packets left out last, in order") {
    RestWatch watch;
    for (std::uint8_t i = 1; i <= 5; ++i) watch.keep(packet(i));
    REQUIRE(watch.resting());

    std::vector<std::uint8_t> given;
    watch.catch_up([&](std::span<const std::uint8_t> payload) {
        CHECK(payload.size() == kBytes);
        given.push_back(payload[0]);
    });

    CHECK(given == std::vector<std::uint8_t>{4, 5});
    CHECK_FALSE(watch.resting());
    watch.catch_up([&](std::span<const std::uint8_t>) { FAIL("twice"); });
}

TEST_CASE("Who was listened to meanwhile is learnt anew") {
    RestWatch watch;
    learn(watch, -60);
    CHECK(watch.leave_out(-60.0F, kBytes));

    watch.stop();

    CHECK_FALSE(watch.leave_out(-60.0F, kBytes));
}
