#include "mcu/rtp/packet_pool.h"

#include <catch2/catch.hpp>

#include "tests/support/allocation_counter.h"

using mcu::PacketPool;
using mcu::PacketPtr;

TEST_CASE("PacketPool gives out as many packets as it has, then null, and counts") {
    PacketPool pool(2);
    PacketPtr first = pool.take();
    PacketPtr second = pool.take();

    CHECK(first != nullptr);
    CHECK(second != nullptr);
    CHECK(pool.take() == nullptr);
    CHECK(pool.exhausted_count() == 1);
    CHECK(pool.in_use() == 2);
}

TEST_CASE("A dropped packet can be taken again, without allocating") {
    PacketPool pool(1);
    const std::array<std::uint8_t, 3> datagram{1, 2, 3};
    pool.take_copy(datagram, common::Timestamp::from_ns(5)).reset();

    tests::AllocationCounter allocations;
    PacketPtr again = pool.take();

    CHECK(allocations.count() == 0);
    REQUIRE(again != nullptr);
    CHECK(again->size_bytes == 0);
    CHECK(again->arrival == common::Timestamp());
}

TEST_CASE("PacketPool refuses a copy of what is larger than a packet") {
    PacketPool pool(1);
    const std::vector<std::uint8_t> jumbo(mcu::kPacketBufferBytes + 1);

    CHECK(pool.take_copy(jumbo, {}) == nullptr);
    CHECK(pool.in_use() == 0);
}
