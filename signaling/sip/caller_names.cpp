#include "signaling/sip/caller_names.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "signaling/conference/tokens.h"

namespace signaling {
namespace {

constexpr std::size_t kMostCodePoints = 64;
constexpr std::size_t kLongestValue = 255;

// RFC 3261 25.1 quoted-string: a backslash takes the next character as it is.
std::string unquoted(std::string_view text) {
    text = trim(text);
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
    text = text.substr(1, text.size() - 2);
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        plain += text[i];
    }
    return plain;
}

/// Bytes of the well-formed UTF-8 character at the front; 0: there is none (Unicode table 3-7).
std::size_t character_bytes(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto in = [&](std::size_t i, unsigned low, unsigned high) {
        return i < text.size() && at(i) >= low && at(i) <= high;
    };
    const unsigned lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return in(1, 0x80, 0xbf) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const bool second = in(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf);
        return second && in(2, 0x80, 0xbf) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const bool second = in(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf);
        return second && in(2, 0x80, 0xbf) && in(3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

bool is_control(std::string_view character) {
    const auto first = static_cast<std::uint8_t>(character[0]);
    if (character.size() == 1) return first < 0x20 || first == 0x7f;
    // U+0080 to U+009F.
    return character.size() == 2 && first == 0xc2 && static_cast<std::uint8_t>(character[1]) < 0xa0;
}

std::string cleaned(std::string_view text) {
    std::string clean;
    for (std::size_t count = 0; !text.empty() && count < kMostCodePoints; ++count) {
        const std::size_t bytes = character_bytes(text);
        if (bytes == 0) {
            clean += "\xef\xbf\xbd";  // U+FFFD
            text.remove_prefix(1);
            continue;
        }
        const std::string_view character = text.substr(0, bytes);
        if (is_control(character)) {
            clean += ' ';
        } else {
            clean += character;
        }
        text.remove_prefix(bytes);
    }
    return std::string(trim(clean));
}

}  // namespace

std::string percent_decoded(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        unsigned value = 0;
        if (text[0] == '%' && text.size() >= 3) {
            const auto [stopped, error] =
                std::from_chars(text.data() + 1, text.data() + 3, value, 16);
            if (error == std::errc() && stopped == text.data() + 3) {
                plain += static_cast<char>(value);
                text.remove_prefix(3);
                continue;
            }
        }
        plain += text[0];
        text.remove_prefix(1);
    }
    return plain;
}

std::string uri_parameter(std::string_view parameters, std::string_view name) {
    while (!parameters.empty()) {
        const std::size_t end = std::min(parameters.find(';'), parameters.size());
        const std::string_view one = parameters.substr(0, end);
        parameters.remove_prefix(std::min(end + 1, parameters.size()));
        const std::size_t equals = one.find('=');
        if (!equal_no_case(one.substr(0, equals), name)) continue;
        if (equals == std::string_view::npos) return {};
        const std::string_view value = one.substr(equals + 1);
        return value.size() > kLongestValue ? std::string() : percent_decoded(value);
    }
    return {};
}

std::string caller_name(std::string_view display, std::string_view user, std::string_view host) {
    for (const std::string& candidate :
         {unquoted(display), percent_decoded(user), std::string(host)}) {
        std::string name = cleaned(candidate);
        if (!name.empty()) return name;
    }
    return "anonymous";
}

}  // namespace signaling
