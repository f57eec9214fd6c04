#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <vector>

namespace signaling {

/// The whole text as a decimal number within the type, or nothing: no sign, no spaces, no rest.
template <std::unsigned_integral Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stopped != end || text.empty()) return std::nullopt;
    return number;
}

/// Without spaces and tabs at either end.
[[nodiscard]] std::string_view trim(std::string_view text);

/// The parts between runs of spaces and tabs; none is empty.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

/// The text before the first `mark`, which is cut off `rest` together with it; all of `rest` when
/// there is none.
[[nodiscard]] std::string_view take_until(std::string_view& rest, char mark);

/// ASCII letters alike in either case, as tokens of SIP and SDP compare.
[[nodiscard]] bool equal_no_case(std::string_view a, std::string_view b);

}  // namespace signaling
