#pragma once

#include <string_view>

namespace mixer {

/// An entry of this name in an administrator's folder is a layout: "*.toml", but none that is
/// hidden. Editors leave such files of their own beside the one they write.
[[nodiscard]] constexpr bool is_layout_file_name(std::string_view name) {
    return name.ends_with(".toml") && !name.starts_with('.');
}

}  // namespace mixer
