#include "tools/ctl/meeting_table.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

using namespace ctl;
using namespace std::chrono_literals;

namespace {

const std::chrono::steady_clock::time_point kThen{};

Meeting meeting(const std::string& room, double encode_seconds = 0) {
    Meeting made;
    made.room = room;
    made.instance = "of " + room;
    made.people = 2;
    made.cpu_seconds[3] = encode_seconds;
    return made;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// The words of a line, by those of the first one.
std::string field(const std::vector<std::string>& lines, std::size_t row,
                  const std::string& column) {
    std::istringstream names(lines.at(0)), values(lines.at(row));
    for (std::string name, value; names >> name && values >> value;) {
        if (name == column) return value;
    }
    return "no such column";
}

}  // namespace

TEST_CASE("CPU is told in percent of a core over the time between the looks, by stage and in all") {
    Look before{kThen, {meeting("demo", 10)}};
    Look now{kThen + 2s, {meeting("demo", 10.5)}};
    now.meetings[0].cpu_seconds[0] = 0.25;

    const auto lines = lines_of(meeting_table(before, now));

    CHECK(field(lines, 1, "DECOD") == "12.5");
    CHECK(field(lines, 1, "ENCOD") == "25.0");
    CHECK(field(lines, 1, "CPU%") == "37.5");
    CHECK(field(lines, 1, "AUDIO") == "0.0");
}

TEST_CASE(
    "Freezes and pictures left out are those between the looks, lateness and loss are now's") {
    Look before{kThen, {meeting("demo")}};
    before.meetings[0].freezes = 5;
    before.meetings[0].pictures_skipped = 100;
    before.meetings[0].drawn_after_ms = 90;
    Look now{kThen + 1s, {meeting("demo")}};
    now.meetings[0].freezes = 8;
    now.meetings[0].pictures_skipped = 112;
    now.meetings[0].drawn_after_ms = 4.25;
    now.meetings[0].loss_percent = 1.5;

    const auto lines = lines_of(meeting_table(before, now));

    CHECK(field(lines, 1, "FROZE") == "3");
    CHECK(field(lines, 1, "SKIP") == "12");
    CHECK(field(lines, 1, "LATE") == "4.2");
    CHECK(field(lines, 1, "LOSS%") == "1.5");
}

TEST_CASE("Whoever leaves takes his freezes with him, and the count never falls below nothing") {
    Look before{kThen, {meeting("demo")}};
    before.meetings[0].freezes = 5;
    Look now{kThen + 1s, {meeting("demo")}};
    now.meetings[0].freezes = 1;

    CHECK(field(lines_of(meeting_table(before, now)), 1, "FROZE") == "0");
}

TEST_CASE("The dearest meeting stands first") {
    const Look before{kThen, {meeting("cheap"), meeting("dear")}};
    const Look now{kThen + 1s, {meeting("cheap", 0.1), meeting("dear", 0.9)}};

    const auto lines = lines_of(meeting_table(before, now));

    CHECK(field(lines, 1, "ROOM") == "dear");
    CHECK(field(lines, 2, "ROOM") == "cheap");
}

TEST_CASE("A meeting that has just begun has no rate yet, also in a room that had another") {
    Look before{kThen, {meeting("demo", 50)}};
    Look now{kThen + 1s, {meeting("demo", 3)}};
    now.meetings[0].instance = "the next one";

    CHECK(field(lines_of(meeting_table(before, now)), 1, "CPU%") == "0.0");
}

TEST_CASE("The table fits 80 columns, whatever a room is called and costs") {
    Meeting large = meeting(std::string(64, 'r'), 15.999);
    large.people = 200;
    large.encoders = 120;
    large.drawn_after_ms = 123.4;
    large.loss_percent = 100;
    large.freezes = 9999;
    large.pictures_skipped = 5999;
    Look before{kThen, {meeting(std::string(64, 'r'))}};

    for (const auto& line : lines_of(meeting_table(before, {kThen + 1s, {large}}))) {
        CAPTURE(line);
        CHECK(line.size() <= 80);
    }
}

TEST_CASE("An empty node says so, and the last lines sum up") {
    const auto nobody = lines_of(meeting_table({kThen, {}}, {kThen + 1s, {}}));
    CHECK(std::ranges::count(nobody, "nobody is in any room") == 1);

    Look now{kThen + 1s, {meeting("a"), meeting("b")}};
    now.meetings[0].late_ticks = now.meetings[1].late_ticks = 7;  // the node's, told by both
    const auto two = lines_of(meeting_table({kThen, {}}, now));
    CHECK(two.at(3) == "2 meetings, 4 people, 7 video ticks skipped since the start");
}
