#include "mcu/rtp/vp8_packetizer.h"

#include <array>
#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

#include "mcu/rtp/vp8_depacketizer.h"
#include "tests/support/allocation_counter.h"

using mcu::Vp8Packetizer;
using Bytes = std::vector<std::uint8_t>;

namespace {

struct Sent {
    std::vector<Bytes> payloads;
    std::vector<bool> last;
};

Sent cut(const Bytes& frame, std::size_t max_payload_bytes) {
    Vp8Packetizer packetizer(max_payload_bytes);
    Bytes out(max_payload_bytes);
    Sent sent;
    packetizer.start(frame);
    while (const auto payload = packetizer.next(out)) {
        sent.payloads.emplace_back(out.begin(),
                                   out.begin() + static_cast<std::ptrdiff_t>(payload->bytes));
        sent.last.push_back(payload->last);
    }
    return sent;
}

}  // namespace

TEST_CASE("A VP8 picture that fits goes in one payload, marked as the last") {
    const Sent sent = cut({0x51, 0x01, 0x00, 0x88}, 100);

    REQUIRE(sent.payloads.size() == 1);
    CHECK(sent.payloads[0] == Bytes{0x10, 0x51, 0x01, 0x00, 0x88});
    CHECK(sent.last == std::vector<bool>{true});
}

TEST_CASE(
    "A larger VP8 picture is cut into payloads of about equal size, the first of which begins it") {
    Bytes frame(10);
    std::iota(frame.begin(), frame.end(), std::uint8_t{1});

    const Sent sent = cut(frame, 5);

    REQUIRE(sent.payloads.size() == 3);
    CHECK(sent.payloads[0] == Bytes{0x10, 1, 2, 3, 4});
    CHECK(sent.payloads[1] == Bytes{0x00, 5, 6, 7});
    CHECK(sent.payloads[2] == Bytes{0x00, 8, 9, 10});
    CHECK(sent.last == std::vector<bool>{false, false, true});
}

TEST_CASE("No VP8 picture, no payload") {
    CHECK(cut({}, 100).payloads.empty());
}

TEST_CASE("What the VP8 packetizer cuts the depacketizer joins") {
    for (const std::size_t bytes : {11U, 1187U, 1188U, 1189U, 40'000U}) {
        Bytes frame(bytes);
        std::iota(frame.begin(), frame.end(), std::uint8_t{0});
        const std::array<std::uint8_t, 6> head{0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a};
        std::copy(head.begin(), head.end(), frame.begin());
        mcu::Vp8Depacketizer depacketizer;
        common::EncodedFrame joined;

        depacketizer.begin(joined);
        for (const Bytes& payload : cut(frame, Vp8Packetizer::kDefaultPayloadBytes).payloads) {
            CHECK(payload.size() <= Vp8Packetizer::kDefaultPayloadBytes);
            REQUIRE(depacketizer.add(payload));
        }

        CHECK(depacketizer.finish() == mcu::PictureCompletion::Picture);
        CHECK(joined.bytes == frame);
    }
}

TEST_CASE("Cutting a VP8 picture allocates nothing") {
    const Bytes frame(30'000, 7);
    Bytes out(Vp8Packetizer::kDefaultPayloadBytes);
    Vp8Packetizer packetizer;
    std::size_t sum = 0;

    const tests::AllocationCounter counter;
    packetizer.start(frame);
    while (const auto payload = packetizer.next(out)) sum += payload->bytes - 1;

    CHECK(counter.count() == 0);
    CHECK(sum == frame.size());
}
