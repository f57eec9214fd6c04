#include "mcu/bridge/picture_watch.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/fake_clock.h"

using mcu::MediaEvent;
using mcu::PictureWatch;

namespace {

struct Fixture {
    /// Looks once a second; the picture runs at 30 a second where `runs`.
    std::vector<MediaEvent> watch(int seconds, bool runs, bool shown) {
        std::vector<MediaEvent> events;
        for (int i = 0; i < seconds; ++i) {
            clock.advance(std::chrono::seconds(1));
            if (runs) decoded += 30;
            const auto event = pictures.check(clock.now(), {decoded, true, shown});
            if (event) events.push_back(*event);
        }
        return events;
    }
    tests::FakeClock clock;
    PictureWatch pictures;
    std::uint64_t decoded = 0;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A picture that stops is told as frozen once, and as back once") {
    CHECK(watch(5, true, true).empty());
    CHECK(pictures.frames_per_second() == Approx(30));

    CHECK(watch(10, false, true) == std::vector{MediaEvent::Frozen});
    CHECK(watch(5, true, true) == std::vector{MediaEvent::Resumed});
}

TEST_CASE_METHOD(Fixture, "A picture that nobody sees is not decoded, and not frozen for that") {
    watch(5, true, true);

    CHECK(watch(60, false, false).empty());
    CHECK(watch(2, false, true).empty());  // seen again: its key frame is on the way
    CHECK(watch(5, true, true).empty());
}

TEST_CASE_METHOD(Fixture, "Hiding a frozen picture does not make it come back") {
    watch(5, true, true);
    watch(5, false, true);

    CHECK(watch(5, false, false).empty());
    CHECK(watch(10, false, true).empty());
    CHECK(watch(2, true, true) == std::vector{MediaEvent::Resumed});
}

TEST_CASE_METHOD(Fixture, "Before the first picture nothing is frozen") {
    CHECK(watch(10, false, true).empty());
}
