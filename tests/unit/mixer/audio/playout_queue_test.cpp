#include "mixer/audio/playout_queue.h"

#include <catch2/catch.hpp>
#include <vector>

using mixer::PacketSlot;
using mixer::PlayoutQueue;
using Verdict = PlayoutQueue::Verdict;

namespace {

/// A queue, and slots enough to fill it.
struct Rig {
    std::vector<PacketSlot> slots{128};
    std::size_t used = 0;
    std::vector<std::uint16_t> displaced;
    PlayoutQueue queue;

    Verdict insert(unsigned sequence) {
        PacketSlot& slot = slots[used++ % slots.size()];
        slot.sequence = static_cast<std::uint16_t>(sequence);
        return queue.insert(slot, 960, [&](PacketSlot& old) { displaced.push_back(old.sequence); });
    }
    std::vector<std::uint16_t> pop_all() {
        std::vector<std::uint16_t> order;
        while (!queue.empty()) order.push_back(queue.pop().slot->sequence);
        return order;
    }
};

}  // namespace

TEST_CASE("PlayoutQueue keeps order across the 16-bit sequence wrap") {
    Rig rig;
    for (const unsigned sequence : {65534U, 1U, 65535U, 2U, 0U}) {
        CHECK(rig.insert(sequence) == Verdict::Kept);
    }

    CHECK(rig.pop_all() == std::vector<std::uint16_t>{65534, 65535, 0, 1, 2});
}

TEST_CASE("PlayoutQueue tells late from duplicate") {
    Rig rig;
    rig.insert(10);
    rig.insert(12);
    CHECK(rig.insert(12) == Verdict::Duplicate);
    rig.pop_all();

    CHECK(rig.insert(11) == Verdict::Late);
    CHECK(rig.insert(11) == Verdict::Duplicate);
    CHECK(rig.insert(10) == Verdict::Duplicate);
    CHECK(rig.insert(13) == Verdict::Kept);
}

TEST_CASE("PlayoutQueue counts what is missing before the front") {
    Rig rig;
    rig.insert(65530);
    CHECK(rig.queue.missing_before_front() == 0);
    rig.queue.pop();

    rig.insert(2);

    CHECK(rig.queue.missing_before_front() == 7);
}

TEST_CASE("A full PlayoutQueue lets the oldest go") {
    Rig rig;
    for (unsigned i = 0; i < PlayoutQueue::kCapacity + 2; ++i) {
        CHECK(rig.insert(100 + i) == Verdict::Kept);
    }

    CHECK(rig.displaced == std::vector<std::uint16_t>{100, 101});
    CHECK(rig.queue.size() == PlayoutQueue::kCapacity);
    CHECK(rig.insert(100) == Verdict::Duplicate);
}

TEST_CASE("PlayoutQueue starts a new row only at the second packet of it") {
    Rig rig;
    rig.insert(10);
    CHECK(rig.insert(30000) == Verdict::Suspect);
    CHECK(rig.insert(11) == Verdict::Kept);
    CHECK(rig.insert(30001) == Verdict::Suspect);
    CHECK(rig.insert(30002) == Verdict::Restart);

    CHECK(rig.displaced == std::vector<std::uint16_t>{10, 11});
    CHECK(rig.pop_all() == std::vector<std::uint16_t>{30002});
}
