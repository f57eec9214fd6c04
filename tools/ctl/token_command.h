#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

// What `tesseractl token` does, without asking a server.
namespace ctl {

constexpr int kMostTokenMinutes = 24 * 60;  // the server takes none that lives longer

struct TokenOrder {
    std::string room;
    std::string role = "guest";  ///< as `signaling::role_of_name` knows it
    std::string name;            ///< empty: its carrier says
    int minutes = 60;
    std::string key_file;  ///< empty: `signaling::own_join_key` beside the API's token file
};

/// The token and a line's end; `now_s` is seconds since 1970.
[[nodiscard]] common::Result<std::string> make_token(const TokenOrder& order,
                                                     const std::string& api_token_file,
                                                     std::int64_t now_s);

}  // namespace ctl
