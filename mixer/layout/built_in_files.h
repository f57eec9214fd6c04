#pragma once

#include <span>
#include <string_view>

namespace mixer {

/// A file of mixer/layout/layouts/, compiled in by embed_layouts.py.
struct BuiltInFile {
    std::string_view name;  ///< `grid.toml`
    std::string_view text;
};

[[nodiscard]] std::span<const BuiltInFile> built_in_files();

}  // namespace mixer
