#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/metadata/records.h"

namespace storage {

/// A record as a line of a spool file: eight hexadecimal digits of CRC-32, a blank, a JSON object,
/// a line end (docs/events.md).
[[nodiscard]] std::string record_line(const Record& record);

/// The record of a line without its end; nothing when the line is damaged.
[[nodiscard]] std::optional<Record> parse_record_line(std::string_view line);

}  // namespace storage
