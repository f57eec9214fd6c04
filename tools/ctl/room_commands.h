#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "tools/ctl/api_client.h"

// What `tesseractl room ...` does. Each returns what to print.
namespace ctl {

[[nodiscard]] common::Result<std::string> list_rooms(const ApiClient& api);
[[nodiscard]] common::Result<std::string> show_room(const ApiClient& api, const std::string& room);
/// Writes the PNG of what `participant` sees (empty: the room's default view) to `file`.
[[nodiscard]] common::Result<std::string> snapshot(const ApiClient& api, const std::string& room,
                                                   const std::string& participant,
                                                   const std::string& file);
/// POSTs `json` to `verb` of the room, or of the participant when one is named, by id or by its
/// only name.
[[nodiscard]] common::Result<std::string> command(const ApiClient& api, const std::string& room,
                                                  const std::string& participant,
                                                  const std::string& verb, const std::string& json);

/// Pins `whom`, by ids or only names, for the room or for one participant; nobody when it is empty.
[[nodiscard]] common::Result<std::string> pin(const ApiClient& api, const std::string& room,
                                              const std::string& participant,
                                              const std::vector<std::string>& whom);

}  // namespace ctl
