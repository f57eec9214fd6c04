#include "mcu/session/frame_packer.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

using namespace std::chrono_literals;
using mcu::FramePacker;
using mcu::OutgoingAudio;
using Bytes = std::vector<std::uint8_t>;

namespace {

struct Packet {
    Bytes payload;
    common::Duration at{};
    bool spurt_start = false;
};

struct Packer {
    FramePacker packer;
    std::vector<Packet> sent;
    int frames = 0;

    void send(int packet_ms, bool spurt_start = false, std::size_t bytes = 160) {
        Bytes payload(bytes);
        std::iota(payload.begin(), payload.end(), static_cast<std::uint8_t>(frames));
        const common::Timestamp at = common::Timestamp() + frames++ * 20ms;
        packer.pack({at, spurt_start, payload}, packet_ms, [this](const OutgoingAudio& packet) {
            sent.push_back({Bytes(packet.payload.begin(), packet.payload.end()),
                            packet.media_time - common::Timestamp(), packet.talk_spurt_start});
        });
    }
};

}  // namespace

TEST_CASE_METHOD(Packer, "Twenty milliseconds are sent as they come") {
    send(20, true);

    REQUIRE(sent.size() == 1);
    CHECK(sent[0].payload.size() == 160);
    CHECK(sent[0].spurt_start);
}

TEST_CASE_METHOD(Packer, "Ten milliseconds are half a frame, and the second half is ten later") {
    send(10, true);

    REQUIRE(sent.size() == 2);
    CHECK(sent[0].payload.size() == 80);
    CHECK(sent[0].spurt_start);
    CHECK(sent[1].payload.front() == 80);
    CHECK(sent[1].at == 10ms);
    CHECK_FALSE(sent[1].spurt_start);
}

TEST_CASE_METHOD(Packer, "Three frames make sixty milliseconds, with the time of the first") {
    for (int i = 0; i < 6; ++i) send(60, i == 0);

    REQUIRE(sent.size() == 2);
    CHECK(sent[0].payload.size() == 480);
    CHECK(sent[0].payload[160] == 1);
    CHECK(sent[0].spurt_start);
    CHECK(sent[1].at == 60ms);
    CHECK_FALSE(sent[1].spurt_start);
}

TEST_CASE_METHOD(Packer, "What waited when silence came is left out") {
    send(40, true);
    send(40, true);
    send(40);

    REQUIRE(sent.size() == 1);
    CHECK(sent[0].at == 20ms);
    CHECK(sent[0].payload.size() == 320);
    CHECK(sent[0].spurt_start);
}

TEST_CASE_METHOD(Packer, "A peer that changes its mind gets the other length at once") {
    send(60, true);
    send(60);
    send(40);
    send(20);
    send(60);

    REQUIRE(sent.size() == 2);
    CHECK(sent[0].payload.size() == 480);
    CHECK(sent[1].payload.size() == 160);
}

TEST_CASE_METHOD(Packer, "Frames of another codec are not cut") {
    send(10, false, 93);
    send(60, false, 93);

    CHECK(sent.size() == 2);
}

TEST_CASE("A wish becomes the longest packet that is not longer") {
    CHECK(FramePacker::packet_ms(0) == 20);
    CHECK(FramePacker::packet_ms(5) == 10);
    CHECK(FramePacker::packet_ms(10) == 10);
    CHECK(FramePacker::packet_ms(30) == 20);
    CHECK(FramePacker::packet_ms(40) == 40);
    CHECK(FramePacker::packet_ms(200) == 60);
}
