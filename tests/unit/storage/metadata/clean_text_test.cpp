#include "storage/metadata/clean_text.h"

#include <catch2/catch.hpp>

using storage::clean_text;

TEST_CASE("Text of every script stays as it is") {
    for (const char* text :
         {"", "Anna", "\xc3\xa9\xc2\x80\xdf\xbf", "\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf",
          "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"}) {
        CHECK(clean_text(text) == text);
    }
}

TEST_CASE("What is no character is replaced byte by byte, and what follows stays") {
    const std::string mark = "\xef\xbf\xbd";
    CHECK(clean_text(std::string_view("a\0b", 3)) == "a" + mark + "b");
    CHECK(clean_text("\xff"
                     "a") == mark + "a");
    CHECK(clean_text("\xc0\x80") == mark + mark);                        // too long a form
    CHECK(clean_text("\xe0\x9f\xbf") == mark + mark + mark);             // too long a form
    CHECK(clean_text("\xed\xa0\x80") == mark + mark + mark);             // a surrogate
    CHECK(clean_text("\xf4\x90\x80\x80") == mark + mark + mark + mark);  // beyond U+10FFFF
    CHECK(clean_text("\xf0\x80\x80\x80") == mark + mark + mark + mark);
    CHECK(clean_text("\xe2\x82") == mark + mark);  // cut off
    CHECK(clean_text("\xe2\x82z") == mark + mark + "z");
}
