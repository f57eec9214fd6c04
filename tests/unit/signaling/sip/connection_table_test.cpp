#include "signaling/sip/connection_table.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/support/fake_clock.h"

using namespace std::chrono_literals;
using signaling::ConnectionTable;
using signaling::socket_peer;
using signaling::SocketPeer;
using signaling::usual_host_port;

namespace {

SocketPeer peer_at(const std::string& address, std::uint16_t port) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    REQUIRE(inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr) == 1);
    return *socket_peer(reinterpret_cast<const sockaddr*>(&ipv4));
}

struct Door {
    tests::FakeClock clock;
    std::set<int> closed;    // by the peer
    std::vector<int> ended;  // by us
    std::map<int, common::Duration> silent_for;
    ConnectionTable table{{.in_all = 4, .of_one_source = 2, .first_request = 15s, .idle = 60s},
                          {[this](const auto& one) { return !closed.contains(one.descriptor); },
                           [this](const auto& one) { return silent_for[one.descriptor]; },
                           [this](const auto& one) { ended.push_back(one.descriptor); }}};

    bool connect(int descriptor, const std::string& address) {
        const auto port = static_cast<std::uint16_t>(1000 + descriptor);
        return table.admit(peer_at(address, port), {descriptor, 0}, clock.now());
    }
    void heard(int descriptor, const std::string& address) {
        table.heard(address + ":" + std::to_string(1000 + descriptor));
    }
    void tend(const std::unordered_set<std::string>& in_calls = {}) {
        table.tend(in_calls, clock.now());
    }
};

using Ended = std::vector<int>;

}  // namespace

TEST_CASE_METHOD(Door, "A source with all its places loses the oldest that said nothing") {
    REQUIRE(connect(1, "192.0.2.1"));
    REQUIRE(connect(2, "192.0.2.1"));
    heard(1, "192.0.2.1");

    CHECK(connect(3, "192.0.2.1"));
    CHECK(ended == Ended{2});
    heard(3, "192.0.2.1");
    CHECK_FALSE(connect(4, "192.0.2.1"));
    CHECK(connect(5, "192.0.2.2"));
    CHECK(table.count() == 3);
}

TEST_CASE_METHOD(Door,
                 "When all places are taken who said nothing gives way, then who has no call") {
    for (int i = 1; i <= 4; ++i) {
        const std::string address = "192.0.2." + std::to_string(i);
        REQUIRE(connect(i, address));
        if (i != 3) heard(i, address);
    }

    CHECK(connect(5, "192.0.2.5"));
    CHECK(ended == Ended{3});
    heard(5, "192.0.2.5");
    CHECK_FALSE(connect(6, "192.0.2.6"));  // the others may still become calls
    clock.advance(11s);
    tend({"192.0.2.1:1001"});
    CHECK(connect(6, "192.0.2.6"));
    CHECK(ended == Ended{3, 2});
}

TEST_CASE_METHOD(Door, "Places of connections that are closed are free again") {
    REQUIRE(connect(1, "192.0.2.1"));
    REQUIRE(connect(2, "192.0.2.1"));
    closed = {1};

    CHECK(connect(3, "192.0.2.1"));
    CHECK(ended.empty());
    closed = {2, 3};
    tend();
    CHECK(table.count() == 0);
    heard(2, "192.0.2.1");  // of nobody
}

TEST_CASE_METHOD(Door, "While many that were ended are not closed, the next is refused") {
    for (int i = 1; i <= 2; ++i) REQUIRE(connect(i, "192.0.2.1"));
    for (int i = 3; i <= 6; ++i) REQUIRE(connect(i, "192.0.2.1"));
    CHECK(ended == Ended{1, 2, 3, 4});

    CHECK_FALSE(connect(7, "192.0.2.1"));
    CHECK_FALSE(connect(7, "192.0.2.2"));
    closed = {1, 2};
    CHECK(connect(7, "192.0.2.1"));
}

TEST_CASE_METHOD(Door, "Who makes no request in time is let go, a TLS handshake included") {
    REQUIRE(connect(1, "192.0.2.1"));
    REQUIRE(connect(2, "192.0.2.1"));
    heard(2, "192.0.2.1");

    clock.advance(15s - 1ms);
    tend();
    CHECK(ended.empty());
    clock.advance(1ms);
    tend();
    CHECK(ended == Ended{1});
    CHECK(table.count() == 1);
}

TEST_CASE_METHOD(Door, "A silent connection is let go unless a call goes over it") {
    REQUIRE(connect(1, "192.0.2.1"));
    REQUIRE(connect(2, "192.0.2.1"));
    REQUIRE(connect(3, "192.0.2.2"));
    heard(1, "192.0.2.1");
    heard(2, "192.0.2.1");
    heard(3, "192.0.2.2");
    silent_for = {{1, 60s}, {2, 60s}, {3, 59s}};

    tend({"192.0.2.1:1001", ""});
    CHECK(ended == Ended{2});
    tend();
    CHECK(ended == Ended{2, 1});
}

TEST_CASE_METHOD(Door, "One whose message was refused is ended, though a call goes over it") {
    REQUIRE(connect(1, "192.0.2.1"));
    REQUIRE(connect(2, "192.0.2.1"));
    heard(1, "192.0.2.1");
    tend({"192.0.2.1:1001"});

    table.refuse("192.0.2.1:1001");
    table.refuse("192.0.2.9:1001");

    CHECK(ended == Ended{1});
    CHECK(table.count() == 1);
}

TEST_CASE_METHOD(Door, "An address and port that come again are a new connection") {
    REQUIRE(connect(1, "192.0.2.1"));
    REQUIRE(connect(1, "192.0.2.1"));

    CHECK(table.count() == 1);
    CHECK(connect(2, "192.0.2.1"));
    CHECK(ended.empty());
}

TEST_CASE("An IPv4 address within IPv6 is the IPv4 address") {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(5060);
    const auto* const generic = reinterpret_cast<const sockaddr*>(&ipv6);
    REQUIRE(inet_pton(AF_INET6, "::ffff:192.0.2.1", &ipv6.sin6_addr) == 1);

    CHECK(socket_peer(generic)->host_port == "192.0.2.1:5060");
    CHECK(socket_peer(generic)->source == peer_at("192.0.2.1", 1).source);
    REQUIRE(inet_pton(AF_INET6, "2001:db8:0::1", &ipv6.sin6_addr) == 1);
    CHECK(socket_peer(generic)->host_port == "[2001:db8::1]:5060");
    ipv6.sin6_family = AF_UNIX;
    CHECK_FALSE(socket_peer(generic));
    CHECK_FALSE(socket_peer(nullptr));
}

TEST_CASE("A listener's address is named as the system names it") {
    CHECK(usual_host_port("0:0::0", 5060) == "[::]:5060");
    CHECK(usual_host_port("127.0.0.1", 5060) == "127.0.0.1:5060");
}
