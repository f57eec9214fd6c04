#include "mcu/metrics/room_totals.h"

#include <catch2/catch.hpp>

using mcu::ConferenceSample;
using mcu::RoomTotals;

namespace {

/// One meeting in "demo", of people with one stream each, who received and froze so often.
struct Person {
    std::string name;
    std::uint64_t received = 0, freezes = 0;
};

ConferenceSample meeting(const std::vector<Person>& people, const std::string& room = "demo") {
    ConferenceSample sample{room, {}};
    for (const Person& person : people) {
        mcu::SessionStatistics session;
        session.session = person.name;
        mcu::StreamCounters stream;
        stream.mid = "1";
        stream.packets_received = person.received;
        stream.freezes = person.freezes;
        session.streams.push_back(stream);
        sample.statistics.sessions.push_back(session);
    }
    return sample;
}

}  // namespace

TEST_CASE("Sums grow with what streams count, and keep what those counted who left") {
    RoomTotals totals;

    totals.look({meeting({{"anna", 100, 1}, {"boris", 50, 0}})});
    CHECK(totals.of("demo").received == 150);
    totals.look({meeting({{"anna", 130, 2}})});
    CHECK(totals.of("demo").received == 180);
    CHECK(totals.of("demo").freezes == 2);
    totals.look({meeting({{"anna", 130, 2}, {"carla", 5, 0}})});
    CHECK(totals.of("demo").received == 185);
}

TEST_CASE("A stream that is made anew adds what it counts from then on, and takes nothing away") {
    RoomTotals totals;
    totals.look({meeting({{"anna", 100, 3}})});

    totals.look({meeting({{"anna", 7, 0}})});

    CHECK(totals.of("demo").received == 107);
    CHECK(totals.of("demo").freezes == 3);
}

TEST_CASE("A room's next meeting begins at nothing, and other rooms are nobody's business") {
    RoomTotals totals;
    totals.look({meeting({{"anna", 100, 0}}), meeting({{"boris", 9, 0}}, "board")});

    totals.look({meeting({{"boris", 10, 0}}, "board")});

    CHECK(totals.of("demo").received == 0);
    CHECK(totals.of("board").received == 10);
    CHECK(totals.of("nowhere").received == 0);
    totals.look({meeting({{"dora", 4, 0}})});
    CHECK(totals.of("demo").received == 4);
}

TEST_CASE("Two meetings of one room, one of which is ending, count once each") {
    RoomTotals totals;
    totals.look({meeting({{"anna", 100, 0}})});

    totals.look({meeting({{"anna", 110, 0}}), meeting({{"boris", 5, 0}})});

    CHECK(totals.of("demo").received == 115);
    totals.look({meeting({{"anna", 111, 0}}), meeting({{"boris", 6, 0}})});
    CHECK(totals.of("demo").received == 117);
}
