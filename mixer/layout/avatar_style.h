#pragma once

#include <string>
#include <string_view>

#include "mixer/layout/layout_plan.h"

namespace mixer {

/// A name as it may be drawn: valid UTF-8, composed (NFC), no control characters, one space between
/// words, at most 80 characters. Names come from peers and may be anything.
[[nodiscard]] std::string clean_label(std::string_view name);

/// First letter of the first and of the last word, in capitals: "Anna-Lena Müller" -> "AM", "room
/// 12" -> "R1". A word without letter or digit does not count; nothing is left of a name without
/// any.
[[nodiscard]] std::string initials_of(std::string_view label);

/// Always the same colour for the same label; white letters read well on each.
[[nodiscard]] Color avatar_color_of(std::string_view label);

}  // namespace mixer
