#include "common/byte_reader.h"

#include <array>
#include <catch2/catch.hpp>

using common::ByteReader;

TEST_CASE("ByteReader reads network order") {
    const std::array<std::uint8_t, 7> bytes{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07};
    ByteReader reader(bytes);

    CHECK(reader.u8() == 0x01);
    CHECK(reader.u16() == 0x0203);
    CHECK(reader.u32() == 0x04050607);
    CHECK_FALSE(reader.failed());
}

TEST_CASE("ByteReader past the end fails, stays failed and reads nothing") {
    const std::array<std::uint8_t, 3> bytes{0x01, 0x02, 0x03};
    ByteReader reader(bytes);

    CHECK(reader.u32() == 0);
    CHECK(reader.failed());
    CHECK(reader.u8() == 0);
    CHECK(reader.remaining() == 3);
}
