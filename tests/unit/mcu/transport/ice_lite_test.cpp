#include "mcu/transport/ice_lite.h"

#include <nice/agent.h>

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mcu/transport/tcp_line.h"
#include "tests/support/fake_clock.h"
#include "tests/support/tcp_peer.h"
#include "tests/support/udp_peer.h"

using mcu::IceCredentials;
using mcu::IceLite;
using mcu::NetThread;
using mcu::SocketAddress;
using Bytes = std::vector<std::uint8_t>;
using namespace std::chrono_literals;

namespace {

const IceCredentials kOurs{"ours", "ourpasswordourpassword"};
const Bytes kMedia{0x80, 0x60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

/// A full agent that controls, as a browser is one: libnice's.
class FullAgent {
  public:
    explicit FullAgent(const std::string& address, bool tcp = false)
        : context_(g_main_context_new()),
          agent_(nice_agent_new(context_, NICE_COMPATIBILITY_RFC5245)) {
        g_object_set(agent_, "controlling-mode", TRUE, "upnp", FALSE, "ice-tcp", tcp ? TRUE : FALSE,
                     "ice-udp", tcp ? FALSE : TRUE, nullptr);
        NiceAddress local;
        nice_address_init(&local);
        REQUIRE(nice_address_set_from_string(&local, address.c_str()));
        nice_agent_add_local_address(agent_, &local);
        stream_ = nice_agent_add_stream(agent_, 1);
        nice_agent_attach_recv(agent_, stream_, 1, context_, &FullAgent::on_received, this);
        REQUIRE(nice_agent_gather_candidates(agent_, stream_));
    }
    ~FullAgent() {
        g_object_unref(agent_);
        while (g_main_context_iteration(context_, FALSE) != FALSE) {
        }
        g_main_context_unref(context_);
    }
    FullAgent(const FullAgent&) = delete;
    FullAgent& operator=(const FullAgent&) = delete;

    [[nodiscard]] std::string ufrag() const {
        gchar* ufrag = nullptr;
        gchar* pwd = nullptr;
        nice_agent_get_local_credentials(agent_, stream_, &ufrag, &pwd);
        const std::string text = ufrag;
        g_free(ufrag);
        g_free(pwd);
        return text;
    }
    void call(const IceCredentials& remote, const mcu::IceHostCandidate& candidate) {
        nice_agent_set_remote_credentials(agent_, stream_, remote.ufrag.c_str(),
                                          remote.pwd.c_str());
        NiceCandidate* there = nice_candidate_new(NICE_CANDIDATE_TYPE_HOST);
        there->component_id = 1;
        there->stream_id = stream_;
        there->transport = candidate.transport == mcu::IceHostCandidate::Transport::Udp
                               ? NICE_CANDIDATE_TRANSPORT_UDP
                               : NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE;
        there->priority = candidate.priority;
        REQUIRE(nice_address_set_from_string(&there->addr, candidate.address.address().c_str()));
        nice_address_set_port(&there->addr, candidate.address.port());
        GSList* list = g_slist_append(nullptr, there);
        nice_agent_set_remote_candidates(agent_, stream_, 1, list);
        g_slist_free_full(list,
                          [](gpointer c) { nice_candidate_free(static_cast<NiceCandidate*>(c)); });
    }
    void restart() { nice_agent_restart(agent_); }
    bool send(const Bytes& bytes) {
        return nice_agent_send(agent_, stream_, 1, static_cast<guint>(bytes.size()),
                               reinterpret_cast<const gchar*>(bytes.data())) ==
               static_cast<gint>(bytes.size());
    }
    [[nodiscard]] bool ready() const {
        return nice_agent_get_component_state(agent_, stream_, 1) == NICE_COMPONENT_STATE_READY;
    }
    void run() const {
        while (g_main_context_iteration(context_, FALSE) != FALSE) {
        }
    }
    std::vector<Bytes> received;

  private:
    static void on_received(NiceAgent*, guint, guint, guint bytes, gchar* data, gpointer self) {
        static_cast<FullAgent*>(self)->received.emplace_back(data, data + bytes);
    }
    GMainContext* const context_;
    NiceAgent* const agent_;
    guint stream_ = 0;
};

struct Reader final : mcu::IceTransportReader {
    void on_ice_datagram(const mcu::Datagram& datagram) override {
        received.emplace_back(datagram.bytes.begin(), datagram.bytes.end());
    }
    void on_ice_path(const SocketAddress& to) override { paths.push_back(to); }
    std::vector<Bytes> received;
    std::vector<SocketAddress> paths;
};

struct Fixture {
    explicit Fixture(const std::string& address = "127.0.0.1")
        : ice(net, *IceLite::open_ports(*range, {*SocketAddress::parse(address, 0)}), reader) {
        ice.set_credentials(kOurs, {});
    }
    /// Both sides work until it is so, for five seconds at most.
    bool meet(FullAgent& agent, const std::function<bool()>& done) {
        for (int i = 0; i < 1000; ++i) {
            agent.run();
            if (net.run_until(done, 5ms)) return true;
        }
        return false;
    }
    bool connect(FullAgent& agent, const IceCredentials& as = kOurs) {
        return connect_to(agent, ice.candidates().front(), as);
    }
    bool connect_by_tcp(FullAgent& agent) {
        REQUIRE(ice.candidates().back().transport == mcu::IceHostCandidate::Transport::TcpPassive);
        return connect_to(agent, ice.candidates().back(), kOurs);
    }
    bool connect_to(FullAgent& agent, const mcu::IceHostCandidate& candidate,
                    const IceCredentials& as) {
        agent.call(as, candidate);
        return meet(agent, [&] { return ice.can_send(clock.now()) && agent.ready(); });
    }
    std::size_t send(const Bytes& bytes) {
        const std::span<const std::uint8_t> datagram = bytes;
        return ice.send(std::span(&datagram, 1), clock.now());
    }

    tests::FakeClock clock;
    NetThread net{"net", clock, NetThread::Runs::WhenTold};
    std::unique_ptr<mcu::UdpPortRange> range = *mcu::UdpPortRange::create(23200, 23299);
    Reader reader;
    IceLite ice;
};

}  // namespace

TEST_CASE("A full agent finds the lite one, and media goes both ways") {
    Fixture f;
    FullAgent agent("127.0.0.1");
    f.ice.set_credentials(kOurs, agent.ufrag());

    REQUIRE(f.connect(agent));
    REQUIRE(agent.send(kMedia));
    REQUIRE(f.send(kMedia) == 1);

    CHECK(f.meet(agent, [&] { return !f.reader.received.empty() && !agent.received.empty(); }));
    CHECK(f.reader.received.front() == kMedia);
    CHECK(agent.received.front() == kMedia);
    CHECK(f.reader.paths.size() == 1);
}

TEST_CASE("A peer that no UDP lets through comes by TCP, and media goes both ways") {
    Fixture f;
    FullAgent agent("127.0.0.1", true);
    f.ice.set_credentials(kOurs, agent.ufrag());

    REQUIRE(f.connect_by_tcp(agent));
    REQUIRE(agent.send(kMedia));
    REQUIRE(f.send(kMedia) == 1);

    CHECK(f.meet(agent, [&] { return !f.reader.received.empty() && !agent.received.empty(); }));
    CHECK(f.reader.received.front() == kMedia);
    CHECK(agent.received.front() == kMedia);
}

TEST_CASE("Candidates of UDP come first and have the higher priority") {
    Fixture f;
    const auto& ours = f.ice.candidates();

    REQUIRE(ours.size() == 2);
    CHECK(ours[0].transport == mcu::IceHostCandidate::Transport::Udp);
    CHECK(ours[1].transport == mcu::IceHostCandidate::Transport::TcpPassive);
    CHECK(ours[0].priority > ours[1].priority);
    CHECK(ours[0].foundation != ours[1].foundation);
    CHECK(ours[0].address == ours[1].address);
}

TEST_CASE("A number that another program has for TCP is offered by UDP alone") {
    auto range = *mcu::UdpPortRange::create(23200, 23201);
    const auto taken = mcu::TcpListener::open(*SocketAddress::parse("127.0.0.1", 23200));
    REQUIRE(taken);

    const auto ports = mcu::IceLite::open_ports(*range, {*SocketAddress::parse("127.0.0.1", 0)});

    REQUIRE(ports);
    CHECK(ports->front().tcp == nullptr);
}

TEST_CASE("A TCP connection that proves nothing in ten seconds is closed") {
    Fixture f;
    const std::uint16_t port = f.ice.candidates().back().address.port();
    tests::TcpPeer stranger(port);
    stranger.send({0, 4, 0x80, 0x60, 1, 2});
    REQUIRE(f.net.run_until([&] { return f.ice.counters().unproven == 1; }, 5s));
    f.clock.advance(6s);
    tests::TcpPeer later(port);
    f.net.run_until([] { return false; }, 20ms);

    f.clock.advance(5s);
    CHECK(f.net.run_until([&] { return stranger.closed(); }, 5s));
    CHECK(!later.closed());
    f.clock.advance(6s);

    CHECK(f.net.run_until([&] { return later.closed(); }, 5s));
    CHECK(f.reader.received.empty());
}

TEST_CASE("Strangers' TCP connections do not push out the peer's") {
    Fixture f;
    FullAgent agent("127.0.0.1", true);
    REQUIRE(f.connect_by_tcp(agent));
    std::vector<std::unique_ptr<tests::TcpPeer>> strangers;
    for (std::size_t i = 0; i < 2 * mcu::IceLite::kMostConnections; ++i) {
        strangers.push_back(
            std::make_unique<tests::TcpPeer>(f.ice.candidates().back().address.port()));
        f.net.run_ready();
    }

    CHECK(f.net.run_until([&] { return strangers.front()->closed(); }, 5s));
    CHECK(!strangers.back()->closed());
    REQUIRE(f.send(kMedia) == 1);
    CHECK(f.meet(agent, [&] { return !agent.received.empty(); }));
}

TEST_CASE("When the peer's TCP connection closes nothing is sent until it comes again") {
    Fixture f;
    {
        FullAgent agent("127.0.0.1", true);
        REQUIRE(f.connect_by_tcp(agent));
    }
    REQUIRE(f.net.run_until([&] { return !f.ice.can_send(f.clock.now()); }, 5s));
    CHECK(f.send(kMedia) == 0);

    FullAgent again("127.0.0.1");
    REQUIRE(f.connect(again));
    CHECK(f.send(kMedia) == 1);
}

TEST_CASE("ICE works over IPv6") {
    Fixture f("::1");
    FullAgent agent("::1");

    REQUIRE(f.connect(agent));
    CHECK(f.ice.candidates().front().address.is_ipv6());
}

TEST_CASE("Who does not know our password is not answered") {
    Fixture f;
    FullAgent agent("127.0.0.1");
    agent.call({kOurs.ufrag, "notourpasswordatallnono"}, f.ice.candidates().front());

    CHECK(f.meet(agent, [&] { return f.ice.counters().refused > 2; }));
    CHECK(f.ice.counters().checks == 0);
    CHECK(!f.ice.can_send(f.clock.now()));
    CHECK(f.send(kMedia) == 0);
}

TEST_CASE("Who knows our password and has another name than the peer is not answered") {
    Fixture f;
    FullAgent agent("127.0.0.1");
    f.ice.set_credentials(kOurs, "somebodyelse");
    agent.call(kOurs, f.ice.candidates().front());

    CHECK(f.meet(agent, [&] { return f.ice.counters().refused > 2; }));
    CHECK(f.ice.counters().checks == 0);
}

TEST_CASE("What comes from an address that was never checked is not let in") {
    Fixture f;
    FullAgent agent("127.0.0.1");
    REQUIRE(f.connect(agent));
    tests::UdpPeer stranger;

    stranger.send(kMedia, f.ice.candidates().front().address.port());

    CHECK(f.meet(agent, [&] { return f.ice.counters().unproven == 1; }));
    CHECK(f.reader.received.empty());
}

TEST_CASE("Media stops 30 s after the peer last proved that it is there") {
    Fixture f;
    FullAgent agent("127.0.0.1");
    REQUIRE(f.connect(agent));

    f.clock.advance(29s);
    f.ice.note_authentic(f.clock.now());
    f.clock.advance(29s);
    CHECK(f.ice.can_send(f.clock.now()));
    f.clock.advance(1s);

    CHECK(!f.ice.can_send(f.clock.now()));
    CHECK(f.send(kMedia) == 0);
}

TEST_CASE("An ICE restart keeps the path until the peer has the new credentials") {
    Fixture f;
    FullAgent agent("127.0.0.1");
    REQUIRE(f.connect(agent));
    const IceCredentials renewed{"renewed", "anotherpasswordanother"};

    agent.restart();
    f.ice.set_credentials(renewed, agent.ufrag());
    CHECK(f.send(kMedia) == 1);
    const std::uint64_t before = f.ice.counters().checks;
    agent.call(renewed, f.ice.candidates().front());

    CHECK(f.meet(agent, [&] { return f.ice.counters().checks > before && agent.ready(); }));
    CHECK(f.send(kMedia) == 1);
}

TEST_CASE("Credentials that RFC 8839 does not allow are known for it") {
    CHECK(kOurs.valid());
    CHECK(!IceCredentials{"abc", kOurs.pwd}.valid());
    CHECK(!IceCredentials{"ours", "short"}.valid());
    CHECK(!IceCredentials{"o rs", kOurs.pwd}.valid());
    CHECK(!IceCredentials{std::string(257, 'a'), kOurs.pwd}.valid());
}
