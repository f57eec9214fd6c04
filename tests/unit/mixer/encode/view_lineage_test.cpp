#include "mixer/encode/view_lineage.h"

#include <catch2/catch.hpp>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/fake_clock.h"

using namespace std::chrono_literals;
using mixer::LineageChange;
using mixer::ViewerId;
using mixer::ViewerPlan;
using mixer::ViewId;
using mixer::ViewLineage;

namespace {

class CountingOpener final : public mixer::ViewOpener {
  public:
    ViewId open_view() override { return ViewId{++opened}; }
    std::uint64_t opened = 0;
};

mixer::PictureKey picture(const std::string& name) {
    mixer::PictureKey key;
    key.layout = name;
    return key;
}

std::vector<ViewerPlan> plans(std::initializer_list<const char*> names) {
    std::vector<ViewerPlan> result;
    std::uint64_t viewer = 0;
    for (const char* name : names) result.push_back({ViewerId{++viewer}, picture(name)});
    return result;
}

struct Room {
    tests::FakeClock clock;
    CountingOpener opener;
    ViewLineage lineage{opener};
    LineageChange see(std::initializer_list<const char*> names) {
        return lineage.update(clock.now(), plans(names));
    }
    [[nodiscard]] ViewId of(std::uint64_t viewer) const {
        return lineage.view_of(ViewerId{viewer});
    }
};

}  // namespace

TEST_CASE("Viewers with equal plans share a View") {
    Room room;

    const LineageChange change = room.see({"a", "a", "b"});

    CHECK(room.opener.opened == 2);
    CHECK(room.of(1) == room.of(2));
    CHECK(room.of(1) != room.of(3));
    REQUIRE(change.moves.size() == 3);
    CHECK_FALSE(change.moves[0].from.valid());
    REQUIRE(change.draws.size() == 2);
    CHECK(change.draws[0].key == picture("a"));
}

TEST_CASE("A plan that changes for all is drawn in the same View, and nobody moves") {
    Room room;
    (void)room.see({"a", "a", "a"});

    const LineageChange change = room.see({"b", "b", "b"});

    CHECK(room.opener.opened == 1);
    CHECK(change.moves.empty());
    REQUIRE(change.draws.size() == 1);
    CHECK(change.draws[0].view == room.of(1));
    CHECK(change.draws[0].key == picture("b"));
}

TEST_CASE("A View follows the majority of its viewers") {
    Room room;
    (void)room.see({"a", "a", "a"});
    const ViewId first = room.of(1);

    const LineageChange change = room.see({"c", "b", "b"});

    CHECK(room.of(2) == first);
    CHECK(room.of(3) == first);
    REQUIRE(change.moves.size() == 1);
    CHECK(change.moves[0].viewer == ViewerId{1});
    CHECK(change.moves[0].from == first);
}

TEST_CASE("When a View splits in equal halves the half that sees the old picture keeps it") {
    Room room;
    (void)room.see({"a", "a"});

    const LineageChange change = room.see({"b", "a"});

    REQUIRE(change.moves.size() == 1);
    CHECK(change.moves[0].viewer == ViewerId{1});
}

TEST_CASE("An update that changes nothing says nothing") {
    Room room;
    (void)room.see({"a", "b"});

    const LineageChange change = room.see({"a", "b"});

    CHECK(change.moves.empty());
    CHECK(change.draws.empty());
    CHECK(change.closed.empty());
}

TEST_CASE("Views that stay equal for 2 s merge into the larger one") {
    Room room;
    (void)room.see({"a", "b", "b"});
    const ViewId small = room.of(1);
    const ViewId large = room.of(2);

    const LineageChange equal = room.see({"c", "c", "c"});
    room.clock.advance(1999ms);
    const LineageChange before = room.see({"d", "d", "d"});
    room.clock.advance(1ms);
    const LineageChange after = room.see({"d", "d", "d"});

    CHECK(equal.moves.empty());
    CHECK(before.moves.empty());
    REQUIRE(after.moves.size() == 1);
    CHECK(after.moves[0].from == small);
    CHECK(after.moves[0].to == large);
    REQUIRE(after.closed.size() == 1);
    CHECK(after.closed[0] == small);
    CHECK(room.lineage.view_count() == 1);
}

TEST_CASE("Views that part again before 2 s are not merged, and the time starts anew") {
    Room room;
    (void)room.see({"a", "b", "b"});
    (void)room.see({"c", "c", "c"});
    room.clock.advance(1500ms);
    (void)room.see({"a", "c", "c"});
    (void)room.see({"c", "c", "c"});
    room.clock.advance(1500ms);

    const LineageChange change = room.see({"c", "c", "c"});

    CHECK(change.moves.empty());
    CHECK(room.lineage.view_count() == 2);
}

TEST_CASE("A new picture takes over a View that only repeats another, before one is opened") {
    Room room;
    (void)room.see({"self", "all", "all", "all"});
    const ViewId small = room.of(1);
    const ViewId large = room.of(2);

    const LineageChange change = room.see({"all", "other self", "all", "all"});

    CHECK(room.opener.opened == 2);
    CHECK(room.of(1) == large);
    CHECK(room.of(2) == small);
    CHECK(room.of(3) == large);
    CHECK(change.moves.size() == 2);
    CHECK(change.closed.empty());
}

TEST_CASE("A View whose viewers all left is closed") {
    Room room;
    (void)room.see({"a", "b"});
    const ViewId second = room.of(2);

    const LineageChange change = room.see({"a"});

    REQUIRE(change.closed.size() == 1);
    CHECK(change.closed[0] == second);
    CHECK_FALSE(room.of(2).valid());
}

TEST_CASE("A newcomer joins the largest View of those that are equal") {
    Room room;
    (void)room.see({"a", "b", "b"});
    (void)room.see({"c", "c", "c"});

    const LineageChange change = room.see({"c", "c", "c", "c"});

    REQUIRE(change.moves.size() == 1);
    CHECK(change.moves[0].to == room.of(2));
}

TEST_CASE("Whatever plans come, every viewer is in a View that draws their plan") {
    Room room;
    std::map<ViewId, mixer::PictureKey> drawn;
    std::uint32_t seed = 7;
    const auto random = [&seed](std::uint32_t below) {
        return (seed = seed * 1664525 + 1013904223) / 65536 % below;
    };

    for (int step = 0; step < 2000; ++step) {
        std::vector<ViewerPlan> wanted;
        for (std::uint64_t viewer = 1; viewer <= 9; ++viewer) {
            if (random(5) != 0)
                wanted.push_back(
                    {ViewerId{viewer}, picture(std::string(1, char('a' + random(4))))});
        }
        const LineageChange change = room.lineage.update(room.clock.now(), wanted);
        for (const auto& draw : change.draws) drawn[draw.view] = draw.key;
        for (const ViewId closed : change.closed) drawn.erase(closed);
        room.clock.advance(std::chrono::milliseconds(random(3000)));

        std::set<ViewId> used;
        for (const ViewerPlan& plan : wanted) {
            REQUIRE(drawn.at(room.lineage.view_of(plan.viewer)) == plan.key);
            used.insert(room.lineage.view_of(plan.viewer));
        }
        REQUIRE(used.size() == room.lineage.view_count());
    }
}
