#pragma once

#include <chrono>
#include <string>

#include "common/result.h"
#include "tools/ctl/api_client.h"

// What `tesseractl node` and `tesseractl top` do.
namespace ctl {

/// Load, what was given up for it, and how many more would fit.
[[nodiscard]] common::Result<std::string> show_node(const ApiClient& api);

/// A table of the meetings that run, 80 columns wide: people, encoders, CPU by stage in percent of
/// a core between two looks, loss and freezes. `once`: returns it. Else it is drawn again and
/// again, until somebody interrupts or the API fails.
[[nodiscard]] common::Result<std::string> watch_meetings(const ApiClient& api,
                                                         std::chrono::seconds interval, bool once);

}  // namespace ctl
