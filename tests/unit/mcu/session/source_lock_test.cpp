#include "mcu/session/source_lock.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/unit/mcu/session/session_fixture.h"

using mcu::SocketAddress;
using mcu::SourceLock;
using namespace std::chrono_literals;

namespace {

const SocketAddress kPeer = *SocketAddress::parse("192.0.2.1", 5004);
const SocketAddress kNat = *SocketAddress::parse("198.51.100.9", 40000);
const SocketAddress kStranger = *SocketAddress::parse("203.0.113.66", 1234);

struct Fixture {
    /// How many packets go on.
    int admit(const SocketAddress& from, std::uint16_t sequence, std::uint32_t ssrc = 1,
              bool known_type = true) {
        const tests::Bytes bytes =
            tests::RtpOnWire{.payload_type = 96, .sequence = sequence, .ssrc = ssrc}.bytes();
        auto packet = mcu::RtpPacket::parse(pool.take_copy(bytes, clock.now()));
        REQUIRE(packet);
        const auto admitted = lock.admit(std::move(*packet), known_type, from, clock.now());
        return (admitted.first ? 1 : 0) + (admitted.second ? 1 : 0);
    }
    tests::FakeClock clock;
    mcu::PacketPool pool{64};
    SourceLock lock;
};

}  // namespace

TEST_CASE("Two packets in sequence lock a source, and both are let in") {
    Fixture f;

    CHECK(f.admit(kPeer, 65535) == 0);
    CHECK_FALSE(f.lock.locked());
    CHECK(f.admit(kPeer, 0) == 2);

    CHECK(f.lock.source() == kPeer);
    CHECK(f.admit(kPeer, 1) == 1);
    CHECK(f.lock.foreign_packets() == 0);
}

TEST_CASE("Packets out of sequence, of two SSRCs or of unknown types lock nothing") {
    Fixture f;

    CHECK(f.admit(kStranger, 10) == 0);
    CHECK(f.admit(kStranger, 12) == 0);
    CHECK(f.admit(kStranger, 13, 2) == 0);
    CHECK(f.admit(kStranger, 13, 1, false) == 0);

    CHECK_FALSE(f.lock.locked());
}

TEST_CASE("Candidates from several addresses do not disturb each other") {
    Fixture f;

    f.admit(kStranger, 1);
    f.admit(kPeer, 500);
    f.admit(kStranger, 77);
    CHECK(f.admit(kPeer, 501) == 2);

    CHECK(f.lock.source() == kPeer);
    CHECK(f.lock.foreign_packets() == 2);
}

TEST_CASE("One who sprays from many addresses does not keep an honest peer out") {
    Fixture f;
    for (std::uint16_t port = 1; port < 50; ++port) f.admit(kStranger.with_port(port), port);

    f.admit(kPeer, 1);

    CHECK(f.admit(kPeer, 2) == 2);
    CHECK(f.pool.in_use() == 0);
}

TEST_CASE("After the lock nobody else is let in, however valid") {
    Fixture f;
    f.admit(kPeer, 1);
    f.admit(kPeer, 2);

    for (std::uint16_t sequence = 3; sequence < 103; ++sequence) {
        CHECK(f.admit(kStranger, sequence) == 0);
    }

    CHECK(f.lock.source() == kPeer);
    CHECK(f.lock.destination(f.clock.now()) == kPeer);
    CHECK(f.lock.foreign_packets() == 100);
}

TEST_CASE("Sending goes to the signalled address, and to the source once that differs") {
    Fixture f;
    CHECK_FALSE(f.lock.destination(f.clock.now()).valid());
    f.lock.set_signalled(kPeer);
    CHECK(f.lock.destination(f.clock.now()) == kPeer);

    f.admit(kNat, 1);
    f.admit(kNat, 2);

    CHECK(f.lock.destination(f.clock.now()) == kNat);
}

TEST_CASE("The signalled address takes the lock from one who was faster, and keeps it") {
    Fixture f;
    f.lock.set_signalled(kPeer);
    f.admit(kStranger, 1);
    f.admit(kStranger, 2);
    CHECK(f.lock.source() == kStranger);

    f.admit(kPeer, 100, 5);
    CHECK(f.admit(kPeer, 101, 5) == 2);

    CHECK(f.lock.source() == kPeer);
    CHECK(f.admit(kStranger, 3) == 0);
    CHECK(f.admit(kStranger, 4) == 0);
}

TEST_CASE("The peer is who is signalled, before any packet of it, and who is locked; nobody else") {
    Fixture f;
    CHECK_FALSE(f.lock.is_peer(kPeer));
    f.lock.set_signalled(kPeer);
    CHECK(f.lock.is_peer(kPeer));

    f.admit(kNat, 1);
    f.admit(kNat, 2);

    CHECK(f.lock.is_peer(kNat));
    CHECK(f.lock.is_peer(kPeer));
    CHECK_FALSE(f.lock.is_peer(kStranger));
}

TEST_CASE("Relearning keeps the old source until another proves itself") {
    Fixture f;
    f.lock.set_signalled(kPeer);
    f.admit(kPeer, 1);
    f.admit(kPeer, 2);

    f.lock.relearn(f.clock.now());
    CHECK(f.admit(kPeer, 3) == 1);
    CHECK(f.admit(kNat, 10) == 0);
    CHECK(f.admit(kNat, 11) == 2);

    CHECK(f.lock.source() == kNat);
    CHECK(f.admit(kPeer, 4) == 0);
    CHECK(f.admit(kStranger, 1) == 0);
    CHECK(f.admit(kStranger, 2) == 0);
}

TEST_CASE("While relearning we send where signalling says, then back to the source that stayed") {
    Fixture f;
    f.lock.set_signalled(kPeer);
    f.admit(kPeer, 1);
    f.admit(kPeer, 2);

    f.lock.set_signalled(kNat);
    f.lock.relearn(f.clock.now());
    CHECK(f.lock.destination(f.clock.now()) == kNat);
    f.clock.advance(SourceLock::kLearningTime);

    CHECK(f.lock.destination(f.clock.now()) == kPeer);
    CHECK(f.admit(kStranger, 1) == 0);
    CHECK(f.admit(kStranger, 2) == 0);
}
