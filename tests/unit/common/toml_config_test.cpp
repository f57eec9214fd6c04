#include "common/toml_config.h"

#include <array>
#include <catch2/catch.hpp>

using common::TomlDocument;
using common::TomlSection;

namespace {

std::string only_problem(const TomlDocument& document) {
    REQUIRE(document.problems().size() == 1);
    return document.problems().front().to_string();
}

}  // namespace

TEST_CASE("A configuration key answers its value, an absent one its fallback") {
    TomlDocument document = TomlDocument::parse(
        "[net]\nports = 40000\nname = \"box\"\nratio = 0.5\non = true\nlisten = [\"a\", \"b\"]\n",
        "t.toml");
    TomlSection net = document.root().section("net");

    CHECK(net.integer("ports", 1, 1, 65535) == 40000);
    CHECK(net.text("name", "") == "box");
    CHECK(net.number("ratio", 0, 0, 1) == 0.5);
    CHECK(net.boolean("on", false));
    CHECK(net.texts("listen", {}) == std::vector<std::string>{"a", "b"});
    CHECK(net.text("absent", "fallback") == "fallback");
    CHECK(document.root().section("nowhere").integer("ports", 7, 1, 9) == 7);
    document.reject_unknown_keys();
    CHECK(document.verdict());
}

TEST_CASE("A value of the wrong type is named with file, line, column, and what was expected") {
    TomlDocument document = TomlDocument::parse("[room]\nmax = \"ten\"\n", "t.toml");

    CHECK(document.root().section("room").integer("max", 3, 1, 200) == 3);

    CHECK(only_problem(document) ==
          "t.toml:2:7: max: found \"ten\", expected an integer from 1 to 200");
}

TEST_CASE("A value out of range is a mistake, not clamped") {
    TomlDocument document = TomlDocument::parse("max = 201\n", "t.toml");

    CHECK(document.root().integer("max", 3, 1, 200) == 3);

    CHECK(only_problem(document) ==
          "t.toml:1:7: max: found 201, expected an integer from 1 to 200");
}

TEST_CASE("An unknown key is named with those that are known") {
    TomlDocument document = TomlDocument::parse("[a]\nlayuot = \"x\"\n", "t.toml");
    TomlSection a = document.root().section("a");
    static_cast<void>(a.text("layout", ""));
    static_cast<void>(a.text("name", ""));

    document.reject_unknown_keys();

    CHECK(only_problem(document) == "t.toml:2:1: unknown key 'layuot'; known here: layout, name");
}

TEST_CASE("A section that belongs to another daemon is neither read nor unknown") {
    TomlDocument document = TomlDocument::parse("[other]\nanything = 1\n", "t.toml");
    document.root().leave("other");

    document.reject_unknown_keys();

    CHECK(document.verdict());
}

TEST_CASE("All mistakes of a file are reported, in its order") {
    TomlDocument document = TomlDocument::parse("b = 1\na = \"x\"\nzz = 2\n", "t.toml");
    TomlSection root = document.root();
    static_cast<void>(root.integer("a", 0, 0, 1));
    static_cast<void>(root.text("b", ""));
    document.reject_unknown_keys();

    REQUIRE_FALSE(document.verdict());
    CHECK(document.verdict().error().message ==
          "t.toml:1:5: b: found 1, expected a string\n"
          "t.toml:2:5: a: found \"x\", expected an integer from 0 to 1\n"
          "t.toml:3:1: unknown key 'zz'; known here: a, b");
}

TEST_CASE("Arrays of tables come in the order of the file and know their line") {
    TomlDocument document =
        TomlDocument::parse("[[room]]\nid = \"x\"\n[[room]]\nid = \"y\"\n", "t.toml");

    std::vector<TomlSection> rooms = document.root().sections("room");

    REQUIRE(rooms.size() == 2);
    CHECK(rooms[0].text("id", "") == "x");
    CHECK(rooms[1].text("id", "") == "y");
    CHECK(rooms[1].line() == 3);
}

TEST_CASE("A missing required key is noted at its table, a caller's complaint at its value") {
    TomlDocument document =
        TomlDocument::parse("[[room]]\nlist = [\"good\",\n\"bad\"]\n", "t.toml");
    TomlSection room = document.root().sections("room").front();

    room.require("id");
    room.problem("list", "no such thing", 1);

    REQUIRE(document.problems().size() == 2);
    CHECK(document.problems()[0].to_string() == "t.toml:1:1: 'id' is missing");
    CHECK(document.problems()[1].to_string() == "t.toml:3:1: list: no such thing");
}

TEST_CASE("A word outside the choice, a table where a value belongs and the reverse are mistakes") {
    TomlDocument document = TomlDocument::parse(
        "view = \"sometimes\"\nnet = 3\nroom = 4\nlisten = [1]\nname = {a = 1}\nrooms = [1]\n",
        "t.toml");
    constexpr std::array<std::string_view, 2> kWords{"on", "off"};
    TomlSection root = document.root();

    CHECK(root.choice("view", "on", kWords) == "on");
    CHECK_FALSE(root.section("net").present());
    CHECK(root.sections("room").empty());
    CHECK(root.texts("listen", {"x"}).empty());
    CHECK(root.text("name", "n") == "n");
    CHECK(root.sections("rooms").empty());
    CHECK(root.boolean("view", true));
    CHECK(root.number("view", 1, 0, 1) == 1);

    CHECK(document.problems().size() == 8);
    CHECK(document.problems()[0].to_string() ==
          "t.toml:1:8: view: found \"sometimes\", expected one of on, off");
}

TEST_CASE("A syntax error and an unreadable file are problems of the document") {
    TomlDocument broken = TomlDocument::parse("a = \n", "t.toml");
    TomlDocument absent = TomlDocument::load("/nonexistent/tessera.toml");

    REQUIRE_FALSE(broken.verdict());
    CHECK(broken.verdict().error().message.starts_with("t.toml:1:"));
    CHECK(only_problem(absent) == "/nonexistent/tessera.toml: cannot be read");
    CHECK(only_problem(TomlDocument::load("/")) == "/: cannot be read");
    CHECK(absent.root().text("a", "b") == "b");
}

TEST_CASE("An array of numbers has the size that was asked for, or is named as found") {
    const auto text = "good = [1, 2.5]\nshort = [1]\nwords = ['a', 1]\nhuge = [inf, 1]\nno = 3";
    auto document = TomlDocument::parse(text, "t.toml");
    auto root = document.root();

    CHECK(root.numbers("good", 2, "a pair") == std::vector<double>{1, 2.5});
    CHECK(root.numbers("absent", 2, "a pair").empty());
    for (const char* key : {"short", "words", "huge", "no"}) {
        CHECK(root.numbers(key, 2, "a pair").empty());
    }
    root.mismatch("good", "something else");
    root.mismatch("absent", "something else");

    std::vector<std::string> problems;
    for (const auto& problem : document.problems()) problems.push_back(problem.to_string());
    CHECK(problems ==
          std::vector<std::string>{"t.toml:1:8: good: found [1, 2.5], expected something else",
                                   "t.toml:2:9: short: found [1], expected a pair",
                                   "t.toml:3:9: words: found [\"a\", 1], expected a pair",
                                   "t.toml:4:8: huge: found [inf, 1], expected a pair",
                                   "t.toml:5:6: no: found 3, expected a pair"});
}
