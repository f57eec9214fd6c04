// Datagrams at a media port, told apart and given to DTLS: before a handshake, in the middle of it,
// and after it. Several in one input: two bytes of length, then so many bytes. Length 0 lets a real
// handshake go one datagram on, so that what follows meets a later state.
// Covers: mcu/transport/datagram_demux.cpp mcu/transport/dtls_endpoint.cpp

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "mcu/transport/datagram_demux.h"
#include "mcu/transport/dtls_endpoint.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/fake_clock.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

const mcu::DtlsIdentity& identity(bool ours) {
    static const auto us = *mcu::DtlsIdentity::create();
    static const auto them = *mcu::DtlsIdentity::create();
    return ours ? *us : *them;
}

struct Told final : mcu::DtlsObserver {
    void on_dtls_established(const mcu::SrtpKeyPair& keys, const mcu::SocketAddress&) override {
        FUZZ_EXPECT(keys.send.valid() && keys.receive.valid());
        ++established;
    }
    void on_dtls_failed(const std::string& why) override { FUZZ_EXPECT(!why.empty()); }
    int established = 0;
};

/// Hands what the demultiplexer calls DTLS to the endpoint, and expects it to call nothing else so.
struct Port final : mcu::DatagramReader {
    void on_datagram(const mcu::Datagram& datagram) override {
        FUZZ_EXPECT(datagram.bytes[0] >= 20 && datagram.bytes[0] <= 63);
        endpoint->receive(datagram);
    }
    mcu::DtlsEndpoint* endpoint = nullptr;
};

struct Scene {
    explicit Scene(bool we_call)
        : endpoint(
              net, identity(true),
              {.role = we_call ? mcu::DtlsRole::Client : mcu::DtlsRole::Server,
               .fingerprints = {identity(false).fingerprint()},
               .peer = peer_at},
              [this](std::span<const std::uint8_t> datagram, const mcu::SocketAddress& to) {
                  FUZZ_EXPECT(datagram.size() <= mcu::DtlsAssociation::kLinkMtuBytes);
                  if (to == peer_at) to_peer.emplace_back(datagram.begin(), datagram.end());
              },
              told),
          peer(identity(false), we_call ? mcu::DtlsRole::Server : mcu::DtlsRole::Client,
               {identity(true).fingerprint()}, [this](std::span<const std::uint8_t> datagram) {
                   to_us.emplace_back(datagram.begin(), datagram.end());
               }) {
        port.endpoint = &endpoint;
        if (!we_call) peer.start();
    }
    void deliver(Bytes datagram, const mcu::SocketAddress& from) {
        demux.on_datagram({datagram, from, clock.now()});
    }
    void step() {
        if (!to_us.empty()) {
            Bytes datagram = std::move(to_us.front());
            to_us.pop_front();
            deliver(std::move(datagram), peer_at);
        } else if (!to_peer.empty()) {
            const Bytes datagram = std::move(to_peer.front());
            to_peer.pop_front();
            if (peer.state() == mcu::DtlsAssociation::State::Listening) {
                peer.greet(datagram, peer_at);
            } else {
                peer.receive(datagram);
            }
        } else {
            endpoint.settle();
        }
    }

    tests::FakeClock clock;
    mcu::NetThread net{"net", clock, mcu::NetThread::Runs::WhenTold};
    Told told;
    const mcu::SocketAddress peer_at = *mcu::SocketAddress::parse("192.0.2.1", 5000);
    const mcu::SocketAddress stranger_at = *mcu::SocketAddress::parse("192.0.2.2", 5000);
    std::deque<Bytes> to_peer, to_us;
    mcu::DtlsEndpoint endpoint;
    mcu::DtlsAssociation peer;
    Port port;
    mcu::DatagramDemux demux{{.media = nullptr, .stun = nullptr, .dtls = &port}};
};

}  // namespace

// Byte 0: bit 0 we call, bit 1 what follows comes from a stranger, bit 2 time passes in between.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 20'000) return 0;
    const std::uint8_t how = data[0];
    Scene scene((how & 1U) != 0);
    std::span<const std::uint8_t> rest(data + 1, size - 1);
    for (int count = 0; rest.size() >= 2 && count < 40; ++count) {
        const std::size_t wanted = static_cast<std::size_t>(rest[0]) << 8U | rest[1];
        const auto datagram = rest.subspan(2, std::min(wanted, rest.size() - 2));
        rest = rest.subspan(2 + datagram.size());
        if (wanted == 0) {
            scene.step();
        } else {
            scene.deliver(Bytes(datagram.begin(), datagram.end()),
                          (how & 2U) != 0 ? scene.stranger_at : scene.peer_at);
        }
        if ((how & 4U) != 0) {
            scene.clock.advance(std::chrono::seconds(5));
            scene.net.run_ready();
        }
    }
    FUZZ_EXPECT(scene.told.established <= 1);
    return 0;
}
