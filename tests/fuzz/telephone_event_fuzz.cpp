// RFC 4733 events: records of (milliseconds since the last, step of the RTP time, payload).
// Covers: mcu/rtp/telephone_event.cpp

#include <algorithm>
#include <string_view>

#include "common/byte_reader.h"
#include "mcu/rtp/telephone_event.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view kDigits = "0123456789*#ABCD";
    common::ByteReader input({data, size});
    mcu::TelephoneEventReceiver receiver(8000);
    auto now = common::Timestamp::from_ns(1'000'000'000'000);
    std::uint32_t rtp_time = 0;
    std::uint64_t digits = 0;
    const auto keep = [&](const std::optional<mcu::TelephoneEventReceiver::Digit>& digit) {
        if (!digit) return;
        ++digits;
        FUZZ_EXPECT(kDigits.find(digit->digit) != std::string_view::npos);
        FUZZ_EXPECT(digit->duration.count() >= 0);
    };
    while (input.remaining() >= 3) {
        now += std::chrono::milliseconds(10 * input.u8());
        keep(receiver.poll(now));
        rtp_time += input.u16();
        keep(receiver.receive(input.bytes(std::min<std::size_t>(4, input.remaining())), rtp_time,
                              now));
    }
    now += std::chrono::seconds(1);
    keep(receiver.poll(now));
    FUZZ_EXPECT(!receiver.next_deadline());
    FUZZ_EXPECT(digits <= receiver.counters().packets);
    return 0;
}
