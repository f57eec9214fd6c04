#include "signaling/webrtc/page_files.h"

#include "tests/unit/signaling/webrtc/page_folder.h"

using namespace signaling;
using tests::PageFolder;

namespace {

std::string error_of(const PageFolder& folder, const PageFiles::Limits& limits = {}) {
    const auto page = PageFiles::read(folder.path, limits);
    REQUIRE_FALSE(page);
    const std::string& text = page.error().message;
    return text.substr(text.find("': ") + 3);
}

}  // namespace

TEST_CASE("Files are found by their paths, with their types") {
    const PageFolder folder;
    folder.write("index.html", "<!doctype html>");
    folder.write("assets/main-1a2b.js", "let a;");
    folder.write("icon.svg", "<svg/>");
    folder.write("odd.xyz", "?");

    const auto page = PageFiles::read(folder.path);

    REQUIRE(page);
    CHECK(page->size() == 4);
    CHECK(page->find("/assets/main-1a2b.js")->bytes == "let a;");
    CHECK(page->find("/assets/main-1a2b.js")->content_type == "text/javascript; charset=utf-8");
    CHECK(page->find("/icon.svg")->content_type == "image/svg+xml");
    CHECK(page->find("/odd.xyz")->content_type == "application/octet-stream");
}

TEST_CASE("The link into a room leads to the page, and nothing else does") {
    const PageFolder folder;
    folder.write("index.html", "page");

    const auto page = PageFiles::read(folder.path);

    REQUIRE(page);
    CHECK(page->find("/")->bytes == "page");
    CHECK(page->find("/r/demo")->bytes == "page");
    for (const char* path : {"", "/r/", "/r/a b", "/r/demo/x", "/demo", "/index.html/", "//",
                             "/../index.html", "/r/../../etc/passwd", "index.html"}) {
        INFO(path);
        CHECK(page->find(path) == nullptr);
    }
}

TEST_CASE("Links, hidden files and what lies in hidden folders are no part of the page") {
    const PageFolder folder;
    folder.write("index.html", "page");
    folder.write(".env", "secret");
    folder.write(".git/config", "secret");
    std::filesystem::create_symlink("/etc/passwd", folder.path / "passwd");
    std::filesystem::create_directory_symlink("/etc", folder.path / "etc");

    const auto page = PageFiles::read(folder.path);

    REQUIRE(page);
    CHECK(page->size() == 1);
}

TEST_CASE("What a bundler names after its bytes may be kept, the rest is asked for again") {
    const PageFolder folder;
    folder.write("index.html", "page");
    folder.write("assets/main-1a2b.js", "let a;");

    const auto page = PageFiles::read(folder.path);

    REQUIRE(page);
    CHECK(page->find("/assets/main-1a2b.js")->forever);
    CHECK_FALSE(page->find("/")->forever);
}

TEST_CASE("A tag stays while the bytes stay") {
    const PageFolder folder;
    folder.write("index.html", "page");
    const auto before = PageFiles::read(folder.path).value();
    const auto again = PageFiles::read(folder.path).value();
    folder.write("index.html", "another");
    const auto after = PageFiles::read(folder.path).value();

    CHECK(before.find("/")->etag == again.find("/")->etag);
    CHECK(before.find("/")->etag != after.find("/")->etag);
    CHECK(before.find("/")->etag.size() == 34);
}

TEST_CASE("A folder that is no page is refused with the reason") {
    const PageFolder folder;
    CHECK(error_of(folder) == "there is no index.html");

    folder.write("index.html", "page");
    folder.write("b.js", "b");
    CHECK(error_of(folder, {.files = 1}) == "more than 1 files or 33554432 bytes");
    CHECK(error_of(folder, {.bytes = 4}) == "more than 1000 files or 4 bytes");
    CHECK_FALSE(PageFiles::read("/nowhere/at/all"));
}

TEST_CASE("Without a folder there are no files") {
    const auto page = PageFiles::read("");

    REQUIRE(page);
    CHECK(page->find("/") == nullptr);
}
