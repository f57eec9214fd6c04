#pragma once

#include <spdlog/spdlog.h>

#include <string>

namespace common {

/// Sets the process's logger: one line an event on stderr, `2026-01-02T03:04:05.678Z level daemon
/// message`. Call once, in main. `level`: trace, debug, info, warning, error. An unknown level
/// means info.
void init_logging(const std::string& daemon, const std::string& level);

}  // namespace common

// Logging is for changes of state: never per packet, never from a tick thread.
// Write ids as key=value, so that one grep follows a call: LOG_INFO("joined conference={}
// session={}", c, s);
#define LOG_DEBUG(...) ::spdlog::debug(__VA_ARGS__)
#define LOG_INFO(...) ::spdlog::info(__VA_ARGS__)
#define LOG_WARNING(...) ::spdlog::warn(__VA_ARGS__)
#define LOG_ERROR(...) ::spdlog::error(__VA_ARGS__)
