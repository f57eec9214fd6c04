// A STUN datagram at the port of a lite ICE agent.
// Covers: mcu/transport/ice_checks.cpp

#include <array>
#include <span>

#include "mcu/transport/ice_checks.h"
#include "tests/fuzz/fuzz_target.h"

// Byte 0: bit 0 the peer's name is known, bit 1 after an ICE restart.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 2048) return 0;
    const mcu::IceCredentials ours{"ours", "ourpasswordourpassword"};
    mcu::IceChecks checks;
    checks.set_credentials(ours, (data[0] & 1U) != 0 ? "them" : "");
    if ((data[0] & 2U) != 0) {
        checks.set_credentials({"renewed", "anotherpasswordanother"}, "other");
    }
    std::array<std::uint8_t, mcu::IceChecks::kMostAnswerBytes> answer{};

    const auto outcome = checks.answer(std::span(data + 1, size - 1),
                                       *mcu::SocketAddress::parse("192.0.2.1", 5000), answer);

    FUZZ_EXPECT(outcome.answer_bytes <= answer.size());
    FUZZ_EXPECT(!outcome.valid || outcome.answer_bytes >= 20);
    FUZZ_EXPECT(!outcome.nominates || outcome.valid);
    return 0;
}
