#include "tools/endpoint/opus_fec.h"

#include <array>
#include <catch2/catch.hpp>

#include "tools/endpoint/sound.h"

namespace {

using endpoint::AudioCodec;
using endpoint::carries_previous;
using endpoint::SoundLoop;
using endpoint::SoundPattern;

int copies_in(SoundPattern pattern) {
    const auto loop = SoundLoop::make(1, pattern, AudioCodec::Opus);
    REQUIRE(loop.has_value());
    int copies = 0;
    for (int i = 0; i < endpoint::kLoopPackets; ++i) copies += carries_previous(loop->packet(i));
    return copies;
}

}  // namespace

TEST_CASE("A SILK frame says behind its voice bit whether a copy of the one before follows") {
    // Configuration 9 (20 ms, wide band) of one channel; then voice, copy; two channels: twice.
    CHECK(carries_previous(std::array<std::uint8_t, 2>{0x48, 0b11000000}));
    CHECK_FALSE(carries_previous(std::array<std::uint8_t, 2>{0x48, 0b10000000}));
    CHECK(carries_previous(std::array<std::uint8_t, 2>{0x4c, 0b10110000}));
    // 60 ms: three voice bits first.
    CHECK(carries_previous(std::array<std::uint8_t, 2>{0x58, 0b11110000}));
    CHECK_FALSE(carries_previous(std::array<std::uint8_t, 2>{0x58, 0b11100000}));
}

TEST_CASE("CELT has no copies") {
    CHECK_FALSE(carries_previous(std::array<std::uint8_t, 2>{0xf8, 0xff}));
    CHECK_FALSE(carries_previous({}));
}

TEST_CASE("What sounds like speech is sent with copies, a tone without") {
    CHECK(copies_in(SoundPattern::Speech) > endpoint::kLoopPackets / 2);
    CHECK(copies_in(SoundPattern::Steady) == 0);
}
