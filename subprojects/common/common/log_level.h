#pragma once

#include <string>

namespace common {

/// Sets what the process's logger lets through: trace, debug, info, warning, error; an unknown word
/// means info. Any thread.
void set_log_level(const std::string& level);

}  // namespace common
