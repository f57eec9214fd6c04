#include "storage/metadata/clean_text.h"

#include <algorithm>
#include <cstdint>

namespace storage {
namespace {

// The bytes of the character that `text` begins with; 0: it begins with none.
std::size_t character_bytes(std::string_view text) {
    const auto byte = [&text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t first = byte(0);
    if (first == 0) return 0;
    if (first < 0x80) return 1;
    std::size_t count = 0;
    std::uint8_t lowest = 0x80, highest = 0xbf;  // of the second byte
    if (first >= 0xc2 && first <= 0xdf) count = 2;
    if (first >= 0xe0 && first <= 0xef) count = 3;
    if (first >= 0xf0 && first <= 0xf4) count = 4;
    if (first == 0xe0) lowest = 0xa0;   // else too long a form
    if (first == 0xed) highest = 0x9f;  // no surrogates
    if (first == 0xf0) lowest = 0x90;
    if (first == 0xf4) highest = 0x8f;  // up to U+10FFFF
    if (count == 0 || text.size() < count) return 0;
    if (byte(1) < lowest || byte(1) > highest) return 0;
    for (std::size_t i = 2; i < count; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    return count;
}

}  // namespace

std::string clean_text(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const std::size_t count = character_bytes(text);
        clean += count == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, count);
        text.remove_prefix(std::max<std::size_t>(count, 1));
    }
    return clean;
}

}  // namespace storage
