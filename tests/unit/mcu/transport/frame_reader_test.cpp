#include "mcu/transport/frame_reader.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

using mcu::FrameReader;
using Bytes = std::vector<std::uint8_t>;

namespace {

Bytes framed(const Bytes& datagram) {
    Bytes frame(2 + datagram.size());
    frame[0] = static_cast<std::uint8_t>(datagram.size() >> 8U);
    frame[1] = static_cast<std::uint8_t>(datagram.size() & 0xffU);
    std::copy(datagram.begin(), datagram.end(), frame.begin() + 2);
    return frame;
}

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// All datagrams of `stream` when it arrives in pieces of `piece` bytes.
std::vector<Bytes> read_all(FrameReader& reader, const Bytes& stream, std::size_t piece) {
    std::vector<Bytes> datagrams;
    for (std::size_t at = 0; at < stream.size() && !reader.broken();) {
        const auto room = reader.room();
        REQUIRE(!room.empty());
        const std::size_t bytes = std::min({piece, room.size(), stream.size() - at});
        std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), bytes, room.begin());
        reader.wrote(bytes);
        at += bytes;
        while (const auto frame = reader.next())
            datagrams.emplace_back(frame->begin(), frame->end());
    }
    return datagrams;
}

}  // namespace

TEST_CASE("Datagrams come whole, however the stream is cut") {
    const std::vector<Bytes> sent{{1, 2, 3}, Bytes(2048, 7), {9}, Bytes(1200, 5)};
    Bytes stream;
    for (int round = 0; round < 10; ++round) {
        for (const Bytes& datagram : sent) stream = stream + framed(datagram);
    }
    for (const std::size_t piece : {1UL, 2UL, 3UL, 1000UL, 100'000UL}) {
        FrameReader reader;
        const auto got = read_all(reader, stream, piece);
        REQUIRE(got.size() == 40);
        for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == sent[i % 4]);
        CHECK(!reader.broken());
    }
}

TEST_CASE("Empty datagrams are left out") {
    FrameReader reader;
    const auto got = read_all(reader, framed({}) + framed({1}) + framed({}), 100);
    CHECK(got == std::vector<Bytes>{{1}});
}

TEST_CASE("After a datagram that is too long nothing is read") {
    FrameReader reader;
    const auto got = read_all(reader, framed({1}) + framed(Bytes(2049, 7)) + framed({2}), 10'000);
    CHECK(got == std::vector<Bytes>{{1}});
    CHECK(reader.broken());
    CHECK(!reader.next());
}
