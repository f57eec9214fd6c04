#include "mcu/transport/udp_port.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/support/udp_peer.h"

using mcu::NetThread;
using mcu::SocketAddress;
using mcu::TrafficClass;
using mcu::UdpPort;
using namespace std::chrono_literals;
using Bytes = std::vector<std::uint8_t>;

namespace {

struct Received {
    Bytes bytes;
    SocketAddress from;
    common::Timestamp arrival;
};

struct Reader final : mcu::DatagramReader {
    void on_datagram(const mcu::Datagram& datagram) override {
        received.push_back(
            {Bytes(datagram.bytes.begin(), datagram.bytes.end()), datagram.from, datagram.arrival});
    }
    std::vector<Received> received;
};

struct Fixture {
    std::unique_ptr<UdpPort> open(const std::string& address, TrafficClass traffic,
                                  UdpPort::Families families = UdpPort::Families::OwnOnly) {
        auto port = UdpPort::open(*SocketAddress::parse(address, 0), families, traffic);
        REQUIRE(port);
        (*port)->attach(net, reader);
        return std::move(*port);
    }
    bool wait_for(std::size_t datagrams) {
        return net.run_until([&] { return reader.received.size() >= datagrams; }, 5s);
    }
    std::optional<Bytes> next(tests::UdpPeer& peer) {
        std::optional<Bytes> bytes;
        net.run_until([&] { return (bytes = peer.receive()).has_value(); }, 5s);
        return bytes;
    }

    tests::FakeClock clock;
    NetThread net{"net", clock, NetThread::Runs::WhenTold};
    Reader reader;
};

}  // namespace

TEST_CASE("A datagram arrives whole, with its source and the time of the clock") {
    Fixture f;
    auto port = f.open("127.0.0.1", TrafficClass::Audio);
    tests::UdpPeer peer;

    peer.send({1, 2, 3}, port->port());

    REQUIRE(f.wait_for(1));
    CHECK(f.reader.received[0].bytes == Bytes{1, 2, 3});
    CHECK(f.reader.received[0].from == *SocketAddress::parse("127.0.0.1", peer.port()));
    CHECK(f.reader.received[0].arrival == f.clock.now());
}

TEST_CASE("More datagrams than one batch arrive in order") {
    Fixture f;
    auto port = f.open("127.0.0.1", TrafficClass::Video);
    tests::UdpPeer peer;

    for (std::uint8_t i = 0; i < 200; ++i) peer.send({i}, port->port());

    REQUIRE(f.wait_for(200));
    for (std::size_t i = 0; i < 200; ++i) CHECK(f.reader.received[i].bytes[0] == i);
    CHECK(port->counters().datagrams_in == 200);
    CHECK(port->counters().bytes_in == 200);
}

TEST_CASE("A batch is sent whole and in order, beyond one sendmmsg too") {
    Fixture f;
    auto port = f.open("127.0.0.1", TrafficClass::Video);
    tests::UdpPeer peer;
    std::vector<Bytes> packets;
    for (std::uint8_t i = 0; i < 150; ++i) packets.push_back({i});
    const std::vector<std::span<const std::uint8_t>> spans(packets.begin(), packets.end());

    CHECK(port->send(spans, *SocketAddress::parse("127.0.0.1", peer.port())) == 150);

    for (std::uint8_t i = 0; i < 150; ++i) CHECK(f.next(peer) == Bytes{i});
    CHECK(port->counters().datagrams_out == 150);
}

TEST_CASE("Sound is marked EF and pictures AF41, on IPv4 and IPv6") {
    Fixture f;
    for (const char* address : {"127.0.0.1", "::1"}) {
        auto sound = f.open(address, TrafficClass::Audio);
        auto pictures = f.open(address, TrafficClass::Video);
        tests::UdpPeer peer(address);
        const SocketAddress to = *SocketAddress::parse(address, peer.port());

        CHECK(sound->send(Bytes{1}, to));
        CHECK(f.next(peer) == Bytes{1});
        CHECK(peer.last_tos() == 46 << 2);
        CHECK(pictures->send(Bytes{2}, to));
        CHECK(f.next(peer) == Bytes{2});
        CHECK(peer.last_tos() == 34 << 2);
    }
}

TEST_CASE("A port of both families hears and answers IPv4 and IPv6") {
    Fixture f;
    auto port = f.open("::", TrafficClass::Audio, UdpPort::Families::Both);
    for (const char* address : {"127.0.0.1", "::1"}) {
        f.reader.received.clear();
        tests::UdpPeer peer(address);

        peer.send({7}, port->port());
        REQUIRE(f.wait_for(1));
        const SocketAddress from = f.reader.received[0].from;
        CHECK(from == *SocketAddress::parse(address, peer.port()));
        CHECK(port->send(Bytes{8}, from));

        CHECK(f.next(peer) == Bytes{8});
        if (from.is_ipv6()) continue;
        CHECK(peer.last_tos() == 46 << 2);  // IPv4 through the IPv6 socket is marked as well
    }
}

TEST_CASE("A datagram longer than we read is dropped and counted") {
    Fixture f;
    auto port = f.open("127.0.0.1", TrafficClass::Audio);
    tests::UdpPeer peer;

    peer.send(Bytes(mcu::ReceiveBatch::kDatagramBytes + 1), port->port());
    peer.send({1}, port->port());

    REQUIRE(f.wait_for(1));
    CHECK(f.reader.received[0].bytes == Bytes{1});
    CHECK(port->counters().truncated == 1);
    CHECK(port->counters().datagrams_in == 1);
}

TEST_CASE("Nobody at the other end does no harm to what comes after") {
    Fixture f;
    auto port = f.open("127.0.0.1", TrafficClass::Audio);
    std::uint16_t closed = 0;
    {
        const tests::UdpPeer gone;
        closed = gone.port();
    }
    tests::UdpPeer peer;

    for (int i = 0; i < 5; ++i) {
        port->send(Bytes{1}, *SocketAddress::parse("127.0.0.1", closed));
        f.net.run_ready();
    }
    CHECK(port->send(Bytes{2}, *SocketAddress::parse("127.0.0.1", peer.port())));
    peer.send({3}, port->port());

    CHECK(f.next(peer) == Bytes{2});
    CHECK(f.wait_for(1));
}

TEST_CASE("What cannot be sent is counted and the rest is sent") {
    Fixture f;
    auto port = f.open("127.0.0.1", TrafficClass::Audio);
    tests::UdpPeer peer;
    const Bytes impossible(70000);  // longer than any datagram
    const Bytes fine{4};
    const std::vector<std::span<const std::uint8_t>> both{impossible, fine};

    CHECK(port->send(both, *SocketAddress::parse("127.0.0.1", peer.port())) == 1);

    CHECK(port->counters().send_errors == 1);
    CHECK(f.next(peer) == fine);
}

TEST_CASE("Datagrams that found the socket's buffer full are counted") {
    Fixture f;
    auto port = f.open("127.0.0.1", TrafficClass::Audio);
    tests::UdpPeer peer;
    constexpr std::size_t kFlood = 5000;

    for (std::size_t i = 0; i < kFlood; ++i) peer.send(Bytes(1000), port->port());
    f.net.run_ready();
    peer.send({1}, port->port());  // brings the count with it
    REQUIRE(f.wait_for(port->counters().datagrams_in + 1));

    CHECK(port->counters().kernel_drops > 0);
    CHECK(port->counters().kernel_drops + port->counters().datagrams_in == kFlood + 1);
}

TEST_CASE("A detached port reads no more") {
    Fixture f;
    auto port = f.open("127.0.0.1", TrafficClass::Audio);
    tests::UdpPeer peer;
    port->detach();

    peer.send({1}, port->port());
    f.net.run_ready();

    CHECK(f.reader.received.empty());
}

TEST_CASE("A taken port and a foreign address are different errors, and both are named") {
    Fixture f;
    auto port = f.open("127.0.0.1", TrafficClass::Audio);

    const auto taken =
        UdpPort::open(port->local(), UdpPort::Families::OwnOnly, TrafficClass::Audio);
    const auto foreign = UdpPort::open(*SocketAddress::parse("192.0.2.1", 0),
                                       UdpPort::Families::OwnOnly, TrafficClass::Audio);

    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == common::ErrorCode::AlreadyExists);
    CHECK(taken.error().message.find(port->local().to_string()) != std::string::npos);
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().code == common::ErrorCode::Io);
}
