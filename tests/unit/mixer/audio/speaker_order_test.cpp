#include "mixer/audio/speaker_order.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/allocation_counter.h"

using common::SourceId;
using Ids = std::vector<SourceId>;

namespace {

/// Four people; a run names those who speak.
class Room {
  public:
    bool run(std::initializer_list<std::uint64_t> talkers, common::Duration length) {
        bool changed = false;
        for (common::Duration t{}; t < length; t += mixer::kAudioTick) {
            for (auto& level : levels) {
                level.voice =
                    std::find(talkers.begin(), talkers.end(), level.source.value) != talkers.end();
            }
            changed = order.update(now += mixer::kAudioTick, levels) || changed;
        }
        return changed;
    }
    Ids ranked() const { return {order.ranked().begin(), order.ranked().end()}; }
    Ids speaking() const { return {order.speaking_now().begin(), order.speaking_now().end()}; }

    std::vector<mixer::VoiceLevel> levels{
        {.source = {1}}, {.source = {2}}, {.source = {3}}, {.source = {4}}};
    mixer::SpeakerOrder order;
    common::Timestamp now = common::Timestamp::from_ns(1'000'000'000);
};

using namespace std::chrono_literals;

}  // namespace

TEST_CASE("The first to speak is the speaker at once") {
    Room room;
    CHECK_FALSE(room.run({}, 1s));

    CHECK(room.run({2}, 20ms));

    CHECK(room.ranked() == Ids{{2}});
}

TEST_CASE("A cough moves nobody, two seconds of speech do") {
    Room room;
    room.run({1}, 3s);

    room.run({2}, 500ms);
    room.run({}, 3s);
    CHECK(room.ranked() == Ids{{1}});
    room.run({2}, 2100ms);
    CHECK(room.ranked() == Ids{{2}, {1}});
}

TEST_CASE("A pause between words does not start the two seconds anew") {
    Room room;
    room.run({1}, 1s);

    for (int word = 0; word < 5; ++word) {
        room.run({2}, 440ms);
        room.run({}, 300ms);
    }

    CHECK(room.ranked() == Ids{{2}, {1}});
}

TEST_CASE(
    "Whoever breaks in becomes the speaker after two seconds, and the two do not take turns") {
    Room room;
    room.run({1}, 3s);

    room.run({1, 3}, 2100ms);
    CHECK(room.ranked() == Ids{{3}, {1}});
    CHECK_FALSE(room.run({1, 3}, 30s));
    CHECK(room.ranked() == Ids{{3}, {1}});
}

TEST_CASE("Who was broken in upon and speaks on is the speaker again when the other is silent") {
    Room room;
    room.run({1}, 3s);
    room.run({1, 3}, 4s);
    REQUIRE(room.ranked() == Ids{{3}, {1}});

    room.run({1}, 3500ms);

    CHECK(room.ranked() == Ids{{1}, {3}});
}

TEST_CASE("The order is that of the latest speeches") {
    Room room;
    for (const std::uint64_t talker : {1, 2, 3, 1, 4}) {
        room.run({talker}, 3s);
        room.run({}, 1100ms);
    }

    CHECK(room.ranked() == Ids{{4}, {1}, {3}, {2}});
}

TEST_CASE("The border comes after 0.3 s of voice and stays for 1 s") {
    Room room;
    room.run({1}, 280ms);
    CHECK(room.speaking().empty());
    CHECK(room.run({1}, 40ms));
    CHECK(room.speaking() == Ids{{1}});

    room.run({}, 900ms);
    CHECK(room.speaking() == Ids{{1}});
    CHECK(room.run({}, 200ms));
    CHECK(room.speaking().empty());
}

TEST_CASE("Who leaves is forgotten") {
    Room room;
    room.run({1}, 3s);
    room.run({2}, 3s);

    room.levels.erase(room.levels.begin() + 1);

    CHECK(room.run({}, 20ms));
    CHECK(room.ranked() == Ids{{1}});
    CHECK(room.speaking().empty());
}

TEST_CASE("Ranking allocates nothing once all have been seen") {
    Room room;
    room.run({}, 20ms);

    tests::AllocationCounter counter;
    for (const std::uint64_t talker : {1, 2, 3, 4}) room.run({talker}, 3s);
    CHECK(counter.count() == 0);
    CHECK(room.order.ranked().size() == 4);
}
