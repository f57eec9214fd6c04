#include "mcu/rtp/lip_sync.h"

#include <catch2/catch.hpp>

using common::Duration;
using common::Timestamp;
using mcu::LipSync;
using namespace std::chrono_literals;

namespace {

constexpr Duration kTaken = std::chrono::seconds(3'900'000'000);  // since 1900, as in 2023
const Timestamp kNow = Timestamp::from_ns(7'000'000'000);

}  // namespace

TEST_CASE("A picture is shown when the sound of the same moment is heard, or unnoticeably before") {
    LipSync sync;
    sync.follow_sound(kTaken, kNow + 120ms);

    const Timestamp due = sync.due_of(kTaken, kNow + 10ms, kNow);

    CHECK(due == kNow + 120ms - LipSync::kTickWait - LipSync::kLead);
}

TEST_CASE("Without a sender report of sound or pictures nothing is held back") {
    LipSync sync;
    CHECK(sync.due_of(kTaken, kNow + 10ms, kNow) == kNow + 10ms);

    sync.follow_sound(std::nullopt, kNow + 120ms);
    CHECK(sync.due_of(kTaken, kNow + 10ms, kNow) == kNow + 10ms);

    sync.follow_sound(kTaken, kNow + 120ms);
    CHECK(sync.due_of(std::nullopt, kNow + 10ms, kNow) == kNow + 10ms);
}

TEST_CASE("A picture that comes after its sound is shown as soon as it may be") {
    LipSync sync;
    sync.follow_sound(kTaken, kNow - 50ms);

    CHECK(sync.due_of(kTaken, kNow + 10ms, kNow) == kNow + 10ms);
}

TEST_CASE("Clocks that have nothing to do with each other hold nothing back") {
    LipSync sync;
    sync.follow_sound(kTaken - 3600s, kNow);

    CHECK(sync.due_of(kTaken, kNow + 10ms, kNow) == kNow + 10ms);
}

TEST_CASE("The jitter of reports moves no picture, a longer delay of sound does") {
    LipSync sync;
    sync.follow_sound(kTaken, kNow + 100ms);
    const Timestamp before = sync.due_of(kTaken, kNow, kNow);

    sync.follow_sound(kTaken, kNow + 104ms);
    CHECK(sync.due_of(kTaken, kNow, kNow) == before);

    sync.follow_sound(kTaken, kNow + 120ms);
    CHECK(sync.due_of(kTaken, kNow, kNow) == before + 20ms);
}

TEST_CASE("Another stream begins without what was known") {
    LipSync sync;
    sync.follow_sound(kTaken, kNow + 100ms);

    sync.reset();

    CHECK(sync.due_of(kTaken, kNow + 10ms, kNow) == kNow + 10ms);
}
