#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace signaling {

/// The API's token from its file, made with 256 random bits and mode 0600 when it is not there, its
/// folder too. Fails when the file cannot be read or made, is empty, or others than its owner may
/// read it.
[[nodiscard]] common::Result<std::string> load_or_make_token(const std::string& path);

/// Compares without telling by its time how much was right.
[[nodiscard]] bool token_matches(std::string_view given, std::string_view expected);

}  // namespace signaling
