// A TCP connection that is to carry datagrams. The first byte says in which pieces the rest
// arrives; what comes out must not depend on it.
// Covers: mcu/transport/frame_reader.cpp

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "mcu/transport/frame_reader.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

struct Outcome {
    std::vector<std::vector<std::uint8_t>> datagrams;
    bool broken = false;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read_all(std::span<const std::uint8_t> stream, std::size_t piece) {
    const auto reader = std::make_unique<mcu::FrameReader>();
    Outcome outcome;
    while (!stream.empty() && !reader->broken()) {
        const auto room = reader->room();
        FUZZ_EXPECT(!room.empty());
        const auto arrived = stream.first(std::min({piece, room.size(), stream.size()}));
        std::ranges::copy(arrived, room.begin());
        reader->wrote(arrived.size());
        stream = stream.subspan(arrived.size());
        while (const auto frame = reader->next()) {
            FUZZ_EXPECT(!frame->empty());
            outcome.datagrams.emplace_back(frame->begin(), frame->end());
        }
    }
    outcome.broken = reader->broken();
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 65'536) return 0;
    const std::span<const std::uint8_t> stream(data + 1, size - 1);
    FUZZ_EXPECT(read_all(stream, std::size_t{data[0]} + 1) == read_all(stream, size));
    return 0;
}
