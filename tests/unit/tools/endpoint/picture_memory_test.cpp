#include "tools/endpoint/picture_memory.h"

#include <catch2/catch.hpp>

namespace {

using endpoint::PictureMemory;

PictureMemory::Seen showing(std::uint32_t who, std::uint32_t number) {
    return {{1280, 720}, {{{who, number}, {0, 0, 640, 360}}}};
}

TEST_CASE("Who was sent a picture that another decoded saw what the other saw") {
    PictureMemory memory;
    memory.keep("a", showing(3, 77));

    const auto seen = memory.find("a");

    REQUIRE(seen);
    CHECK(seen->size.width == 1280);
    REQUIRE(seen->codes.size() == 1);
    CHECK(seen->codes[0].code.who == 3);
    CHECK(seen->codes[0].code.frame == 77);
    CHECK_FALSE(memory.find("b"));
}

TEST_CASE("A stream is decoded up to the last picture that nobody else received") {
    PictureMemory memory;
    for (const char* hash : {"b", "c", "d", "e"}) memory.keep(hash, showing(1, 1));

    CHECK(memory.unknown_until({"start", "b", "c", "d"}) == 1);
    CHECK(memory.unknown_until({"start", "b", "again", "d", "e"}) == 3);
    CHECK(memory.unknown_until({"b", "c"}) == 0);
    CHECK(memory.unknown_until({"b", "own"}) == 2);
    CHECK(memory.unknown_until({}) == 0);
}

}  // namespace
