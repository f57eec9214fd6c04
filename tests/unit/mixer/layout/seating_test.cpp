#include "mixer/layout/seating.h"

#include <catch2/catch.hpp>

#include "tests/unit/mixer/layout/room.h"

using mixer::LayoutBook;
using mixer::LayoutPlan;
using mixer::SelfView;

namespace {

LayoutPlan next_plan(const Room& room, const LayoutPlan& previous, std::string layout,
                     char viewer = ' ') {
    auto request = room.request(std::move(layout), viewer);
    request.previous = &previous;
    return LayoutBook::built_in().resolve(request);
}

LayoutPlan first_plan(const Room& room, std::string layout) {
    return LayoutBook::built_in().resolve(room.request(std::move(layout)));
}

LayoutBook grid_of(int most) {
    return LayoutBook::parse("family = 'grid'\nmost = " + std::to_string(most), "few.toml").value();
}

}  // namespace

TEST_CASE("Those shown first are the pinned, then recent speakers, then the first to arrive") {
    Room room("ABCDEF");
    room.spoke_last("FE");
    room.pin("DX");

    std::string order;
    for (const auto* person : mixer::by_importance(room.request("grid"), Room::source_of('E'))) {
        order += person->name;
    }

    CHECK(order == "DFABC");
}

TEST_CASE("With more people than tiles, a grid shows the most important ones") {
    Room room("ABCDEF");
    room.spoke_last("F");
    room.pin("E");

    CHECK(seats(grid_of(3).resolve(room.request("few"))) == "AEF");
}

TEST_CASE("In a grid nobody moves when somebody speaks") {
    Room room("ABCD");
    const auto before = first_plan(room, "grid");

    room.spoke_last("DB");

    CHECK(seats(next_plan(room, before, "grid")) == "ABCD");
}

TEST_CASE("When somebody leaves a grid, only the one in the last seat moves") {
    Room room("ABCDE");
    const auto before = first_plan(room, "grid");

    room.leave('B');

    CHECK(seats(next_plan(room, before, "grid")) == "AECD");
}

TEST_CASE("A newcomer takes the free seat at the end") {
    Room room("ABCDE");
    const auto full = first_plan(room, "grid");
    room.leave('B');
    const auto before = next_plan(room, full, "grid");

    room.arrive('F');

    CHECK(seats(next_plan(room, before, "grid")) == "AECDF");
}

TEST_CASE("A new speaker swaps with the one in the big tile and the rest stay") {
    Room room("ABCDEF");
    room.spoke_last("A");
    const auto before = first_plan(room, "1+5");
    REQUIRE(seats(before) == "ABCDEF");

    room.spoke_last("DA");

    CHECK(seats(next_plan(room, before, "1+5")) == "DBCAEF");
}

TEST_CASE("A speaker who was not seen takes the place of the least important one") {
    Room room("ABCDEFGH");
    room.spoke_last("A");
    const auto before = first_plan(room, "1+5");
    REQUIRE(seats(before) == "ABCDEF");

    room.spoke_last("HA");

    CHECK(seats(next_plan(room, before, "1+5")) == "HBCDEA");
}

TEST_CASE("Another layout keeps people in the order they were seen") {
    Room room("ABCDEF");
    room.spoke_last("D");
    const auto before = first_plan(room, "1+5");
    REQUIRE(seats(before) == "DABCEF");

    CHECK(seats(next_plan(room, before, "grid")) == "DABCEF");
}

TEST_CASE("A pinned person has the big tile whoever speaks") {
    Room room("ABC");
    room.pin("B");
    room.spoke_last("CA");

    CHECK(seats(first_plan(room, "speaker")) == "B");
}

TEST_CASE("A layout of one keeps whom it shows while others speak, and follows a pin") {
    Room room("ABC");
    room.spoke_last("CB");
    const auto before = first_plan(room, "one");
    REQUIRE(seats(before) == "A");

    room.spoke_last("BC");
    CHECK(seats(next_plan(room, before, "one")) == "A");
    room.pin("C");
    CHECK(seats(next_plan(room, before, "one")) == "C");
}

TEST_CASE("Where not all have a tile, those with a picture come before those without") {
    Room room("ABCDE");
    for (const char letter : {'B', 'D'}) room.person(letter).has_video = true;
    room.spoke_last("E");

    CHECK(seats(grid_of(3).resolve(room.request("few"))) == "BDE");
}

TEST_CASE("A tile of the second rank of a role stays empty where there is one of them") {
    const auto book = LayoutBook::parse(R"(
[canvas]
grid = [3, 1]
[[tile]]
rect = [0, 0, 1, 1]
shows = "role"
role = "host"
[[tile]]
rect = [1, 0, 1, 1]
shows = "role"
role = "host"
rank = 2
[[tile]]
rect = [2, 0, 1, 1]
shows = "speaker"
)",
                                        "hosts.toml")
                          .value();
    Room room("ABCD");
    room.spoke_last("CD");
    room.person('C').roles = {"host"};

    CHECK(seats(book.resolve(room.request("hosts"))) == "C.D");
    room.person('A').roles = {"host"};
    CHECK(seats(book.resolve(room.request("hosts"))) == "CAD");
}

TEST_CASE("Who does not want to see themselves sees the previous speaker while speaking") {
    Room room("ABCDEF");
    room.spoke_last("CB");
    auto of_speaker = room.request("1+5", 'C');
    auto of_other = room.request("1+5", 'D');
    of_speaker.self_view = SelfView::Hide;
    of_other.self_view = SelfView::Hide;

    CHECK(seats(LayoutBook::built_in().resolve(of_speaker)) == "BADEF");
    CHECK(seats(LayoutBook::built_in().resolve(of_other)) == "CABEF");
}

TEST_CASE("A self tile shows the viewer, and nobody else sits there") {
    const auto book = LayoutBook::parse(R"(
[canvas]
grid = [4, 4]
[[tile]]
rect = [0, 0, 4, 4]
shows = "speaker"
[[tile]]
rect = [3, 3, 1, 1]
shows = "self"
z = 1
)",
                                        "pip.toml")
                          .value();
    Room room("ABC");
    room.spoke_last("BC");
    auto hidden = room.request("pip", 'B');
    hidden.self_view = SelfView::Hide;

    CHECK(seats(book.resolve(room.request("pip", 'A'))) == "BA");
    CHECK(seats(book.resolve(room.request("pip", 'B'))) == "CB");
    CHECK(seats(book.resolve(hidden)) == "C.");
    CHECK(seats(book.resolve(room.request("pip"))) == "B.");
}
