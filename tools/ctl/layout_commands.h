#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "tools/ctl/api_client.h"
#include "tools/ctl/layout_preview.h"

// What `tesseractl layout ...` does. Each returns what to print. But for `list_layouts` of a
// server, none needs one.
namespace ctl {

/// Reads the files as the media daemon would, together and over the built-in ones. Fails with all
/// mistakes, one a line: `file:line:column: key: found ..., expected ...`.
[[nodiscard]] common::Result<std::string> check_layouts(const std::vector<std::string>& files,
                                                        const std::string& folder);

struct PreviewOrder {
    std::string layout;  ///< a file, or the name of a layout
    std::string folder;  ///< of further layouts; empty: only the built-in ones
    std::string output;
    std::string size;  ///< "1280x720"; empty: 720 lines in the layout's own shape
    PreviewRoom room;
};
/// Writes a PNG.
[[nodiscard]] common::Result<std::string> preview_layout(PreviewOrder order);

/// The layouts of a folder over the built-in ones; of the latter alone when it is empty.
[[nodiscard]] common::Result<std::string> list_layouts(const std::string& folder);
/// Those that the server's rooms can have, and which files it could not take.
[[nodiscard]] common::Result<std::string> list_layouts(const ApiClient& api);

}  // namespace ctl
