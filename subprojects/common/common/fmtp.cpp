#include "common/fmtp.h"

#include <algorithm>
#include <charconv>

namespace common {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view take_until(std::string_view& rest, char mark) {
    const std::size_t at = rest.find(mark);
    const std::string_view head = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
    return head;
}

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::optional<std::string_view> fmtp_parameter(std::string_view fmtp, std::string_view name) {
    while (!fmtp.empty()) {
        std::string_view value = take_until(fmtp, ';');
        if (same_name(trim(take_until(value, '=')), name)) return trim(value);
    }
    return std::nullopt;
}

std::optional<std::int64_t> fmtp_number(std::string_view fmtp, std::string_view name) {
    const auto text = fmtp_parameter(fmtp, name);
    if (!text) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return value;
}

}  // namespace common
