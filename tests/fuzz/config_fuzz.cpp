// Covers: signaling/config/settings.cpp mcu/config/mcud_config.cpp
// subprojects/common/common/toml_config.cpp
#include <string_view>

#include "mcu/config/mcud_config.h"
#include "signaling/config/settings.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

void read_as_signald(std::string_view text) {
    const auto settings = signaling::parse_settings(text, "fuzz.toml");
    if (!settings) {
        FUZZ_EXPECT(settings.error().message.starts_with("fuzz.toml"));
        return;
    }
    for (const auto& room : settings->rooms) {
        FUZZ_EXPECT(signaling::is_room_id(room.id));
        FUZZ_EXPECT(signaling::find_room(*settings, room.id).has_value());
    }
    for (const auto& listener : settings->listeners) FUZZ_EXPECT(!to_string(listener.at).empty());
    FUZZ_EXPECT(signaling::needs_restart(*settings, *settings).empty());
}

void read_as_mcud(std::string_view text) {
    const auto config = mcu::parse_mcud_config(text, "fuzz.toml");
    if (!config) {
        FUZZ_EXPECT(config.error().message.starts_with("fuzz.toml"));
        return;
    }
    FUZZ_EXPECT(config->first_media_port < config->last_media_port);
    FUZZ_EXPECT(!config->rungs.empty());
    for (const auto& rung : config->rungs) FUZZ_EXPECT(30 % rung.frames_per_second == 0);
}

}  // namespace

// The two daemons read one file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_as_signald(text);
    read_as_mcud(text);
    return 0;
}
