#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/units.h"
#include "mixer/encode/encoder_stage.h"

namespace mcu {

/// What of `tessera.toml` concerns tessera-mcud: `[mcud]` and `[[rungs]]`. The values here are the
/// embedded defaults.
struct McudConfig {
    std::string control =
        "unix:var/mcud.sock";  ///< gRPC address; a Unix socket is made with mode 0660
    std::uint16_t first_media_port = 20000;
    std::uint16_t last_media_port = 29999;
    /// Where /metrics, /healthz and /readyz are answered: numeric; port 0: nowhere.
    std::string metrics_host = "127.0.0.1";
    std::uint16_t metrics_port = 8061;
    std::string media_address;  ///< numeric; empty: the route to each peer decides
    unsigned net_threads = 1;
    unsigned media_threads = 0;  ///< decoding and encoding; 0: one per core
    std::string layouts_folder;  ///< empty: the built-in layouts alone
    std::size_t max_sessions = 200;
    double load_limit = 1;  ///< CPU share at which nobody new is let in; 1: the ladder decides
    std::size_t picture_memory_mib = 1024;
    common::Duration orphan_timeout = std::chrono::seconds(120);
    std::string log_level = "info";
    std::vector<mixer::Rung> rungs = mixer::default_rungs();
};

/// Errors name every mistake: file, line, column, what was found and expected.
[[nodiscard]] common::Result<McudConfig> load_mcud_config(const std::string& path);
[[nodiscard]] common::Result<McudConfig> parse_mcud_config(std::string_view text,
                                                           const std::string& file);

}  // namespace mcu
