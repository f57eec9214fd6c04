#include "mixer/layout/avatar_style.h"

#include <catch2/catch.hpp>
#include <set>

using mixer::avatar_color_of;
using mixer::clean_label;
using mixer::initials_of;

TEST_CASE("Initials are the first letters of the first and the last word") {
    const auto [name, initials] = GENERATE(table<const char*, const char*>({
        {"Anna Müller", "AM"},
        {"Anna Maria von Müller", "AM"},
        {"anna", "A"},
        {"jean-luc", "JL"},
        {"éric östlund", "ÉÖ"},
        {"e\xcc\x81ric", "É"},
        {"Ольга Иванова", "ОИ"},
        {"王小明", "王"},
        {"room 12", "R1"},
        {"(Guest) Bob", "GB"},
        {"👩 Anna 🎉", "A"},
        {"+49 30 1234", "41"},
        {"🎉 !", ""},
        {"", ""},
    }));
    CAPTURE(name);

    CHECK(initials_of(name) == initials);
}

TEST_CASE("A label is valid text on one line, whatever the peer sent") {
    const auto [name, label] = GENERATE(table<std::string, std::string>({
        {"Anna", "Anna"},
        {"  Anna \t\r\n Müller ", "Anna Müller"},
        {std::string("A\0B", 3), "A\uFFFDB"},
        {"A\x1b[31mB", "A [31mB"},
        {"A\xff\xfe", "A\uFFFD\uFFFD"},
        {"e\xcc\x81", "é"},
        {"   ", ""},
    }));
    CAPTURE(name);

    CHECK(clean_label(name) == label);
}

TEST_CASE("A label has at most 80 characters, however many bytes they take") {
    std::string name;
    for (int i = 0; i < 5000; ++i) name += "ü";

    CHECK(clean_label(name).size() == 160);
}

TEST_CASE("An avatar's colour depends on the name alone and differs between most names") {
    std::set<std::tuple<int, int, int>> colors;
    for (const char* name : {"Anna", "Bob", "Carla", "Dora", "Emil", "Fritz", "Gina", "Hans"}) {
        const auto color = avatar_color_of(name);
        CHECK(color == avatar_color_of(std::string(name)));
        colors.emplace(color.red, color.green, color.blue);
    }

    CHECK(colors.size() >= 5);
}
