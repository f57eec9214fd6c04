// Transport-wide feedback from the network: the body of one RTCP packet. And the recorder that
// makes it: the same bytes as steps of (sequence number, time).
// Covers: mcu/rtp/rtcp/transport_feedback.cpp mcu/rtp/transport_feedback_recorder.cpp

#include <algorithm>
#include <vector>

#include "mcu/rtp/rtcp/transport_feedback.h"
#include "mcu/rtp/transport_feedback_recorder.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

constexpr std::size_t kMostBytes = 900;

std::optional<mcu::TransportFeedback> parse(std::span<const std::uint8_t> body) {
    return mcu::TransportFeedback::parse(
        {.count_or_format = mcu::TransportFeedback::kFormat, .type = 205, .body = body});
}

/// What was read can be written, and is then read as the same.
void write_again(const mcu::TransportFeedback& feedback) {
    std::vector<std::optional<common::Timestamp>> statuses;
    std::uint16_t sequence = feedback.base_sequence;
    feedback.for_each([&](std::uint16_t told, std::optional<common::Duration> arrival) {
        FUZZ_EXPECT(told == sequence++);
        statuses.push_back(std::nullopt);
        if (arrival) statuses.back() = common::Timestamp::from_ns(arrival->count());
    });
    FUZZ_EXPECT(statuses.size() == feedback.status_count);
    std::vector<std::uint8_t> bytes;
    common::ByteWriter writer(bytes);
    const std::size_t told = mcu::write_transport_feedback(feedback, statuses, kMostBytes, writer);
    FUZZ_EXPECT(bytes.size() <= kMostBytes && bytes.size() % 4 == 0);
    FUZZ_EXPECT((told == 0) == bytes.empty());
    if (told == 0) return;
    const auto again = parse(std::span(bytes).subspan(4));
    FUZZ_EXPECT(again && again->status_count == told);
    std::size_t index = 0;
    again->for_each([&](std::uint16_t, std::optional<common::Duration> arrival) {
        FUZZ_EXPECT(arrival.has_value() == statuses[index++].has_value());
    });
}

void record(std::span<const std::uint8_t> steps) {
    mcu::TransportFeedbackRecorder recorder;
    auto now = common::Timestamp::from_ns(1'000'000'000'000);
    std::uint16_t sequence = 0;
    for (const std::uint8_t step : steps) {
        sequence = static_cast<std::uint16_t>(sequence +
                                              ((step & 0x80) != 0 ? 97 * (step & 0x1f) : step & 7));
        if ((step & 0x40) != 0) sequence = static_cast<std::uint16_t>(sequence - 12);
        now += std::chrono::milliseconds((step & 0x20) != 0 ? 4000 : step & 0x1f);
        recorder.on_packet(sequence, now);
        if (recorder.due(now)) {
            std::vector<std::uint8_t> bytes;
            common::ByteWriter writer(bytes);
            const bool wrote = recorder.write(1, 2, now, kMostBytes, writer);
            FUZZ_EXPECT(wrote == !bytes.empty() && bytes.size() <= kMostBytes);
            if (wrote) FUZZ_EXPECT(parse(std::span(bytes).subspan(4)).has_value());
            FUZZ_EXPECT(!recorder.due(now));
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (const auto feedback = parse({data, size})) write_again(*feedback);
    record({data, std::min<std::size_t>(size, 512)});
    return 0;
}
