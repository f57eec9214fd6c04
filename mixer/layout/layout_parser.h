#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "mixer/layout/layout_book.h"
#include "mixer/layout/layout_rule.h"

namespace mixer {

/// How many people a layout can show; -1: there is no such layout.
using CapacityOf = std::function<int(std::string_view layout)>;
/// Whether a layout of that name is there, good or bad.
using IsLayout = std::function<bool(std::string_view layout)>;

/// True for a file of [[serve]] rows, however wrong: it is read by parse_table. A file with a
/// syntax error is none.
[[nodiscard]] bool is_table(std::string_view toml);

/// TOML text -> a rule. Every key is known, every number in range, every tile inside its canvas,
/// every layout it names is there; else nothing is returned and each thing wrong was appended to
/// `errors` with its line and column. (A syntax error ends the reading of the file, so it is the
/// only one.)
///
/// Pure; any thread. Never throws. The format is described in docs/layouts.md.
[[nodiscard]] std::optional<LayoutRule> parse_layout(std::string_view toml,
                                                     std::string_view file_name,
                                                     const IsLayout& is_layout,
                                                     std::vector<LayoutError>& errors);

/// The same for auto.toml and other tables, whose rows name layouts that exist and are large
/// enough.
[[nodiscard]] std::optional<ServeTable> parse_table(std::string_view toml,
                                                    std::string_view file_name,
                                                    const CapacityOf& capacity_of,
                                                    std::vector<LayoutError>& errors);

}  // namespace mixer
