#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "common/result.h"
#include "tools/ctl/meeting_table.h"

// What `tesseractl node` and `tesseractl top` do.
namespace ctl {

class ApiClient;

/// Asks the API for a path: the body of a 2xx answer, or why there is none.
using Get = std::function<common::Result<std::string>(const std::string& path)>;
/// By this client, which outlives it.
[[nodiscard]] Get get_by(const ApiClient& api);

/// Load, what was given up for it, and how many more would fit.
[[nodiscard]] common::Result<std::string> show_node(const Get& get);

/// All meetings that run, as the API tells of them now.
[[nodiscard]] common::Result<Look> look_at_meetings(const Get& get,
                                                    std::chrono::steady_clock::time_point at);

/// Waits so long.
using Pause = std::function<void(std::chrono::seconds)>;

/// A table of the meetings that run, 80 columns wide (meeting_table.h). `once`: returns it. Else it
/// is drawn again and again, until somebody interrupts or the API fails.
[[nodiscard]] common::Result<std::string> watch_meetings(const Get& get, const Pause& pause,
                                                         std::chrono::seconds interval, bool once);

}  // namespace ctl
