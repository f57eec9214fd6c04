#include "mcu/rtp/h264_packetizer.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "tests/support/allocation_counter.h"
#include "tests/unit/mcu/rtp/test_packets.h"

using mcu::H264Packetizer;
using tests::Bytes;
using Mode = H264Packetizer::Mode;

namespace {

/// A NAL unit of `size` bytes that begins with `header` and counts.
Bytes nal(std::uint8_t header, std::size_t size) {
    Bytes bytes(size);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    bytes[0] = header;
    return bytes;
}

struct Sent {
    std::vector<Bytes> payloads;
    std::vector<bool> last;
};

Sent packetize(H264Packetizer& packetizer, const std::vector<Bytes>& units) {
    const std::vector<std::span<const std::uint8_t>> nals(units.begin(), units.end());
    Bytes out(packetizer.largest_payload_bytes());
    Sent sent;
    packetizer.start(nals);
    while (const auto payload = packetizer.next(out)) {
        sent.payloads.emplace_back(out.begin(),
                                   out.begin() + static_cast<std::ptrdiff_t>(payload->bytes));
        sent.last.push_back(payload->last);
    }
    return sent;
}

}  // namespace

TEST_CASE("One small NAL unit is a payload as it is, with the marker") {
    H264Packetizer packetizer(Mode::NonInterleaved);

    const Sent sent = packetize(packetizer, {{0x41, 0x9a, 0x01}});

    CHECK(sent.payloads == std::vector<Bytes>{{0x41, 0x9a, 0x01}});
    CHECK(sent.last == std::vector{true});
}

TEST_CASE("Neighbours that fit together travel as STAP-A with the highest importance") {
    H264Packetizer packetizer(Mode::NonInterleaved);

    const Sent sent = packetize(packetizer, {{0x27, 0x42}, {0x28, 0xce, 0x01}, {0x65, 0x88}});

    CHECK(sent.payloads == std::vector<Bytes>{{
                               0x78,                          // NRI 3, type 24
                               0x00, 0x02, 0x27, 0x42,        // SPS
                               0x00, 0x03, 0x28, 0xce, 0x01,  // PPS
                               0x00, 0x02, 0x65, 0x88,        // slice
                           }});
    CHECK(sent.last == std::vector{true});
}

TEST_CASE("A NAL unit too large for one payload travels as FU-A") {
    H264Packetizer packetizer(Mode::NonInterleaved, 6);

    const Sent sent = packetize(packetizer, {nal(0x65, 10)});

    CHECK(sent.payloads == std::vector<Bytes>{
                               {0x7c, 0x85, 1, 2, 3},  // start
                               {0x7c, 0x05, 4, 5, 6},
                               {0x7c, 0x45, 7, 8, 9},  // end
                           });
    CHECK(sent.last == std::vector{false, false, true});
}

TEST_CASE("No payload is larger than allowed, and fragments are of about equal size") {
    H264Packetizer packetizer(Mode::NonInterleaved);

    for (std::size_t size = 1; size < 6000; size += 7) {
        const Sent sent =
            packetize(packetizer, {nal(0x67, 20), nal(0x68, 4), nal(0x65, size), nal(0x65, 900)});
        std::size_t smallest = 1188;
        for (const Bytes& payload : sent.payloads) {
            CHECK(payload.size() <= 1188);
            if ((payload[0] & 0x1f) == 28) smallest = std::min(smallest, payload.size());
        }
        CHECK(smallest > 500);
        CHECK(std::count(sent.last.begin(), sent.last.end(), true) == 1);
        CHECK(sent.last.back());
    }
}

TEST_CASE("Mode 0 sends each NAL unit by itself") {
    H264Packetizer packetizer(Mode::SingleNal);

    const Sent sent = packetize(packetizer, {{0x67, 1}, {0x68, 2}, {0x65, 3}});

    CHECK(sent.payloads.size() == 3);
    CHECK(sent.last == std::vector{false, false, true});
}

TEST_CASE(
    "Mode 0 sends what is over the limit and fits a datagram, drops what does not, and counts "
    "both") {
    H264Packetizer packetizer(Mode::SingleNal);

    const Sent sent = packetize(packetizer, {nal(0x65, 1300), nal(0x65, 5000)});

    REQUIRE(sent.payloads.size() == 1);
    CHECK(sent.payloads[0].size() == 1300);
    CHECK(sent.last == std::vector{true});  // though the last NAL unit was dropped
    CHECK(packetizer.counters().oversized_sent == 1);
    CHECK(packetizer.counters().oversized_dropped == 1);
}

TEST_CASE("Empty NAL units are skipped") {
    H264Packetizer packetizer(Mode::NonInterleaved);

    CHECK(packetize(packetizer, {{}, {0x41, 1}, {}}).payloads == std::vector<Bytes>{{0x41, 1}});
    CHECK(packetize(packetizer, {}).payloads.empty());
}

TEST_CASE("Packetizing allocates nothing") {
    H264Packetizer packetizer(Mode::NonInterleaved);
    const Bytes unit = nal(0x65, 50'000);
    const std::array<std::span<const std::uint8_t>, 1> nals{unit};
    Bytes out(packetizer.largest_payload_bytes());

    tests::AllocationCounter allocations;
    packetizer.start(nals);
    int count = 0;
    while (packetizer.next(out)) ++count;

    CHECK(allocations.count() == 0);
    CHECK(count == 43);
}
