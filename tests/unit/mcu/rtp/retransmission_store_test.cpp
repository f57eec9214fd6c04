#include "mcu/rtp/retransmission_store.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using common::Timestamp;
using mcu::RetransmissionStore;

namespace {

constexpr auto kStart = Timestamp::from_ns(1'000'000'000'000);

void keep(RetransmissionStore& store, std::uint16_t sequence, Timestamp at,
          std::size_t bytes = 1000) {
    store.keep(std::vector<std::uint8_t>(bytes, static_cast<std::uint8_t>(sequence)), sequence, at);
}

}  // namespace

TEST_CASE("A packet that is missed comes out as it was") {
    RetransmissionStore store;
    keep(store, 65535, kStart);
    keep(store, 0, kStart, 700);

    const auto packet = store.take(0, kStart + 100ms, 50ms);

    REQUIRE(packet);
    CHECK(packet->size() == 700);
    CHECK(packet->front() == 0);
    CHECK(store.take(65535, kStart + 100ms, 50ms)->front() == 255);
    CHECK(store.counters().sent_again == 2);
}

TEST_CASE("What was never sent, or too long ago, is not there") {
    RetransmissionStore store;
    keep(store, 7, kStart);
    keep(store, 7 + RetransmissionStore::kCapacity, kStart + 1ms);

    CHECK_FALSE(store.take(7, kStart + 2ms, 0ms));
    CHECK_FALSE(store.take(8, kStart + 2ms, 0ms));
    CHECK_FALSE(store.take(7 + RetransmissionStore::kCapacity, kStart + 2s, 0ms));
    CHECK(store.counters().not_kept == 3);
}

TEST_CASE("A packet goes out again no sooner than its answer can have come") {
    RetransmissionStore store;
    for (std::uint16_t i = 0; i < 10; ++i) keep(store, i, kStart);

    CHECK(store.take(3, kStart + 10ms, 100ms));
    CHECK_FALSE(store.take(3, kStart + 60ms, 100ms));
    CHECK(store.take(3, kStart + 110ms, 100ms));
    CHECK(store.counters().too_soon == 1);
}

TEST_CASE("A peer gets no more again than it was sent") {
    RetransmissionStore store;
    for (std::uint16_t i = 0; i < 20; ++i) keep(store, i, kStart);

    int answered = 0;
    for (int round = 0; round < 10; ++round) {
        for (std::uint16_t i = 0; i < 20; ++i) {
            answered += store.take(i, kStart + round * 100ms, 50ms) ? 1 : 0;
        }
    }

    CHECK(answered == 20);
    CHECK(store.counters().no_credit == 180);
}

TEST_CASE("A cleared store has nothing, and earns anew") {
    RetransmissionStore store;
    keep(store, 1, kStart);
    store.clear();

    CHECK_FALSE(store.take(1, kStart, 0ms));
}
