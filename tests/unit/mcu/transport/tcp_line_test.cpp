#include "mcu/transport/tcp_line.h"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/support/tcp_peer.h"

using mcu::NetThread;
using mcu::SocketAddress;
using mcu::TcpLine;
using mcu::TcpListener;
using Bytes = std::vector<std::uint8_t>;
using namespace std::chrono_literals;

namespace {

struct Fixture final : mcu::TcpAcceptor, mcu::TcpLineReader {
    Fixture() { listener->attach(net, *this); }
    void on_connection(int fd, const SocketAddress& peer) override {
        line = std::make_unique<TcpLine>(fd, peer, net, *this);
    }
    void on_line_datagram(TcpLine&, const mcu::Datagram& datagram) override {
        received.emplace_back(datagram.bytes.begin(), datagram.bytes.end());
    }
    void on_line_closed(TcpLine&) override {
        line.reset();
        closed = true;
    }
    bool until(const std::function<bool()>& done) { return net.run_until(done, 5s); }
    bool accepted() {
        return until([&] { return line != nullptr; });
    }
    std::size_t send(const Bytes& bytes) const {
        const std::span<const std::uint8_t> datagram = bytes;
        return line->send(std::span(&datagram, 1));
    }

    tests::FakeClock clock;
    NetThread net{"net", clock, NetThread::Runs::WhenTold};
    std::unique_ptr<TcpListener> listener =
        *TcpListener::open(*SocketAddress::parse("127.0.0.1", 0));
    std::unique_ptr<TcpLine> line;
    std::vector<Bytes> received;
    bool closed = false;
};

}  // namespace

TEST_CASE("Datagrams go both ways over a connection") {
    Fixture f;
    tests::TcpPeer peer(f.listener->local().port());
    REQUIRE(f.accepted());

    peer.send({0, 2, 8, 9, 0, 1, 7});
    REQUIRE(f.send({1, 2, 3}) == 1);

    CHECK(f.until([&] { return f.received.size() == 2; }));
    CHECK(f.received == std::vector<Bytes>{{8, 9}, {7}});
    Bytes got;
    CHECK(f.until([&] {
        const Bytes more = peer.read();
        got.insert(got.end(), more.begin(), more.end());
        return got == Bytes{0, 3, 1, 2, 3};
    }));
}

TEST_CASE("To a peer that does not read datagrams are dropped, and those that go out are whole") {
    Fixture f;
    tests::TcpPeer peer(f.listener->local().port());
    REQUIRE(f.accepted());
    const Bytes datagram(1200, 5);
    std::size_t taken = 0;
    for (int i = 0; i < 20'000; ++i) taken += f.send(datagram);
    CHECK(taken < 20'000);
    CHECK(f.line->counters().send_errors == 20'000 - taken);

    Bytes got;
    const auto read = [&] {
        const Bytes more = peer.read();
        got.insert(got.end(), more.begin(), more.end());
        return !more.empty();
    };
    REQUIRE(f.until(read));
    // There is room again: the rest of the one that was cut goes first.
    REQUIRE(f.until([&] {
        static_cast<void>(read());
        return f.send(Bytes{42}) == 1;
    }));
    ++taken;
    std::size_t frames = 0, at = 0;
    REQUIRE(f.until([&] {
        static_cast<void>(read());
        while (at + 2 <= got.size()) {
            const std::size_t bytes = std::size_t{got[at]} << 8U | got[at + 1];
            if (at + 2 + bytes > got.size()) break;
            REQUIRE((bytes == 1200 || bytes == 1));
            REQUIRE(got[at + 2] == (bytes == 1200 ? 5 : 42));
            at += 2 + bytes;
            ++frames;
        }
        return frames >= taken;
    }));
    CHECK(at == got.size());
}

TEST_CASE("A peer that goes, or sends what is no datagram, is told of once") {
    Fixture f;
    auto peer = std::make_unique<tests::TcpPeer>(f.listener->local().port());
    REQUIRE(f.accepted());
    SECTION("it goes") {
        peer.reset();
    }
    SECTION("it sends a length that no datagram has") {
        peer->send({0xff, 0xff, 1, 2, 3});
    }
    CHECK(f.until([&] { return f.closed; }));
    CHECK(f.line == nullptr);
    CHECK(f.received.empty());
}

TEST_CASE("A port that is taken is told apart") {
    Fixture f;
    const auto second = TcpListener::open(f.listener->local());
    REQUIRE(!second);
    CHECK(second.error().code == common::ErrorCode::AlreadyExists);
}
