#include "mixer/layout/avatar_style.h"

#include <glib.h>

#include <array>
#include <cstdint>
#include <memory>

namespace mixer {
namespace {

struct GFree {
    void operator()(void* memory) const { g_free(memory); }
};
using GText = std::unique_ptr<gchar, GFree>;
using GCharacters = std::unique_ptr<gunichar, GFree>;

/// Valid, composed code points.
std::u32string characters_of(std::string_view name) {
    const GText valid(g_utf8_make_valid(name.data(), static_cast<gssize>(name.size())));
    const GText composed(g_utf8_normalize(valid.get(), -1, G_NORMALIZE_NFC));
    if (!composed) return {};
    glong count = 0;
    const GCharacters characters(g_utf8_to_ucs4_fast(composed.get(), -1, &count));
    return {characters.get(), characters.get() + count};
}

std::string to_utf8(std::u32string_view characters) {
    std::string text;
    for (const char32_t character : characters) {
        std::array<gchar, 6> bytes{};
        const gint size = g_unichar_to_utf8(character, bytes.data());
        text.append(bytes.data(), static_cast<std::size_t>(size));
    }
    return text;
}

bool is_space(char32_t character) {
    return g_unichar_isspace(character) || g_unichar_iscntrl(character);
}

/// The first letter or digit of each word that has one. A hyphen parts words: Anna-Lena, Jean-Luc.
std::u32string word_letters(std::u32string_view label) {
    std::u32string letters;
    bool word_has_letter = false;
    for (const char32_t character : label) {
        if (is_space(character) || character == U'-') {
            word_has_letter = false;
        } else if (!word_has_letter && g_unichar_isalnum(character)) {
            letters += g_unichar_toupper(character);
            word_has_letter = true;
        }
    }
    return letters;
}

}  // namespace

std::string clean_label(std::string_view name) {
    constexpr std::size_t kMostCharacters = 80;
    // A peer's kilobytes are not worth normalizing for the 80 characters (4 bytes each) we keep.
    std::u32string label;
    for (const char32_t character : characters_of(name.substr(0, kMostCharacters * 8))) {
        if (label.size() == kMostCharacters) break;
        if (!is_space(character)) {
            label += character;
        } else if (!label.empty() && label.back() != U' ') {
            label += U' ';
        }
    }
    if (!label.empty() && label.back() == U' ') label.pop_back();
    return to_utf8(label);
}

std::string initials_of(std::string_view label) {
    const std::u32string letters = word_letters(characters_of(label));
    if (letters.size() <= 1) return to_utf8(letters);
    const std::array<char32_t, 2> both{letters.front(), letters.back()};
    return to_utf8({both.data(), both.size()});
}

Color avatar_color_of(std::string_view label) {
    static constexpr std::array<Color, 12> kPalette{{
        {0x2f, 0x6f, 0xb5},  // lake
        {0x1f, 0x7a, 0x6d},  // pine
        {0x8a, 0x4f, 0x9e},  // plum
        {0xb0, 0x4a, 0x5a},  // rose
        {0xa8, 0x5a, 0x1f},  // amber
        {0x4f, 0x7a, 0x2d},  // moss
        {0x5a, 0x5f, 0xb8},  // iris
        {0x9b, 0x3f, 0x7d},  // berry
        {0x2b, 0x7f, 0x95},  // lagoon
        {0x7d, 0x65, 0x3a},  // oak
        {0x55, 0x6b, 0x82},  // slate
        {0xb3, 0x4b, 0x34},  // brick
    }};
    // FNV-1a, 32 bit: spreads short names well, and is the same in every run and on every machine.
    std::uint32_t hash = 2166136261U;
    for (const char byte : label) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
    }
    return kPalette[hash % kPalette.size()];
}

}  // namespace mixer
