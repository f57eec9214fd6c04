#include "mcu/transport/dtls_association.h"

#include <catch2/catch.hpp>
#include <deque>
#include <thread>

using common::Fingerprint;
using mcu::DtlsAssociation;
using mcu::DtlsIdentity;
using mcu::DtlsRole;
using mcu::SocketAddress;
using Bytes = std::vector<std::uint8_t>;
using State = DtlsAssociation::State;
using namespace std::chrono_literals;

namespace {

const SocketAddress kClientAt = *SocketAddress::parse("127.0.0.1", 5000);
const SocketAddress kElsewhere = *SocketAddress::parse("127.0.0.1", 5001);

/// One end, and what it sent.
struct End {
    End(const DtlsIdentity& identity, DtlsRole role, const Fingerprint& expected)
        : association(identity, role, {expected}, [this](std::span<const std::uint8_t> datagram) {
              sent.emplace_back(datagram.begin(), datagram.end());
          }) {}
    Bytes take() {
        Bytes first = sent.front();
        sent.pop_front();
        return first;
    }
    std::deque<Bytes> sent;
    DtlsAssociation association;
};

struct Ends {
    Ends() : Ends(nullptr, nullptr) {}
    /// Null: the other's own.
    Ends(const Fingerprint* server_expects, const Fingerprint* client_expects)
        : server(*server_identity, DtlsRole::Server,
                 server_expects != nullptr ? *server_expects : client_identity->fingerprint()),
          client(*client_identity, DtlsRole::Client,
                 client_expects != nullptr ? *client_expects : server_identity->fingerprint()) {}

    void to_server(const Bytes& datagram) {
        if (server.association.state() == State::Listening) {
            server.association.greet(datagram, kClientAt);
        } else {
            server.association.receive(datagram);
        }
    }
    /// Carries what is on the way until nothing is.
    void carry() {
        while (!client.sent.empty() || !server.sent.empty()) {
            while (!client.sent.empty()) to_server(client.take());
            while (!server.sent.empty()) client.association.receive(server.take());
        }
    }
    void shake() {
        client.association.start();
        carry();
    }

    std::unique_ptr<DtlsIdentity> server_identity = *DtlsIdentity::create();
    std::unique_ptr<DtlsIdentity> client_identity = *DtlsIdentity::create();
    End server, client;
};

const Fingerprint kOther{Fingerprint::Hash::Sha256, Bytes(32, 7)};

}  // namespace

TEST_CASE(
    "Two that know each other's fingerprints agree on keys, each one's way out the other's in") {
    Ends ends;

    ends.shake();

    REQUIRE(ends.client.association.state() == State::Established);
    REQUIRE(ends.server.association.state() == State::Established);
    const mcu::SrtpKeyPair& client = ends.client.association.keys();
    const mcu::SrtpKeyPair& server = ends.server.association.keys();
    CHECK(client.send == server.receive);
    CHECK(client.receive == server.send);
    CHECK_FALSE(client.send == client.receive);
    CHECK(client.send.suite() == common::SrtpSuite::AeadAes256Gcm);
}

TEST_CASE("A client whose certificate is another gives the server no keys") {
    Ends ends(&kOther, nullptr);

    ends.shake();

    CHECK(ends.server.association.state() == State::Failed);
    CHECK(ends.server.association.wrong_certificate());
    CHECK_FALSE(ends.server.association.keys().send.valid());
    CHECK_FALSE(ends.server.association.keys().receive.valid());
}

TEST_CASE("A server whose certificate is another gives the client no keys") {
    Ends ends(nullptr, &kOther);

    ends.shake();

    CHECK(ends.client.association.state() == State::Failed);
    CHECK(ends.client.association.wrong_certificate());
    CHECK_FALSE(ends.client.association.keys().send.valid());
    CHECK(ends.server.association.state() != State::Established);
}

TEST_CASE("A first ClientHello is answered with less than it brought, and nothing is kept of it") {
    Ends ends;
    ends.client.association.start();
    const Bytes hello = ends.client.take();

    CHECK_FALSE(ends.server.association.greet(hello, kClientAt));

    REQUIRE(ends.server.sent.size() == 1);
    CHECK(ends.server.sent.front().size() < hello.size());
    CHECK(ends.server.association.state() == State::Listening);
}

TEST_CASE("A cookie that another address was given opens no handshake") {
    Ends ends;
    ends.client.association.start();
    ends.server.association.greet(ends.client.take(), kClientAt);
    ends.client.association.receive(ends.server.take());
    const Bytes with_cookie = ends.client.take();

    CHECK_FALSE(ends.server.association.greet(with_cookie, kElsewhere));
    CHECK(ends.server.association.greet(with_cookie, kClientAt));
}

TEST_CASE("What is no ClientHello leaves the listener listening") {
    Ends ends;
    for (const Bytes& junk : {Bytes{22}, Bytes(13, 22), Bytes(200, 0x16), Bytes(1500, 0xff),
                              Bytes{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}}) {
        CHECK_FALSE(ends.server.association.greet(junk, kClientAt));
    }
    CHECK(ends.server.sent.empty());

    ends.shake();
    CHECK(ends.server.association.state() == State::Established);
}

TEST_CASE("Junk in the middle of a handshake does not end it") {
    Ends ends;
    ends.client.association.start();
    while (ends.server.association.state() != State::Handshaking) {
        ends.to_server(ends.client.take());
        if (!ends.server.sent.empty() && ends.server.association.state() == State::Listening)
            ends.client.association.receive(ends.server.take());
    }
    for (const Bytes& junk : {Bytes{22}, Bytes(13, 22), Bytes(200, 0x16), Bytes(1500, 0xff),
                              Bytes{20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1},
                              Bytes{23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1}}) {
        ends.server.association.receive(junk);
        ends.client.association.receive(junk);
    }

    ends.carry();

    CHECK(ends.client.association.state() == State::Established);
    CHECK(ends.server.association.state() == State::Established);
}

TEST_CASE("No datagram of a handshake is larger than the path takes") {
    Ends ends;
    std::size_t largest = 0;
    ends.client.association.start();
    while (!ends.client.sent.empty() || !ends.server.sent.empty()) {
        while (!ends.client.sent.empty()) {
            largest = std::max(largest, ends.client.sent.front().size());
            ends.to_server(ends.client.take());
        }
        while (!ends.server.sent.empty()) {
            largest = std::max(largest, ends.server.sent.front().size());
            ends.client.association.receive(ends.server.take());
        }
    }
    CHECK(largest <= DtlsAssociation::kLinkMtuBytes);
}

TEST_CASE("A handshake whose first flights are lost ends well by retransmission") {
    Ends ends;
    ends.client.association.start();
    int lost = 0;
    // Its timers are real: 250 ms, doubled. Of the first six rounds every other one is lost whole.
    const auto until = std::chrono::steady_clock::now() + 20s;
    const auto done = [&] {
        return ends.client.association.state() == State::Established &&
               ends.server.association.state() == State::Established;
    };
    std::size_t rounds = 0;
    while (!done() && std::chrono::steady_clock::now() < until) {
        const bool something = !ends.client.sent.empty() || !ends.server.sent.empty();
        if (something && ++rounds <= 6 && rounds % 2 == 1) {
            lost += static_cast<int>(ends.client.sent.size() + ends.server.sent.size());
            ends.client.sent.clear();
            ends.server.sent.clear();
        } else if (something) {
            while (!ends.client.sent.empty()) ends.to_server(ends.client.take());
            while (!ends.server.sent.empty()) ends.client.association.receive(ends.server.take());
        }
        for (End* end : {&ends.client, &ends.server}) end->association.on_due();
        std::this_thread::yield();
    }

    CHECK(done());
    CHECK(lost >= 2);
    CHECK(ends.client.association.keys().send == ends.server.association.keys().receive);
}
