#include "mcu/session/repeat_line.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using mcu::RepeatLine;

namespace {

struct Line {
    RepeatLine line;
    std::string sent;  ///< originals as letters, copies as capitals

    /// As a stream does.
    void picture(const std::string& packets) {
        line.begin_picture();
        for (const char packet : packets) {
            const std::vector<std::uint8_t> bytes(10, static_cast<std::uint8_t>(packet));
            line.keep(bytes);
            sent += packet;
            while (line.has_due()) take();
        }
        while (line.has_older()) take();
    }
    void take() {
        const auto copy = line.take();
        CHECK(copy.size() == 10);
        sent += static_cast<char>(copy[0] - 'a' + 'A');
    }
};

}  // namespace

TEST_CASE("Copies go out behind the next picture") {
    Line f;

    f.picture("a");
    f.picture("bc");
    f.picture("d");

    CHECK(f.sent == "abcAdBC");
}

TEST_CASE("A copy is never more than three packets behind") {
    Line f;

    f.picture("abcdefg");
    f.picture("h");

    CHECK(f.sent == "abcdAeBfCgDhEFG");
}

TEST_CASE("Nothing is left of a line that was cleared") {
    Line f;
    f.picture("ab");

    f.line.clear();
    f.picture("c");

    CHECK(f.sent == "abc");
}
