#include "mcu/transport/dtls_endpoint.h"

#include <catch2/catch.hpp>
#include <deque>
#include <map>

#include "tests/support/fake_clock.h"

using common::Fingerprint;
using mcu::DtlsAssociation;
using mcu::DtlsEndpoint;
using mcu::DtlsIdentity;
using mcu::DtlsRole;
using mcu::SocketAddress;
using Bytes = std::vector<std::uint8_t>;
using State = DtlsAssociation::State;
using namespace std::chrono_literals;

namespace {

const std::string kHost = "192.0.2.1";

SocketAddress at(std::uint16_t port, const std::string& host = kHost) {
    return *SocketAddress::parse(host, port);
}

struct Told final : mcu::DtlsObserver {
    void on_dtls_established(const mcu::SrtpKeyPair& pair, const SocketAddress& address) override {
        keys.push_back(pair);
        from = address;
    }
    void on_dtls_failed(const std::string& why) override { failures.push_back(why); }
    std::vector<mcu::SrtpKeyPair> keys;
    SocketAddress from;
    std::vector<std::string> failures;
};

/// Somebody with a certificate and an address, who calls the endpoint.
struct Caller {
    Caller(const DtlsIdentity& identity, const Fingerprint& expected, std::uint16_t port,
           const std::string& host = kHost)
        : address(at(port, host)),
          association(identity, DtlsRole::Client, {expected},
                      [this](std::span<const std::uint8_t> datagram) {
                          sent.emplace_back(datagram.begin(), datagram.end());
                      }) {}
    SocketAddress address;
    std::deque<Bytes> sent;
    DtlsAssociation association;
};

struct Fixture {
    explicit Fixture(DtlsRole role = DtlsRole::Server, std::uint16_t signalled = 5000)
        : endpoint(
              net, *ours,
              {.role = role,
               .fingerprints = {theirs->fingerprint()},
               .peer = signalled != 0 ? at(signalled) : SocketAddress()},
              [this](std::span<const std::uint8_t> datagram, const SocketAddress& to) {
                  sent[to.port()].emplace_back(datagram.begin(), datagram.end());
              },
              told) {}

    void deliver(Bytes datagram, const SocketAddress& from) {
        endpoint.receive({datagram, from, clock.now()});
    }
    /// Carries between one caller and the endpoint, at most so many datagrams of the caller.
    void carry(Caller& caller, int most = 1000) {
        while (!caller.sent.empty() && most-- > 0) {
            const Bytes datagram = caller.sent.front();
            caller.sent.pop_front();
            deliver(datagram, caller.address);
            std::deque<Bytes>& back = sent[caller.address.port()];
            while (!back.empty()) {
                caller.association.receive(back.front());
                back.pop_front();
            }
        }
    }

    /// A stranger that returns its cookie, and leaves it at that.
    void begin_strange(std::uint16_t port, const std::string& host) {
        strangers.push_back(std::make_unique<Caller>(*stranger, ours->fingerprint(), port, host));
        strangers.back()->association.start();
        carry(*strangers.back(), 2);
    }
    /// The first record of a caller's next datagram alone (RFC 6347 4.1).
    void carry_record(Caller& caller) {
        Bytes record = caller.sent.front();
        record.resize(13U + record.at(11) * 256U + record.at(12));
        deliver(record, caller.address);
    }

    tests::FakeClock clock;
    mcu::NetThread net{"net", clock, mcu::NetThread::Runs::WhenTold};
    std::unique_ptr<DtlsIdentity> ours = *DtlsIdentity::create();
    std::unique_ptr<DtlsIdentity> theirs = *DtlsIdentity::create();
    std::unique_ptr<DtlsIdentity> stranger = *DtlsIdentity::create();
    std::vector<std::unique_ptr<Caller>> strangers;
    Told told;
    std::map<int, std::deque<Bytes>> sent;
    DtlsEndpoint endpoint;
};

}  // namespace

TEST_CASE("The peer calls, proves itself, and the endpoint tells keys and address once") {
    Fixture f;
    Caller peer(*f.theirs, f.ours->fingerprint(), 5000);
    peer.association.start();

    f.carry(peer);

    REQUIRE(f.told.keys.size() == 1);
    CHECK(f.told.keys[0].send == peer.association.keys().receive);
    CHECK(f.told.from == at(5000));
    CHECK(f.endpoint.established());
}

TEST_CASE("Behind a NAT the peer is known by its certificate, wherever it calls from") {
    Fixture f;
    Caller peer(*f.theirs, f.ours->fingerprint(), 7777);
    peer.association.start();

    f.carry(peer);

    CHECK(f.told.from == at(7777));
}

TEST_CASE("A stranger's handshake fails alone: the peer's, begun before, goes on") {
    Fixture f;
    Caller peer(*f.theirs, f.ours->fingerprint(), 5000);
    Caller stranger(*f.stranger, f.ours->fingerprint(), 6000);
    peer.association.start();
    f.carry(peer, 2);  // both hellos: its handshake runs
    stranger.association.start();
    f.carry(stranger);

    CHECK(f.told.failures.size() == 1);
    CHECK(f.endpoint.counters().wrong_certificates == 1);
    CHECK(f.told.keys.empty());
    f.carry(peer);
    CHECK(f.told.keys.size() == 1);
}

TEST_CASE(
    "However many strangers call from the peer's own host, few are kept, and not in its place") {
    Fixture f;
    for (std::uint16_t port = 6000; port < 6020; ++port) f.begin_strange(port, kHost);
    Caller peer(*f.theirs, f.ours->fingerprint(), 5000);
    peer.association.start();
    f.carry(peer, 2);
    for (std::uint16_t port = 6020; port < 6040; ++port) f.begin_strange(port, kHost);

    CHECK(f.endpoint.counters().failed == 1);  // who made room for the signalled address
    CHECK(f.endpoint.counters().dropped >= 40 - DtlsEndpoint::kMostCallers);
    f.carry(peer);
    CHECK(f.told.keys.size() == 1);
}

TEST_CASE("Behind a NAT, a stranger's many calls from one host do not end the peer's handshake") {
    Fixture f;
    Caller peer(*f.theirs, f.ours->fingerprint(), 7777, "198.51.100.9");
    peer.association.start();
    f.carry(peer, 2);

    for (std::uint16_t port = 6000; port < 6020; ++port) {
        f.clock.advance(1s);
        f.begin_strange(port, "203.0.113.66");
    }

    f.carry(peer);
    REQUIRE(f.told.keys.size() == 1);
    CHECK(f.told.from == peer.address);
}

TEST_CASE("Behind a NAT, a stranger that has taken all places makes room for the peer") {
    Fixture f;
    for (std::uint16_t port = 6000; port < 6020; ++port) f.begin_strange(port, "203.0.113.66");
    Caller peer(*f.theirs, f.ours->fingerprint(), 7777, "198.51.100.9");
    peer.association.start();

    f.carry(peer);

    CHECK(f.told.keys.size() == 1);
    CHECK(f.told.failures ==
          std::vector<std::string>{"203.0.113.66:6000: made room for 198.51.100.9:7777"});
}

TEST_CASE("Where each host has one place, a further one waits until somebody dawdles for 4 s") {
    Fixture f;
    for (std::uint16_t i = 0; i < 4; ++i) {
        f.begin_strange(static_cast<std::uint16_t>(6000 + i), "203.0.113." + std::to_string(i));
    }
    Caller peer(*f.theirs, f.ours->fingerprint(), 7777, "198.51.100.9");
    peer.association.start();
    const Bytes hello = peer.sent.front();

    f.carry(peer);
    CHECK(f.sent[7777].empty());
    f.clock.advance(DtlsEndpoint::kMostDawdling);
    peer.sent.push_back(hello);  // as it does by itself
    f.carry(peer);

    CHECK(f.told.keys.size() == 1);
}

TEST_CASE("Who has shown the right certificate gives its place to nobody, however long it takes") {
    Fixture f;
    Caller peer(*f.theirs, f.ours->fingerprint(), 7777, "198.51.100.9");
    peer.association.start();
    f.carry(peer, 2);
    f.carry_record(peer);  // its certificate; the rest of its flight is lost

    for (std::uint16_t i = 0; i < 20; ++i) {
        f.clock.advance(1s);
        f.begin_strange(static_cast<std::uint16_t>(6000 + i), "203.0.113." + std::to_string(i));
    }
    f.carry(peer);

    CHECK(f.told.keys.size() == 1);
}

TEST_CASE("After the keys are there nobody is answered any more") {
    Fixture f;
    Caller peer(*f.theirs, f.ours->fingerprint(), 5000);
    peer.association.start();
    f.carry(peer);
    Caller again(*f.theirs, f.ours->fingerprint(), 5001);
    again.association.start();

    f.carry(again);

    CHECK(f.sent[5001].empty());
    CHECK(f.told.keys.size() == 1);
    f.endpoint.settle();
    f.deliver(Bytes(60, 22), at(5000));
    CHECK(f.sent[5000].empty());
}

TEST_CASE("A caller that says no more is forgotten after 30 s") {
    Fixture f;
    Caller peer(*f.theirs, f.ours->fingerprint(), 5000);
    peer.association.start();
    f.carry(peer, 2);

    f.clock.advance(DtlsEndpoint::kLongest);
    f.net.run_ready();

    REQUIRE(f.told.failures.size() == 1);
    CHECK(f.told.failures[0] == "192.0.2.1:5000: the handshake took too long");
}

TEST_CASE("As a client it calls the signalled address, and hears no other") {
    Fixture f(DtlsRole::Client);
    REQUIRE(f.sent[5000].size() == 1);
    const Bytes hello = f.sent[5000].front();
    DtlsAssociation server(*f.theirs, DtlsRole::Server, {f.ours->fingerprint()},
                           [&](std::span<const std::uint8_t> datagram) {
                               f.deliver(Bytes(datagram.begin(), datagram.end()), at(5000));
                           });
    DtlsAssociation elsewhere(*f.stranger, DtlsRole::Server, {f.ours->fingerprint()},
                              [&](std::span<const std::uint8_t> datagram) {
                                  f.deliver(Bytes(datagram.begin(), datagram.end()), at(6666));
                              });

    elsewhere.greet(hello, at(1));
    CHECK(f.endpoint.counters().dropped == 1);
    while (!f.sent[5000].empty()) {
        const Bytes datagram = f.sent[5000].front();
        f.sent[5000].pop_front();
        if (server.state() == State::Listening) {
            server.greet(datagram, at(1));
        } else {
            server.receive(datagram);
        }
    }

    REQUIRE(f.told.keys.size() == 1);
    CHECK(f.told.keys[0].send == server.keys().receive);
}

TEST_CASE("A client whose peer's address is not known waits") {
    Fixture f(DtlsRole::Client, 0);

    CHECK(f.sent.empty());
}

TEST_CASE("A client that is not answered gives up after 30 s") {
    Fixture f(DtlsRole::Client);

    f.clock.advance(DtlsEndpoint::kLongest);
    f.net.run_ready();

    CHECK(f.told.failures.size() == 1);
    CHECK(f.told.keys.empty());
}
