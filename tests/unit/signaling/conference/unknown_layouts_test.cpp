#include "signaling/conference/unknown_layouts.h"

#include <catch2/catch.hpp>

using namespace signaling;

namespace {

Settings one_room(const std::string& layout) {
    Settings settings;
    settings.rooms.push_back({});
    settings.rooms.back().id = "blue";
    settings.rooms.back().layout = layout;
    return settings;
}

}  // namespace

TEST_CASE("A room with a layout that nobody knows is named, with what there is") {
    const auto sentences = unknown_layouts(one_room("gird"), {"auto", "grid", "speaker"});

    REQUIRE(sentences.size() == 1);
    CHECK(sentences[0] ==
          "room blue: no layout \"gird\", drawn as auto; there are auto, grid, speaker");
}

TEST_CASE("Layouts that are known, and auto, are no problem") {
    CHECK(unknown_layouts(one_room("grid"), {"grid"}).empty());
    CHECK(unknown_layouts(one_room("auto"), {"grid"}).empty());
}

TEST_CASE("The template's layout matters where rooms are made from it") {
    Settings settings;
    settings.room_template.layout = "gird";

    settings.auto_create = false;
    CHECK(unknown_layouts(settings, {"grid"}).empty());
    settings.auto_create = true;
    REQUIRE(unknown_layouts(settings, {"grid"}).size() == 1);
    CHECK(unknown_layouts(settings, {"grid"})[0].starts_with("template: "));
}
