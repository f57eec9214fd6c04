#include "mixer/layout/layout_book.h"

#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/mixer/layout/room.h"

using mixer::LayoutBook;
using mixer::LayoutPlan;
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
    CHECK(book().names() == std::vector<std::string>{"1+12",
                                                     "1+5",
                                                     "1+7",
                                                     "1+9",
                                                     "2+8",
                                                     "3+4",
                                                     "content+pip",
                                                     "content+strip",
                                                     "grid",
                                                     "lecture",
                                                     "lecture-guest",
                                                     "lecture-host",
                                                     "one",
                                                     "pip",
                                                     "portrait",
                                                     "side-by-side",
                                                     "speaker",
                                                     "speaker+strip-bottom",
                                                     "speaker+strip-right",
                                                     "stagger"});
    CHECK(book().has("auto"));
    CHECK(book().has("1+7"));
    CHECK_FALSE(book().has("circle"));
    for (const auto& layout : book().summaries()) {
        CAPTURE(layout.name);
        CHECK_FALSE(layout.description.empty());
        CHECK(layout.file.empty());
        CHECK(layout.most_people >= 1);
    }
}

TEST_CASE("The auto table serves each number of people with its layout") {
    const auto [people, layout, tiles] = GENERATE(table<int, const char*, int>({
        {1, "grid", 1},
        {2, "speaker", 1},
        {3, "grid", 3},
        {5, "grid", 5},
        {6, "1+5", 6},
        {7, "1+7", 7},
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
        {"1+5", SelfView::ByLayout, "ABC"},
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

TEST_CASE("Whoever is alone sees themselves, unless they wished not to") {
    const std::string layout = GENERATE("speaker", "one", "side-by-side", "pip", "lecture-host",
                                        "lecture-guest", "speaker+strip-right", "portrait");
    CAPTURE(layout);
    const Room room("A");
    auto hidden = room.request(layout, 'A');
    hidden.self_view = SelfView::Hide;

    const auto shown = seats(book().resolve(room.request(layout, 'A')));

    CHECK(std::count(shown.begin(), shown.end(), 'A') == 1);
    CHECK(seats(book().resolve(hidden)).find('A') == std::string::npos);
}

TEST_CASE("Who left a moment ago still counts for the choice of a layout, not for its tiles") {
    const Room room(letters(4));
    auto request = room.request("auto", 'A');
    request.recent_people = 6;

    const LayoutPlan plan = book().resolve(request);

    CHECK(plan.layout == "1+5");
    CHECK(plan.tiles.size() == 4);
    CHECK(book().serving(request) == "1+5");
    CHECK(book().serving(room.request("auto", 'A')) == "grid");
    CHECK(book().hold("auto") == std::chrono::seconds(5));
}

TEST_CASE("A layout of many tiles gives its place to another while people are few") {
    const auto [people, layout] = GENERATE(table<int, const char*>({
        {4, "1+9"},
        {10, "1+9"},
        {11, "1+12"},
        {13, "1+12"},
    }));
    const Room room(letters(people));

    CHECK(book().resolve(room.request("1+12", 'B')).layout == layout);
}

TEST_CASE("The auto table turns to content while somebody presents") {
    Room room("ABC");
    room.present('B');

    const LayoutPlan plan = book().resolve(room.request("auto", 'A'));

    CHECK(plan.layout == "content+strip");
    REQUIRE(plan.tiles.size() == 3);
    CHECK(plan.tiles[0].source == Room::content_source());
    CHECK(seats(plan).substr(1) == "BC");
}

TEST_CASE("A small picture shows content with hardly anything beside it") {
    Room room("ABC");
    room.present('B');
    auto request = room.request("auto", 'A');
    request.canvas_lines = 360;

    CHECK(book().resolve(request).layout == "content+pip");
}

TEST_CASE("A tall picture has a layout of its own") {
    const Room room("ABC");
    auto request = room.request("auto", 'A');
    request.canvas_aspect = 9.0 / 16;

    CHECK(book().resolve(request).layout == "portrait");
}

TEST_CASE("While there is no content, a layout for content shows speakers") {
    const std::string layout = GENERATE("content+strip", "content+pip");
    CAPTURE(layout);
    Room room("ABC");
    room.spoke_last("CB");

    const auto shown = seats(book().resolve(room.request(layout, 'A')));

    CHECK(shown.front() == 'C');
    CHECK(shown.find('.') == std::string::npos);
}

TEST_CASE("In a lecture the host sees the audience, and the audience sees the host") {
    Room room("ABCD");
    room.person('B').roles = {"interpreter", "host"};
    room.spoke_last("D");

    CHECK(seats(book().resolve(room.request("lecture", 'B'))) == "ACD");
    CHECK(seats(book().resolve(room.request("lecture", 'A'))) == "BD");
    CHECK(seats(book().resolve(room.request("lecture", 'D'))) == "BA");
    room.leave('B');
    CHECK(seats(book().resolve(room.request("lecture", 'A'))) == "DC");
}

TEST_CASE("Two hosts see each other while there is no audience") {
    Room room("AB");
    room.person('A').roles = {"host"};
    room.person('B').roles = {"host"};

    CHECK(seats(book().resolve(room.request("lecture", 'A'))) == "B");
}

TEST_CASE("Every built-in layout shows somebody in every tile it has, however many are here") {
    for (const auto& layout : book().summaries()) {
        for (int people = 1; people <= 20; ++people) {
            CAPTURE(layout.name, people);
            const Room room(letters(people));
            const auto plan = book().resolve(room.request(layout.name, 'A'));
            const auto shown = seats(plan);
            const auto empty = std::count(shown.begin(), shown.end(), '.');
            // A drawn ring or corner of small tiles may miss one or two.
            CHECK(empty <= 2);
            CHECK(plan.tiles.size() > static_cast<std::size_t>(empty));
        }
    }
}

TEST_CASE("A file of rows is a table, whatever its name") {
    const auto mine = LayoutBook::parse(
                          "[[serve]]\ntiles = 2\nlayout = 'side-by-side'\n"
                          "[[serve]]\nlayout = '1+5'",
                          "mine.toml")
                          .value();

    CHECK(mine.has("mine"));
    CHECK(mine.resolve(Room("ABC").request("mine", 'A')).layout == "side-by-side");
    CHECK(mine.resolve(Room("ABCD").request("mine", 'A')).layout == "1+5");
}

TEST_CASE("Of two layouts that name each other, each says only what is there") {
    const std::vector<LayoutBook::File> files{
        {"board.toml", "family = 'grid'\n[[fewer]]\npeople = 2\nlayout = 'duo'"},
        {"duo.toml", "family = 'side-by-side'"}};

    const auto both = LayoutBook::from_files(files);
    const auto one = LayoutBook::from_files({files.data(), 1});

    CHECK(both.has_value());
    REQUIRE_FALSE(one.has_value());
    CHECK(one.error().front().text() ==
          "board.toml:4:10: layout: found \"duo\", expected the name of a layout that exists");
}

TEST_CASE("A folder's files are added to the built-in ones and replace those of the same name") {
    const Folder folder;
    folder.write("solo.toml", "[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'slot'");
    folder.write("auto.toml", "[[serve]]\ntiles = 1\nlayout = 'solo'");
    folder.write("notes.txt", "not a layout");
    folder.write(".solo.toml", "an editor's own");

    const auto loaded = LayoutBook::load(folder.path());

    REQUIRE(loaded.has_value());
    CHECK(loaded->names().size() == book().names().size() + 1);
    const Room room("ABC");
    CHECK(loaded->resolve(room.request("auto")).layout == "solo");
}

TEST_CASE("All errors of all files of a folder are reported, with their files") {
    const Folder folder;
    folder.write("a.toml", "family = 'circle'\nsize = 1");
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

TEST_CASE("What is no regular file is named and not waited for") {
    const Folder folder;
    folder.write("good.toml", "family = 'grid'");
    REQUIRE(mkfifo((folder.path() + "/pipe.toml").c_str(), 0600) == 0);
    std::filesystem::create_symlink("/nowhere.toml", folder.path() + "/lost.toml");
    std::vector<mixer::LayoutError> errors;

    const auto files = mixer::read_layout_folder(folder.path(), errors);

    CHECK(files.size() == 1);
    std::vector<std::string> texts;
    for (const auto& error : errors) texts.push_back(error.text());
    std::ranges::sort(texts);
    CHECK(texts == std::vector<std::string>{
                       folder.path() + "/lost.toml: cannot be read: No such file or directory",
                       folder.path() + "/pipe.toml: cannot be read: it is no regular file"});
}

TEST_CASE("A file whose name nobody could be told is left out and said to be") {
    const Folder folder;
    folder.write("caf\xe9.toml", "family = 'grid'");
    folder.write("good.toml", "family = 'grid'");
    std::vector<mixer::LayoutError> errors;

    const auto files = mixer::read_layout_folder(folder.path(), errors);

    CHECK(files.size() == 1);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].text() == folder.path() + "/?.toml: left out: its name is no UTF-8");
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
