#include "tools/ctl/token_command.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "signaling/auth/join_token.h"
#include "signaling/auth/tls_files.h"

using namespace signaling;

namespace {

constexpr std::int64_t kNow_s = 1'800'000'000;

/// What a signald leaves at its first start.
struct Folder {
    Folder() {
        std::string name = "/tmp/tessera-ctl-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
        REQUIRE(make_private_key(path / "join_key.pem"));
    }
    ~Folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string token_file() const { return path / "api.token"; }
    std::filesystem::path path;
};

}  // namespace

TEST_CASE("The token that an administrator makes is taken by the server whose key lies there") {
    const Folder folder;
    const auto keys = JoinKeys::load({folder.path / "join_key.pem"});
    REQUIRE(keys);

    const auto made =
        ctl::make_token({"board", "moderator", "Anna", 10, ""}, folder.token_file(), kNow_s);

    REQUIRE(made);
    REQUIRE(made->ends_with('\n'));
    const auto read = verify_join_token(made->substr(0, made->size() - 1), *keys, "board", kNow_s);
    REQUIRE(read);
    CHECK(*read == JoinToken{"board", JoinRole::Moderator, "Anna", kNow_s + 600});
}

TEST_CASE("A token of another key is signed by it") {
    const Folder folder;
    const std::string other = folder.path / "other.pem";
    REQUIRE(make_private_key(other));

    const auto made =
        ctl::make_token({"board", "guest", "", 1, other}, folder.token_file(), kNow_s);

    REQUIRE(made);
    CHECK(verify_join_token(made->substr(0, made->size() - 1), *JoinKeys::load({other}), "board",
                            kNow_s));
}

TEST_CASE("A token for no room, of no role or without a key is not made") {
    const Folder folder;

    CHECK_FALSE(ctl::make_token({"no room", "guest", "", 1, ""}, folder.token_file(), kNow_s));
    CHECK_FALSE(ctl::make_token({"board", "king", "", 1, ""}, folder.token_file(), kNow_s));
    const auto none = ctl::make_token({"board", "guest", "", 1, "/nowhere/key.pem"}, "", kNow_s);
    REQUIRE_FALSE(none);
    CHECK(none.error().message == "join key '/nowhere/key.pem': No such file or directory");
}
