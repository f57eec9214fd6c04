#include "mcu/session/pacer.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/fake_clock.h"

using mcu::NetThread;
using mcu::Pacer;
using namespace std::chrono_literals;

namespace {

struct Fixture {
    void put(std::size_t packets) {
        for (std::size_t i = 0; i < packets; ++i) {
            const std::span<std::uint8_t> buffer = pacer.next_buffer();
            buffer[0] = static_cast<std::uint8_t>(next);
            buffer[1] = static_cast<std::uint8_t>(next >> 8);
            ++next;
            pacer.add(2 + next % 3);
        }
        pacer.flush(clock.now());
    }
    void pass(int milliseconds) {
        for (int i = 0; i < milliseconds; ++i) step();
    }
    void step() {
        clock.advance(1ms);
        net.run_ready();
    }
    [[nodiscard]] bool in_order() const {
        for (std::size_t i = 0; i < sent.size(); ++i) {
            if (sent[i] != i) return false;
        }
        return true;
    }

    tests::FakeClock clock;
    NetThread net{"net", clock, NetThread::Runs::WhenTold};
    std::vector<std::size_t> sent;
    std::size_t largest_batch = 0;
    bool sizes_kept = true;
    std::size_t next = 0;
    Pacer pacer{net, [this](std::span<const Pacer::Packet> packets) {
                    largest_batch = std::max(largest_batch, packets.size());
                    for (const Pacer::Packet packet : packets) {
                        sent.push_back(static_cast<std::size_t>(packet[0] | packet[1] << 8));
                        sizes_kept = sizes_kept && packet.size() == 2 + sent.size() % 3;
                    }
                }};
};

}  // namespace

TEST_CASE("A picture of ten packets leaves at once, in one batch") {
    Fixture f;

    f.put(10);

    CHECK(f.sent.size() == 10);
    CHECK(f.largest_batch == 10);
    CHECK(f.pacer.waiting_count() == 0);
}

TEST_CASE("The rest of a large picture is spread evenly over ten milliseconds") {
    Fixture f;

    f.put(60);
    CHECK(f.sent.size() == 10);
    f.largest_batch = 0;
    for (int ms = 1; ms <= 10; ++ms) {
        f.step();
        CHECK(f.sent.size() == 10 + 5 * static_cast<std::size_t>(ms));
    }

    CHECK(f.largest_batch == 5);
    CHECK(f.in_order());
    CHECK(f.sizes_kept);
}

TEST_CASE("A picture that comes while another waits queues behind it, and is gone in time too") {
    Fixture f;
    f.put(200);
    f.step();

    f.put(3);
    for (int ms = 0; ms < 10; ++ms) f.step();

    CHECK(f.sent.size() == 203);
    CHECK(f.in_order());
    CHECK(f.sizes_kept);
}

TEST_CASE("A late timer catches up with what should be gone") {
    Fixture f;
    f.put(100);

    f.clock.advance(50ms);
    f.net.run_ready();

    CHECK(f.sent.size() == 100);
    CHECK(f.in_order());
}

TEST_CASE("Pictures that never let the queue run empty do not make it grow") {
    Fixture f;
    for (int picture = 0; picture < 300; ++picture) {
        f.put(25);
        f.step();
    }
    CHECK(f.pacer.waiting_count() < 300);
    for (int ms = 0; ms < 10; ++ms) f.step();

    CHECK(f.sent.size() == 300 * 25);
    CHECK(f.in_order());
}

TEST_CASE("The pacer says when a picture has no room") {
    Fixture f;
    CHECK(f.pacer.has_room(Pacer::kMaxWaiting));
    CHECK_FALSE(f.pacer.has_room(Pacer::kMaxWaiting + 1));

    f.put(1000);

    CHECK(f.pacer.has_room(1000));
    CHECK_FALSE(f.pacer.has_room(1100));
}

TEST_CASE("On a narrow path packets leave as fast as it carries them, and no ten at once") {
    Fixture f;
    f.pacer.limit(common::Bitrate::from_kbps(8));  // a byte each millisecond

    f.put(30);  // of 3 bytes, by and large
    CHECK(f.sent.size() <= 2);
    CHECK(f.pacer.backlog(f.clock.now()) > 80ms);
    f.pass(45);
    CHECK(f.sent.size() >= 14);
    CHECK(f.sent.size() <= 17);
    f.pass(50);

    CHECK(f.sent.size() == 30);
    CHECK(f.pacer.backlog(f.clock.now()) < 4ms);
    CHECK(f.in_order());
    CHECK(f.sizes_kept);
}

TEST_CASE("What stands in the path's queue is let out before more is put in") {
    Fixture f;
    f.pacer.limit(common::Bitrate::from_kbps(300));
    f.pacer.hold_until(f.clock.now() + 200ms);

    f.put(10);
    f.pass(199);
    CHECK(f.sent.empty());
    f.pass(5);

    CHECK(f.sent.size() == 10);
}

TEST_CASE("When the path is wide again, what waited is gone within ten milliseconds") {
    Fixture f;
    f.pacer.limit(common::Bitrate::from_bps(800));
    f.put(30);

    f.pacer.limit(common::Bitrate());
    f.put(5);
    f.pass(14);

    CHECK(f.sent.size() == 35);
    CHECK(f.in_order());
}

TEST_CASE("What waits can be dropped, and what of it is new is told") {
    Fixture f;
    f.pacer.limit(common::Bitrate::from_kbps(8));
    f.put(1);
    f.sent.clear();
    (void)f.pacer.next_buffer();
    f.pacer.add(100, Pacer::Packets::Again);
    f.pacer.next_buffer()[0] = 42;
    f.pacer.add(10);
    (void)f.pacer.next_buffer();
    f.pacer.add(20);
    f.pacer.flush(f.clock.now());

    f.pass(5);
    const std::size_t gone = f.sent.size();
    const Pacer::Dropped dropped = f.pacer.drop_waiting();
    f.pass(500);

    CHECK(gone == 1);
    CHECK(dropped.packets == 2);
    CHECK(dropped.bytes == 30);
    CHECK(dropped.first.size() == 10);
    CHECK(dropped.first[0] == 42);
    CHECK(f.sent.size() == gone);
    CHECK(f.pacer.waiting_bytes() == 0);
}

TEST_CASE("What the peer misses goes before the rest of a large picture") {
    Fixture f;
    f.pacer.limit(common::Bitrate::from_kbps(8));
    f.put(20);
    const std::span<std::uint8_t> buffer = f.pacer.next_buffer(Pacer::Packets::Repair);
    buffer[0] = 200;
    buffer[1] = 0;
    f.pacer.add(3, Pacer::Packets::Repair);
    f.pacer.flush(f.clock.now());
    const std::size_t gone = f.sent.size();

    f.pass(100);

    REQUIRE(f.sent.size() == 21);
    CHECK(f.sent[gone] == 200);
    std::erase(f.sent, 200);
    CHECK(f.in_order());
}
