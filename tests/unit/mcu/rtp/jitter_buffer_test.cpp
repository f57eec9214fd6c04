#include "mcu/rtp/jitter_buffer.h"

#include <catch2/catch.hpp>

#include "mcu/rtp/h264_depacketizer.h"
#include "tests/unit/mcu/rtp/test_packets.h"

using namespace std::chrono_literals;
using mcu::JitterBuffer;
using tests::Bytes;

namespace {

constexpr bool kMarker = true;
const Bytes kFirst{0x41, 0x9a};  // a slice that begins its picture
const Bytes kLater{0x41, 0x40};  // one that does not

struct Harness {
    void insert(std::int64_t sequence, std::uint32_t rtp_time, bool marker,
                Bytes payload = kFirst) {
        buffer.insert(tests::packet_of(pool, {.sequence = static_cast<std::uint16_t>(sequence),
                                              .rtp_time = rtp_time,
                                              .marker = marker,
                                              .payload = std::move(payload),
                                              .arrival = now}),
                      sequence);
        collect();
    }
    void wait(common::Duration duration) {
        now += duration;
        collect();
    }
    void collect() {
        while (buffer.take(now, picture)) {
            std::vector<std::uint16_t> sequences;
            for (const auto& packet : picture.packets) sequences.push_back(packet.sequence());
            pictures.push_back(sequences);
            follows_loss.push_back(picture.follows_loss);
        }
    }

    common::Timestamp now = common::Timestamp::from_ns(1'000'000'000'000);
    mcu::PacketPool pool{1024};
    JitterBuffer buffer{{.max_wait = 100ms, .starts_picture = &mcu::h264_starts_picture}};
    mcu::PicturePackets picture;
    std::vector<std::vector<std::uint16_t>> pictures;
    std::vector<bool> follows_loss;
};

using Pictures = std::vector<std::vector<std::uint16_t>>;

}  // namespace

TEST_CASE("The marker ends a picture") {
    Harness harness;

    harness.insert(1, 3000, false);
    CHECK(harness.pictures.empty());
    harness.insert(2, 3000, kMarker, kLater);

    CHECK(harness.pictures == Pictures{{1, 2}});
    CHECK(harness.follows_loss == std::vector{false});
}

TEST_CASE("Where there are no markers a new timestamp ends the picture") {
    Harness harness;

    harness.insert(1, 3000, false);
    harness.insert(2, 3000, false, kLater);
    harness.insert(3, 6000, false);
    harness.insert(4, 9000, false);

    CHECK(harness.pictures == Pictures{{1, 2}, {3}});
}

TEST_CASE("JitterBuffer puts packets in order, across the 16-bit sequence wrap") {
    Harness harness;

    harness.insert(65534, 3000, kMarker);
    harness.insert(65537, 6000, kMarker, kLater);
    harness.insert(65536, 6000, false, kLater);
    CHECK(harness.pictures == Pictures{{65534}});
    harness.insert(65535, 6000, false);

    CHECK(harness.pictures == Pictures{{65534}, {65535, 0, 1}});
}

TEST_CASE("The first packets of a stream may come in another order") {
    Harness harness;

    harness.insert(12, 3000, kMarker, kLater);
    harness.insert(11, 3000, false, kLater);
    harness.insert(10, 3000, false, kFirst);

    CHECK(harness.pictures == Pictures{{10, 11, 12}});
    CHECK(harness.follows_loss == std::vector{false});
}

TEST_CASE("A stream joined in the middle of a picture begins with the next one") {
    Harness harness;
    harness.insert(10, 3000, false, kLater);
    harness.insert(11, 3000, kMarker, kLater);
    harness.insert(12, 6000, kMarker);
    CHECK(harness.buffer.next_deadline() == harness.now + 100ms);
    CHECK(harness.pictures.empty());

    harness.wait(100ms);

    CHECK(harness.pictures == Pictures{{12}});
}

TEST_CASE("The first packets of a stream may be swapped where the second begins nothing yet") {
    Harness harness;

    harness.insert(11, 3000, false, {0x68, 0xce});
    harness.insert(10, 3000, false, {0x67, 0x42});
    harness.insert(12, 3000, kMarker, {0x65, 0x88});

    CHECK(harness.pictures == Pictures{{10, 11, 12}});
}

TEST_CASE(
    "A missing packet is waited for, then its picture is dropped and the next follows a loss") {
    Harness harness;
    harness.insert(1, 3000, kMarker);
    harness.insert(2, 6000, false);
    harness.insert(4, 6000, kMarker, kLater);
    harness.insert(5, 9000, kMarker);
    CHECK(harness.buffer.next_deadline() == harness.now + 100ms);

    harness.wait(99ms);
    CHECK(harness.pictures == Pictures{{1}});
    harness.wait(1ms);

    CHECK(harness.pictures == Pictures{{1}, {5}});
    CHECK(harness.follows_loss == std::vector{false, true});
    CHECK(harness.buffer.counters().never_came == 1);
    CHECK(harness.buffer.counters().discarded == 2);
    CHECK_FALSE(harness.buffer.next_deadline().has_value());
}

TEST_CASE("A packet that comes within its time is as if nothing had happened") {
    Harness harness;
    harness.insert(1, 3000, kMarker);
    harness.insert(3, 9000, kMarker);
    harness.now += 99ms;

    harness.insert(2, 6000, kMarker);
    harness.wait(1ms);

    CHECK(harness.pictures == Pictures{{1}, {2}, {3}});
    CHECK(harness.follows_loss == std::vector{false, false, false});
}

TEST_CASE("After a gap a picture whose first packet is here is whole") {
    Harness harness;
    harness.insert(1, 3000, kMarker);

    harness.insert(3, 9000, false, kFirst);
    harness.insert(4, 9000, kMarker, kLater);
    harness.wait(100ms);

    CHECK(harness.pictures == Pictures{{1}, {3, 4}});
    CHECK(harness.follows_loss == std::vector{false, true});
}

TEST_CASE("After a gap a picture that has lost its head is dropped whole") {
    Harness harness;
    harness.insert(1, 3000, kMarker);

    harness.insert(3, 6000, false, kLater);
    harness.insert(4, 6000, false, kLater);  // no marker: the new timestamp ends it
    harness.insert(5, 9000, kMarker, kLater);
    harness.wait(100ms);

    CHECK(harness.pictures == Pictures{{1}, {5}});
    CHECK(harness.buffer.counters().discarded == 2);
}

TEST_CASE("Late packets and duplicates are counted and go back to their pool") {
    Harness harness;
    harness.insert(1, 3000, kMarker);
    harness.insert(2, 6000, false);

    harness.insert(1, 3000, kMarker);
    harness.insert(2, 6000, false);
    harness.picture.packets.clear();

    CHECK(harness.buffer.counters().late == 1);
    CHECK(harness.buffer.counters().duplicates == 1);
    CHECK(harness.pool.in_use() == 1);
}

TEST_CASE("A packet beyond the window drops what is kept, as a loss") {
    Harness harness;
    harness.insert(1, 3000, kMarker);
    harness.insert(2, 6000, false);
    harness.insert(3, 6000, false, kLater);

    harness.insert(1000, 90'000, kMarker);

    CHECK(harness.pictures == Pictures{{1}, {1000}});
    CHECK(harness.follows_loss == std::vector{false, true});
    CHECK(harness.buffer.counters().overflows == 1);
}

TEST_CASE("It never holds more than its capacity, whatever comes") {
    Harness harness;
    for (std::int64_t i = 0; i < 600; ++i) harness.insert(i, 3000, false, i == 0 ? kFirst : kLater);

    CHECK(harness.buffer.packet_count() <= JitterBuffer::kCapacity);
    CHECK(harness.pictures.empty());
}

TEST_CASE("Padding between pictures is no picture") {
    Harness harness;

    harness.insert(1, 3000, kMarker);
    harness.insert(2, 3000, false, {});
    harness.insert(3, 6000, kMarker);

    CHECK(harness.pictures == Pictures{{1}, {3}});
    CHECK(harness.follows_loss == std::vector{false, false});
}

TEST_CASE("A new stream forgets the one before") {
    Harness harness;
    harness.insert(1, 3000, kMarker);
    harness.insert(3, 6000, kMarker);

    harness.buffer.reset();
    harness.insert(70'000, 100, kMarker);

    CHECK(harness.pictures.size() == 2);
    CHECK(harness.follows_loss == std::vector{false, false});
    CHECK(harness.buffer.packet_count() == 0);
}
