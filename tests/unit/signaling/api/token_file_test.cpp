#include "signaling/api/token_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

using namespace signaling;

namespace {

// A folder of its own, gone with the test.
struct Folder {
    Folder() {
        std::string name = "/tmp/tessera-token-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

}  // namespace

TEST_CASE("A token is made at the first start, for its owner alone, and stays") {
    Folder folder;
    const std::string file = folder.path / "var" / "api.token";

    const auto first = load_or_make_token(file);
    const auto second = load_or_make_token(file);

    REQUIRE(first);
    CHECK(first->size() == 64);
    REQUIRE(second);
    CHECK(*second == *first);
    struct stat status {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("A token that others may read, or that is too short, is refused by name") {
    Folder folder;
    const std::string file = folder.path / "api.token";
    REQUIRE(load_or_make_token(file));

    chmod(file.c_str(), 0644);
    CHECK(load_or_make_token(file).error().message.find("chmod 600") != std::string::npos);
    chmod(file.c_str(), 0600);
    std::filesystem::resize_file(file, 5);
    CHECK(load_or_make_token(file).error().message.find(file) != std::string::npos);
    CHECK_FALSE(load_or_make_token("/proc/nothing/api.token"));
}

TEST_CASE("Only the very token matches") {
    CHECK(token_matches("secret", "secret"));
    CHECK_FALSE(token_matches("secre", "secret"));
    CHECK_FALSE(token_matches("secret1", "secret"));
    CHECK_FALSE(token_matches("", "secret"));
}
