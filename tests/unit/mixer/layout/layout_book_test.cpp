#include "mixer/layout/layout_book.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/mixer/layout/room.h"

using mixer::LayoutBook;
using mixer::LayoutPlan;
using mixer::LayoutRequest;
using mixer::SelfView;

namespace {

const LayoutBook& book() {
    return LayoutBook::built_in();
}

std::string letters(int count) {
    std::string people;
    for (int i = 0; i < count; ++i) people += static_cast<char>('A' + i);
    return people;
}

/// A folder of its own for each test, gone afterwards.
class Folder {
  public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "layouts-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("The layouts that come with the program are there") {
    CHECK(book().names() ==
          std::vector<std::string>{"1+5", "1+7", "grid", "side-by-side", "speaker"});
    CHECK(book().has("auto"));
    CHECK(book().has("1+7"));
    CHECK_FALSE(book().has("lecture"));
}

TEST_CASE("The auto table serves each number of people with its layout") {
    const auto [people, layout, tiles] = GENERATE(table<int, const char*, int>({
        {1, "grid", 1},
        {2, "speaker", 1},
        {3, "grid", 3},
        {5, "grid", 5},
        {6, "1+5", 6},
        {7, "1+7", 8},
        {8, "1+7", 8},
        {9, "grid", 9},
        {26, "grid", 26},
    }));
    CAPTURE(people);
    const Room room(letters(people));

    const LayoutPlan plan = book().resolve(room.request("auto", 'A'));

    CHECK(plan.layout == layout);
    CHECK(plan.tiles.size() == static_cast<std::size_t>(tiles));
}

TEST_CASE("The auto table counts the tiles a viewer needs, so who hides needs one less") {
    const Room room(letters(6));
    auto hidden = room.request("auto", 'A');
    hidden.self_view = SelfView::Hide;

    CHECK(book().resolve(hidden).layout == "grid");
    CHECK(seats(book().resolve(hidden)) == "BCDEF");
    CHECK(book().resolve(room.request("auto")).layout == "1+5");
}

TEST_CASE("More people than the largest layout of the table has tiles are served by it") {
    Room room("");
    for (int i = 0; i < 60; ++i) room.arrive(static_cast<char>('A' + i));

    CHECK(book().resolve(room.request("auto")).tiles.size() == 49);
}

TEST_CASE("An unknown layout resolves as auto") {
    const Room room("AB");

    CHECK(book().resolve(room.request("no such", 'A')) ==
          book().resolve(room.request("auto", 'A')));
}

TEST_CASE("Self-view is on in grids, off where one or two are shown, unless set") {
    const auto [layout, wish, expected] = GENERATE(table<const char*, SelfView, const char*>({
        {"grid", SelfView::ByLayout, "ABC"},
        {"grid", SelfView::Show, "ABC"},
        {"grid", SelfView::Hide, "BC"},
        {"1+5", SelfView::ByLayout, "ABC..."},
        {"side-by-side", SelfView::ByLayout, "BC"},
        {"side-by-side", SelfView::Show, "AB"},
        {"speaker", SelfView::ByLayout, "B"},
        {"speaker", SelfView::Hide, "B"},
        {"speaker", SelfView::Show, "A"},
    }));
    CAPTURE(layout, static_cast<int>(wish));
    const Room room("ABC");
    auto request = room.request(layout, 'A');
    request.self_view = wish;

    CHECK(seats(book().resolve(request)) == expected);
}

TEST_CASE("An empty room has an empty plan") {
    const Room room("");

    CHECK(book().resolve(room.request("grid")).tiles.empty());
    CHECK(seats(book().resolve(room.request("speaker"))) == ".");
    CHECK(seats(book().resolve(room.request("auto"))).empty());
}

TEST_CASE("A tile carries its person's name, marks, initials and colour") {
    Room room("AB");
    room.person('B').name = " bob  Builder\n";
    room.person('B').muted = true;
    room.person('B').speaking = true;

    const LayoutPlan plan = book().resolve(room.request("grid"));

    REQUIRE(plan.tiles.size() == 2);
    CHECK(plan.tiles[1].label == "bob Builder");
    CHECK(plan.tiles[1].initials == "BB");
    CHECK(plan.tiles[1].muted);
    CHECK(plan.tiles[1].speaking);
    CHECK_FALSE(plan.tiles[0].muted);
    CHECK_FALSE(plan.tiles[0].speaking);
    CHECK(plan.tiles[0].avatar_color != mixer::Color{});
}

TEST_CASE("A layout without labels and borders is not changed by mutes and voices") {
    const auto quiet = LayoutBook::parse(
                           "[canvas]\nlabels = false\n[[tile]]\nrect = [0, 0, 1, 1]\n"
                           "shows = 'slot'\nborder = false",
                           "quiet.toml")
                           .value();
    Room room("A");
    const LayoutPlan before = quiet.resolve(room.request("quiet"));

    room.person('A').muted = true;
    room.person('A').speaking = true;

    CHECK(quiet.resolve(room.request("quiet")) == before);
    CHECK(before.tiles[0].label.empty());
    CHECK(before.tiles[0].initials == "A");
}

TEST_CASE("Viewers who need the same picture get equal plans") {
    Room room(letters(9));
    room.spoke_last("CA");
    room.person('C').speaking = true;
    const std::string layout = GENERATE("auto", "grid", "1+7");

    const LayoutPlan of_recorder = book().resolve(room.request(layout));
    for (const char viewer : letters(9)) {
        CHECK(book().resolve(room.request(layout, viewer)) == of_recorder);
    }
}

TEST_CASE("Only those on screen get another picture when nobody sees themselves") {
    Room room(letters(9));
    room.spoke_last("C");

    std::vector<LayoutPlan> distinct;
    for (const char viewer : letters(9)) {
        const auto plan = book().resolve(room.request("speaker", viewer));
        if (std::find(distinct.begin(), distinct.end(), plan) == distinct.end()) {
            distinct.push_back(plan);
        }
    }

    CHECK(distinct.size() == 2);
}

TEST_CASE("A late joiner gets the very plan of those who have a past") {
    Room room("ABCD");
    const LayoutPlan full = book().resolve(room.request("grid"));
    room.leave('A');
    auto after = room.request("grid");
    after.previous = &full;
    const LayoutPlan past = book().resolve(after);
    REQUIRE(seats(past) == "DBC");
    room.arrive('E');
    std::vector<LayoutRequest> requests;
    for (const char viewer : {'E', 'B', 'C', 'D'}) {
        requests.push_back(room.request("grid", viewer));
        if (viewer != 'E') requests.back().previous = &past;
    }

    const auto plans = book().resolve_all(requests);

    REQUIRE(plans.size() == 4);
    for (const auto& plan : plans) CHECK(plan == plans.front());
    CHECK(seats(plans.front()) == "DBCE");
}

TEST_CASE("Viewers with different needs keep different plans when resolved together") {
    const Room room("ABC");
    std::vector<LayoutRequest> requests{room.request("grid", 'A'), room.request("speaker", 'A'),
                                        room.request("grid", 'B')};
    requests[2].self_view = SelfView::Hide;

    const auto plans = book().resolve_all(requests);

    CHECK(seats(plans[0]) == "ABC");
    CHECK(seats(plans[1]) == "B");
    CHECK(seats(plans[2]) == "AC");
}

TEST_CASE("A folder's files are added to the built-in ones and replace those of the same name") {
    const Folder folder;
    folder.write("solo.toml", "[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'slot'");
    folder.write("auto.toml", "[[serve]]\ntiles = 1\nlayout = 'solo'");
    folder.write("notes.txt", "not a layout");

    const auto loaded = LayoutBook::load(folder.path());

    REQUIRE(loaded.has_value());
    CHECK(loaded->names().size() == 6);
    const Room room("ABC");
    CHECK(loaded->resolve(room.request("auto")).layout == "solo");
}

TEST_CASE("All errors of all files of a folder are reported, with their files") {
    const Folder folder;
    folder.write("a.toml", "family = 'strip'\nsize = 1");
    folder.write("b.toml", "family = ");
    std::filesystem::create_directory(folder.path() + "/c.toml");

    const auto loaded = LayoutBook::load(folder.path());

    REQUIRE_FALSE(loaded.has_value());
    REQUIRE(loaded.error().size() == 4);
    std::vector<std::string> files;
    for (const auto& error : loaded.error()) {
        files.push_back(std::filesystem::path(error.file).filename().string());
    }
    std::sort(files.begin(), files.end());
    CHECK(files == std::vector<std::string>{"a.toml", "a.toml", "b.toml", "c.toml"});
}

TEST_CASE("A folder that is not there is an error that names it") {
    const auto loaded = LayoutBook::load("/nowhere/layouts");

    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().front().text() ==
          "/nowhere/layouts: cannot be read: No such file or directory");
}

TEST_CASE("A table that outgrew a replaced layout is refused at its row") {
    const auto small = LayoutBook::parse("family = 'grid'\nmost = 4", "grid.toml");

    REQUIRE_FALSE(small.has_value());
    CHECK(small.error().front().file == "auto.toml");
    CHECK(small.error().front().message ==
          "tiles: found 5, expected 4 at most, as many as 'grid' has");
}
