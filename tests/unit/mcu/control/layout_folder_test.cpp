#include "mcu/control/layout_folder.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "mcu/control/layout_watch.h"

using mcu::LayoutFolder;

namespace {

namespace fs = std::filesystem;

/// A folder of its own for each test, gone afterwards. Every write has a later time than the one
/// before, however fast the test is.
class Folder {
  public:
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "layouts-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& name, const std::string& text) {
        std::ofstream(path_ / name) << text;
        saved_ += std::chrono::seconds(1);
        fs::last_write_time(path_ / name, saved_);
    }
    void remove(const std::string& name) const { fs::remove(path_ / name); }
    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    fs::path path_;
    fs::file_time_type saved_ = fs::file_time_type::clock::now();
};

/// The second look after a change reads.
std::optional<LayoutFolder::Found> look_twice(LayoutFolder& folder) {
    CHECK_FALSE(folder.look().has_value());
    return folder.look();
}

/// How many tiles `layout` has for a full house.
int most_people(const LayoutFolder::Found& found, const std::string& layout) {
    for (const auto& summary : found.book.summaries()) {
        if (summary.name == layout) return summary.most_people;
    }
    return -1;
}

std::vector<std::string> texts(const LayoutFolder::Found& found) {
    std::vector<std::string> lines;
    for (const auto& error : found.errors) {
        std::string text = error.text();
        lines.push_back(text.substr(text.rfind('/') + 1));
    }
    return lines;
}

const std::string kFour = "family = 'grid'\nmost = 4";
const std::string kNine = "family = 'grid'\nmost = 9";
const std::string kTable = "[[serve]]\nlayout = 'mine'";
const std::string kWrong = "family = 'grid'\nmost = 99";

}  // namespace

TEST_CASE("A folder that nobody touches is read once") {
    Folder folder;
    folder.write("mine.toml", kFour);
    LayoutFolder layouts(folder.path());

    CHECK(most_people(layouts.read(), "mine") == 4);

    CHECK_FALSE(layouts.look().has_value());
    CHECK_FALSE(layouts.look().has_value());
}

TEST_CASE("A saved file counts when it has stood still for one look") {
    Folder folder;
    folder.write("mine.toml", kFour);
    LayoutFolder layouts(folder.path());
    (void)layouts.read();

    folder.write("mine.toml", "family = ");
    CHECK_FALSE(layouts.look().has_value());
    folder.write("mine.toml", kNine);
    const auto found = look_twice(layouts);

    REQUIRE(found.has_value());
    CHECK(found->errors.empty());
    CHECK(most_people(*found, "mine") == 9);
}

TEST_CASE("A broken file changes nothing and is told with its place; the others are taken") {
    Folder folder;
    folder.write("mine.toml", kFour);
    LayoutFolder layouts(folder.path());
    (void)layouts.read();

    folder.write("mine.toml", kWrong);
    folder.write("new.toml", kNine);
    const auto found = look_twice(layouts);

    REQUIRE(found.has_value());
    CHECK(texts(*found) == std::vector<std::string>{
                               "mine.toml:2:8: most: found 99, expected an integer from 1 to 49"});
    CHECK(most_people(*found, "mine") == 4);
    CHECK(most_people(*found, "new") == 9);
}

TEST_CASE("A file that was broken from the start leaves the built-in layout of its name") {
    Folder folder;
    folder.write("1+5.toml", kWrong);
    folder.write("mine.toml", kWrong);
    LayoutFolder layouts(folder.path());

    const auto found = layouts.read();

    CHECK(found.errors.size() == 2);
    CHECK(most_people(found, "1+5") == 6);
    CHECK_FALSE(found.book.has("mine"));
}

TEST_CASE("An editor's hidden file is not looked at") {
    Folder folder;
    folder.write("mine.toml", kFour);
    LayoutFolder layouts(folder.path());
    (void)layouts.read();

    folder.write(".mine.toml", kWrong);

    CHECK_FALSE(layouts.look().has_value());
    CHECK_FALSE(layouts.look().has_value());
}

TEST_CASE("A mended file counts, and its mistake is forgotten") {
    Folder folder;
    folder.write("mine.toml", kWrong);
    LayoutFolder layouts(folder.path());
    (void)layouts.read();

    folder.write("mine.toml", kNine);
    const auto found = look_twice(layouts);

    REQUIRE(found.has_value());
    CHECK(found->errors.empty());
    CHECK(most_people(*found, "mine") == 9);
}

TEST_CASE("A removed file takes its layout along") {
    Folder folder;
    folder.write("mine.toml", kNine);
    LayoutFolder layouts(folder.path());
    REQUIRE(layouts.read().book.has("mine"));

    folder.remove("mine.toml");
    const auto found = look_twice(layouts);

    REQUIRE(found.has_value());
    CHECK(found->errors.empty());
    CHECK_FALSE(found->book.has("mine"));
}

TEST_CASE("A removed file is kept as it was, and told, while a table that stayed names it") {
    Folder folder;
    folder.write("mine.toml", kNine);
    folder.write("other.toml", kFour);
    folder.write("auto.toml", kTable);
    LayoutFolder layouts(folder.path());
    REQUIRE(layouts.read().errors.empty());

    folder.remove("mine.toml");
    folder.remove("other.toml");
    const auto found = look_twice(layouts);

    REQUIRE(found.has_value());
    CHECK(texts(*found) ==
          std::vector<std::string>{
              "auto.toml:2:10: layout: found \"mine\", expected the name of a layout that exists",
              "mine.toml: is gone, but kept as it was: others name it"});
    CHECK(most_people(*found, "auto") == 9);
    CHECK(most_people(*found, "mine") == 9);
    CHECK_FALSE(found->book.has("other"));

    folder.write("auto.toml", "[[serve]]\nlayout = 'grid'");
    const auto mended = look_twice(layouts);
    REQUIRE(mended.has_value());
    CHECK(mended->errors.empty());
    CHECK_FALSE(mended->book.has("mine"));
}

TEST_CASE("A renamed layout leaves a table that names it as it was, and counts under both names") {
    Folder folder;
    folder.write("mine.toml", kNine);
    folder.write("auto.toml", kTable);
    LayoutFolder layouts(folder.path());
    (void)layouts.read();

    folder.remove("mine.toml");
    folder.write("ours.toml", kNine);
    folder.write("broken.toml", kWrong);
    const auto found = look_twice(layouts);

    REQUIRE(found.has_value());
    CHECK(found->errors.size() == 3);
    CHECK(most_people(*found, "auto") == 9);
    CHECK(most_people(*found, "ours") == 9);
    CHECK_FALSE(found->book.has("broken"));
}

TEST_CASE("A layout that is too small for our own table changes nothing") {
    Folder folder;
    LayoutFolder layouts(folder.path());
    (void)layouts.read();

    folder.write("grid.toml", kFour);
    const auto found = look_twice(layouts);

    REQUIRE(found.has_value());
    CHECK_FALSE(found->errors.empty());
    CHECK(most_people(*found, "grid") == 49);
}

TEST_CASE("Without its folder the layouts stay as they are, and count again when it is back") {
    Folder folder;
    folder.write("mine.toml", kFour);
    LayoutFolder layouts(folder.path());
    (void)layouts.read();

    fs::rename(folder.path(), folder.path() + "-away");
    const auto gone = look_twice(layouts);
    fs::rename(folder.path() + "-away", folder.path());
    const auto back = look_twice(layouts);

    REQUIRE(gone.has_value());
    CHECK(gone->errors.front().message == "cannot be read: No such file or directory");
    CHECK(most_people(*gone, "mine") == 4);
    REQUIRE(back.has_value());
    CHECK(back->errors.empty());
}

TEST_CASE("The watch offers what it found until it is taken, and stops at once") {
    Folder folder;
    mcu::LayoutWatch watch(folder.path());
    (void)watch.read();
    std::atomic<int> offers{0};
    watch.start(
        [&](const LayoutFolder::Found& found) { return found.book.has("mine") && ++offers == 2; });

    folder.write("mine.toml", kFour);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (offers < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    watch.stop();

    CHECK(offers == 2);
}
