#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "mixer/layout/layout_book.h"
#include "mixer/layout/layout_rule.h"

namespace mixer {

/// TOML text -> a rule. Every key is known, every number in range, every tile inside its canvas;
/// else nothing is returned and each thing wrong was appended to `errors` with its line and column.
/// (A syntax error ends the reading of the file, so it is the only one.)
///
/// Pure; any thread. Never throws. The format is described in docs/layouts.md.
[[nodiscard]] std::optional<LayoutRule> parse_layout(std::string_view toml,
                                                     std::string_view file_name,
                                                     std::vector<LayoutError>& errors);

/// How many people a layout can show; 0: there is no such layout.
using CapacityOf = std::function<int(std::string_view layout)>;

/// The same for auto.toml, whose rows name layouts that exist and are large enough.
[[nodiscard]] std::optional<AutoTable> parse_auto_table(std::string_view toml,
                                                        std::string_view file_name,
                                                        const CapacityOf& capacity_of,
                                                        std::vector<LayoutError>& errors);

}  // namespace mixer
