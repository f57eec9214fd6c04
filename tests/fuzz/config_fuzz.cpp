// Covers: signaling/config/settings.cpp subprojects/common/common/toml_config.cpp
#include <string_view>

#include "signaling/config/settings.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto settings =
        signaling::parse_settings({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
    if (!settings) {
        FUZZ_EXPECT(settings.error().message.starts_with("fuzz.toml"));
        return 0;
    }
    for (const auto& room : settings->rooms) {
        FUZZ_EXPECT(signaling::is_room_id(room.id));
        FUZZ_EXPECT(signaling::find_room(*settings, room.id).has_value());
    }
    for (const auto& listener : settings->sip) FUZZ_EXPECT(!to_string(listener).empty());
    FUZZ_EXPECT(signaling::needs_restart(*settings, *settings).empty());
    return 0;
}
