#include "mcu/transport/datagram_demux.h"

#include <catch2/catch.hpp>
#include <vector>

using mcu::Datagram;
using mcu::DatagramDemux;
using mcu::DatagramKind;
using mcu::kind_of;

namespace {

struct Reader final : mcu::DatagramReader {
    void on_datagram(const Datagram& datagram) override {
        first_bytes.push_back(datagram.bytes[0]);
    }
    std::vector<std::uint8_t> first_bytes;
};

DatagramKind kind_of_first(std::uint8_t first) {
    const std::vector<std::uint8_t> bytes{first, 0};
    return kind_of(bytes);
}

void deliver(DatagramDemux& demux, std::vector<std::uint8_t> bytes) {
    demux.on_datagram({bytes, mcu::SocketAddress(), common::Timestamp()});
}

}  // namespace

TEST_CASE("The first byte tells media, STUN and DTLS apart at every border of RFC 7983") {
    CHECK(kind_of_first(0) == DatagramKind::Stun);
    CHECK(kind_of_first(3) == DatagramKind::Stun);
    CHECK(kind_of_first(4) == DatagramKind::Other);
    CHECK(kind_of_first(19) == DatagramKind::Other);
    CHECK(kind_of_first(20) == DatagramKind::Dtls);
    CHECK(kind_of_first(63) == DatagramKind::Dtls);
    CHECK(kind_of_first(64) == DatagramKind::Other);
    CHECK(kind_of_first(127) == DatagramKind::Other);
    CHECK(kind_of_first(128) == DatagramKind::Media);
    CHECK(kind_of_first(191) == DatagramKind::Media);
    CHECK(kind_of_first(192) == DatagramKind::Other);
    CHECK(kind_of({}) == DatagramKind::Other);
}

TEST_CASE("What nobody speaks is dropped and counted, the rest reaches its reader") {
    Reader media;
    DatagramDemux demux({.media = &media});

    deliver(demux, {0x80, 0});
    deliver(demux, {0x00, 1});  // STUN
    deliver(demux, {22, 254});  // DTLS
    deliver(demux, {});
    deliver(demux, {0xff});

    CHECK(media.first_bytes == std::vector<std::uint8_t>{0x80});
    CHECK(demux.counters().media == 1);
    CHECK(demux.counters().dropped == 4);
}

TEST_CASE("A reader for STUN gets STUN") {
    Reader stun;
    DatagramDemux demux({.stun = &stun});

    deliver(demux, {0x01, 0x01});
    deliver(demux, {0x80, 0x60});

    CHECK(stun.first_bytes == std::vector<std::uint8_t>{0x01});
    CHECK(demux.counters().stun == 1);
    CHECK(demux.counters().dropped == 1);
}
