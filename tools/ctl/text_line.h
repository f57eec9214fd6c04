#pragma once

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string>

namespace ctl {

/// As printf; at most 511 bytes.
[[gnu::format(printf, 1, 2)]] inline std::string text_line(const char* format, ...) {
    std::array<char, 512> text{};
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    return text.data();
}

}  // namespace ctl
