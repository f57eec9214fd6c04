#include "storage/metadata/record_spool.h"

#include <zlib.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "storage/metadata/record_text.h"
#include "tests/unit/storage/metadata/database_folder.h"

using namespace storage;

namespace {

Record event(const std::string& id) {
    EventRecord event;
    event.id = id;
    event.detail = R"({"layout":"grid"})";
    return event;
}

std::unique_ptr<RecordSpool> open(const std::string& path) {
    auto spool = RecordSpool::open(path);
    REQUIRE(spool);
    return *std::move(spool);
}

std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::vector<std::string> ids(const std::vector<Record>& records) {
    std::vector<std::string> all;
    for (const Record& record : records) all.push_back(std::get<EventRecord>(record).id);
    return all;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("A record of every kind comes back from its line as it was") {
    CallRecord call;
    call.id = "c-1";
    call.name = "Anna \xc3\xa9 \"A\"\n";
    call.joined_ms = 1'700'000'000'000;
    call.left_ms = 5;
    call.packets_lost = 7;
    call.jitter_ms = 0.1;
    const MeetingsRunning running{{"m-1", "m-2"}, 9};
    for (const Record& record :
         {Record(MeetingRecord{"m", "board", 5, {}}), Record(MeetingRecord{"m", "board", 5, 9}),
          Record(call), event("e"), Record(running)}) {
        std::string line = record_line(record);
        REQUIRE(line.back() == '\n');
        line.pop_back();
        CHECK(line.find('\n') == std::string::npos);
        CHECK(parse_record_line(line) == record);
    }
}

TEST_CASE("A number that no record can hold makes a line no record") {
    const auto line_with = [](const std::string& at_ms) {
        std::string text = record_line(event("e")).substr(9);
        text.pop_back();
        text.replace(text.find("\"at_ms\":0"), 9, "\"at_ms\":" + at_ms);
        std::array<char, 10> head{};
        const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
        std::snprintf(head.data(), head.size(), "%08x ", static_cast<unsigned>(sum));
        return head.data() + text;
    };
    CHECK(parse_record_line(line_with("9223372036854775807")));
    CHECK(parse_record_line(line_with("-9223372036854775808")));
    for (const char* number : {"1e24", "0.5", "9223372036854775808", "true", "null", "\"1\""}) {
        INFO(number);
        CHECK_FALSE(parse_record_line(line_with(number)));
    }
}

TEST_CASE("A line that was changed anywhere is no record") {
    std::string line = record_line(event("e"));
    line.pop_back();
    for (std::size_t i = 0; i < line.size(); ++i) {
        std::string changed = line;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK_FALSE(parse_record_line(changed));
        CHECK_FALSE(parse_record_line(line.substr(0, i)));
    }
}

TEST_CASE("Records wait in order through the ends of processes") {
    tests::DatabaseFolder folder;
    const std::string path = folder.file("spool");
    {
        auto spool = open(path);
        REQUIRE(spool->append(std::vector{event("a"), event("b")}));
        REQUIRE(spool->append(std::vector{event("c")}));
    }
    auto spool = open(path);

    CHECK(ids(spool->front(2)) == Ids{"a", "b"});
    CHECK(ids(spool->front(2)) == Ids{"a", "b"});
    CHECK(spool->pop());
    CHECK(ids(spool->front(9)) == Ids{"c"});
    CHECK_FALSE(spool->empty());
    CHECK(spool->pop());

    CHECK(spool->empty());
    CHECK(text_of(path).empty());
}

TEST_CASE("What was not done with comes again after a crash") {
    tests::DatabaseFolder folder;
    const std::string path = folder.file("spool");
    {
        auto spool = open(path);
        REQUIRE(spool->append(std::vector{event("a"), event("b")}));
        static_cast<void>(spool->front(1));
        CHECK(spool->pop());
    }

    CHECK(ids(open(path)->front(9)) == Ids{"a", "b"});
}

TEST_CASE("A torn tail is forgotten at every byte at which it may tear") {
    tests::DatabaseFolder folder;
    const std::string path = folder.file("spool");
    const std::string whole = record_line(event("a"));
    const std::string torn = record_line(event("b"));
    for (std::size_t bytes = 0; bytes < torn.size(); ++bytes) {
        std::ofstream(path) << whole + torn.substr(0, bytes);
        auto spool = open(path);
        CHECK(ids(spool->front(9)) == Ids{"a"});
        REQUIRE(spool->append(std::vector{event("c")}));
        CHECK(ids(spool->front(9)) == Ids{"a", "c"});
    }
}

TEST_CASE("A damaged line is put aside and the others stay") {
    tests::DatabaseFolder folder;
    const std::string path = folder.file("spool");
    std::ofstream(path) << record_line(event("a")) << "rubbish\n" << record_line(event("b"));

    auto spool = open(path);

    CHECK(ids(spool->front(9)) == Ids{"a", "b"});
    CHECK(text_of(path + ".damaged") == "rubbish\n");
}

TEST_CASE("A file of rubbish alone is passed over") {
    tests::DatabaseFolder folder;
    const std::string path = folder.file("spool");
    std::ofstream(path) << std::string(700'000, 'x') << "\n\n";
    auto spool = open(path);

    CHECK(spool->front(9).empty());
    CHECK(spool->pop());

    CHECK(spool->empty());
}

TEST_CASE("A full disk takes none of the records, and all of them once there is room") {
    auto full = RecordSpool::open("/dev/full");  // every write to it fails with ENOSPC
    REQUIRE(full);

    const auto outcome = (*full)->append(std::vector{event("a")});

    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().message.find("No space left on device") != std::string::npos);
    CHECK((*full)->empty());
}

TEST_CASE("A folder without rights, or that is not there, is named") {
    const auto spool = RecordSpool::open("/nonexistent/records.spool");

    REQUIRE_FALSE(spool);
    CHECK(spool.error().message == "open '/nonexistent/records.spool': No such file or directory");
}
