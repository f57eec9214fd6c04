#include "mixer/codec/frame_num_narrower.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

namespace {

using Nal = std::vector<std::uint8_t>;

/// Bits written down as a text of 0 and 1 (spaces between fields), ended by the stop bit.
Nal nal(std::uint8_t header, const std::string& fields) {
    Nal bytes{header};
    int count = 0;
    for (const char bit : fields + "1") {
        if (bit == ' ') continue;
        if (count++ % 8 == 0) bytes.push_back(0);
        bytes.back() = static_cast<std::uint8_t>(bytes.back() | (bit - '0') << (8 - count % 8) % 8);
    }
    return bytes;
}

const std::string kBaseline = "01000010 11000000 00011110 1 ";
/// log2_max_frame_num 7, picture order type 2, and some of what follows.
const Nal kSps = nal(0x67, kBaseline + "00100 011 010 0 0000101");
/// CAVLC, deblocking control.
const Nal kPps = nal(0x68, "1 1 0 0 1 1 1 0 00 1 1 1 1 0 0");

std::vector<Nal> narrowed(mixer::FrameNumNarrower& narrower, const std::vector<Nal>& picture) {
    std::vector<std::span<const std::uint8_t>> nals(picture.begin(), picture.end());
    std::vector<Nal> result;
    for (const auto each : narrower.narrow(nals)) result.emplace_back(each.begin(), each.end());
    return result;
}

}  // namespace

TEST_CASE("frame_num loses its upper bits in parameter sets and slices, and nothing else changes") {
    mixer::FrameNumNarrower narrower;

    const auto first = narrowed(
        narrower, {kSps, kPps, nal(0x65, "1 0001000 1 0000000 1 0 0 1 1 1 1 1011100110001111")});
    REQUIRE(first.size() == 3);
    CHECK(first[0] == nal(0x67, kBaseline + "1 011 010 0 0000101"));
    CHECK(first[1] == kPps);
    CHECK(first[2] == nal(0x65, "1 0001000 1 0000 1 0 0 1 1 1 1 1011100110001111"));

    const auto second = narrowed(
        narrower, {nal(0x41, "1 00110 1 1010101 0 0 0 010 1 1 1 10101111000010110100111")});
    REQUIRE(second.size() == 1);
    CHECK(second[0] == nal(0x41, "1 00110 1 0101 0 0 0 010 1 1 1 10101111000010110100111"));
}

TEST_CASE("Emulation prevention is taken out where bits move, and put in where it is needed then") {
    mixer::FrameNumNarrower narrower;
    REQUIRE(narrowed(narrower, {kSps, kPps}).size() == 2);
    const std::string header = "1 00110 1 ", rest = " 0 0 0 1 1 1 1 ";
    Nal slice = nal(0x41, header + "0010001" + rest + "111 00000000 00000000 00000001 1010");
    slice.insert(slice.begin() + 6, 3);  // 00 00 03 01

    const auto out = narrowed(narrower, {slice});

    REQUIRE(out.size() == 1);
    // Two whole bytes are zero still, but 13 follows.
    CHECK(out[0] == nal(0x41, header + "0001" + rest + "111 00000000 00000000 00000001 1010"));

    // Three bits on, what was 00 00 6f becomes 00 00 03.
    const std::string data = "111 111 00000000 00000000 000000 11 1010";
    const auto wanting = narrowed(narrower, {nal(0x41, header + "0010001" + rest + data)});
    REQUIRE(wanting.size() == 1);
    Nal expected = nal(0x41, header + "0001" + rest + data);
    REQUIRE(expected.size() == 8);
    expected.insert(expected.begin() + 6, 3);
    CHECK(wanting[0] == expected);
}

TEST_CASE("A stream whose frame_num has four bits already goes through as it is") {
    mixer::FrameNumNarrower narrower;
    const Nal sps = nal(0x67, kBaseline + "1 011 010 0 0000101");
    const Nal slice = nal(0x41, "1 00110 1 0101 0 0 0 1 1 1 1 10101111000010110100111");

    const auto out = narrowed(narrower, {sps, kPps, slice});

    CHECK(out == std::vector<Nal>{sps, kPps, slice});
}

TEST_CASE("Streams of another shape are refused rather than rewritten wrongly") {
    mixer::FrameNumNarrower narrower;
    CHECK(narrowed(narrower, {nal(0x67, kBaseline + "00100 1 010 0 0000101")}).empty());
    CHECK(narrowed(narrower, {nal(0x67, "01111010 00000000 00011110 1 00100 011")}).empty());
    CHECK(narrowed(narrower, {nal(0x68, "1 1 0 1 1 1 1 0 00 1 1 1 1 0 0")}).empty());
    REQUIRE(narrowed(narrower, {kSps, kPps}).size() == 2);
    CHECK(narrowed(narrower, {nal(0x41, "1 010 1 0000001 0 0 0 1 1 1 1 101")}).empty());  // B
    CHECK(narrowed(narrower, {nal(0x41, "1 00110 1 0000001 0 1 1 0 1 1 1 101")}).empty());
    CHECK(narrowed(narrower, {nal(0x41, "1 00110 1 0000001 0 0 1 1 1 1 1 101")}).empty());
}

TEST_CASE("A NAL unit cut anywhere is refused or passed on, never read beyond") {
    const Nal slice = nal(0x41, "1 00110 1 1010101 0 0 0 010 1 1 1 10101111000010110100111");
    for (const Nal& whole : {kSps, kPps, slice}) {
        for (std::size_t length = 0; length < whole.size(); ++length) {
            mixer::FrameNumNarrower narrower;
            REQUIRE(narrowed(narrower, {kSps, kPps}).size() == 2);
            const Nal cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
            const auto out = narrowed(narrower, {cut});
            CHECK((out.empty() || out[0].size() <= cut.size() + 1));
        }
    }
}
