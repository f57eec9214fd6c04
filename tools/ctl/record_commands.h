#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/result.h"
#include "tools/ctl/node_commands.h"

// What `tesseractl events` and `tesseractl cdr` do.
namespace ctl {

/// Takes text as it comes. False: nobody reads any more.
using Print = std::function<bool(const std::string& text)>;

/// The events of a room, a line each: number, time (UTC), kind, whom it concerns, by whom, detail.
/// `follow`: goes on with what comes, a look a second, until nobody reads or the API fails.
[[nodiscard]] common::Result<std::string> print_events(const Get& get, const Pause& pause,
                                                       const Print& print, const std::string& room,
                                                       bool follow);

struct CallsWanted {
    std::string room;                       ///< empty: all
    std::int64_t from_ms = 0;               ///< joined at or after
    std::optional<std::int64_t> before_ms;  ///< joined before; absent: until now
};
/// All call detail records as CSV (RFC 4180) with a line of headings. A cell that a spreadsheet
/// would take for a formula begins with an apostrophe: names come from callers.
[[nodiscard]] common::Result<std::string> export_calls(const Get& get, const Print& print,
                                                       const CallsWanted& wanted);

/// "2026-11-24" or "2026-11-24T03:00:00" (UTC) as milliseconds since 1970; nothing for other text.
[[nodiscard]] std::optional<std::int64_t> parse_time(const std::string& text);

}  // namespace ctl
