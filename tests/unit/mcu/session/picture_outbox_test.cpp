#include "mcu/session/picture_outbox.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/unit/mcu/session/session_fixture.h"

using mcu::NetThread;
using mcu::PictureOutbox;
using tests::make_picture;

namespace {
struct Fixture {
    void put(bool key) { box.on_picture(make_picture(key, {100}, clock.now())); }
    int take_all() {
        int count = 0;
        while (box.take()) ++count;
        return count;
    }
    tests::FakeClock clock;
    NetThread net{"net", clock, NetThread::Runs::WhenTold};
    mcu::Wakeup wakeup{net, [] {}};
    PictureOutbox box{wakeup};
};
}  // namespace

TEST_CASE("Pictures come out as they went in") {
    Fixture f;
    const auto picture = make_picture(true, {100}, f.clock.now());

    f.box.on_picture(picture);

    CHECK(f.box.take() == picture);
    CHECK_FALSE(f.box.take_overflow());
    CHECK(f.box.dropped() == 0);
}

TEST_CASE("After an overflow nothing is let in before the next key picture") {
    Fixture f;
    f.put(true);
    for (int i = 0; i < 4; ++i) f.put(false);

    CHECK(f.box.take_overflow());
    CHECK_FALSE(f.box.take_overflow());
    CHECK(f.take_all() == 4);
    f.put(false);
    CHECK(f.take_all() == 0);
    CHECK(f.box.dropped() == 2);
    f.put(true);
    f.put(false);

    CHECK(f.take_all() == 2);
    CHECK_FALSE(f.box.take_overflow());
}

TEST_CASE("A key picture that finds no room is an overflow again") {
    Fixture f;
    for (int i = 0; i < 5; ++i) f.put(i == 0);
    CHECK(f.box.take_overflow());

    f.put(true);

    CHECK(f.box.take_overflow());
    CHECK(f.take_all() == 4);
}
