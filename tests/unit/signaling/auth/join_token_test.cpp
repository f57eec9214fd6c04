#include "signaling/auth/join_token.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "signaling/auth/tls_files.h"
#include "tests/unit/signaling/auth/join_tokens.h"

using namespace signaling;
using namespace join_tokens;

namespace {

struct Folder {
    Folder() {
        std::string name = "/tmp/tessera-join-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string write(const std::string& name, const std::string& text,
                                    mode_t mode = 0600) const {
        const std::string file = path / name;
        std::ofstream(file) << text;
        REQUIRE(chmod(file.c_str(), mode) == 0);
        return file;
    }
    std::filesystem::path path;
};

JoinKeys known_key() {
    JoinKeys keys;
    REQUIRE(keys.add(kPublicKey));
    return keys;
}

/// What is said of a token for the room "board"; "" when it is good.
std::string said(std::string_view text, std::int64_t now_s = kNow_s) {
    const auto token = verify_join_token(text, known_key(), "board", now_s);
    return token ? "" : token.error().text;
}

constexpr const char* kForged = "the token is not signed by ES256 with a key known here";

}  // namespace

TEST_CASE("A token that another library signed names room, role, name and end") {
    const auto token = verify_join_token(kGood, known_key(), "board", kNow_s);

    REQUIRE(token);
    CHECK(*token == JoinToken{"board", JoinRole::Moderator, "Änne", kNow_s + 600});
}

TEST_CASE("A token without a name leaves it to its carrier, and other claims are not looked at") {
    CHECK(verify_join_token(kPlain, known_key(), "board", kNow_s)->name.empty());
    CHECK(said(kSoonEnough).empty());
}

TEST_CASE("A forged token is refused, whatever it claims") {
    CHECK(said(kOfAnotherKey) == kForged);
    CHECK(said(kChanged) == kForged);
    CHECK(said(kUnsigned) == kForged);
    // Nothing of what a forger wrote is told back.
    CHECK(said(kOfAnotherKey, kNow_s + 1'000'000) == kForged);
}

TEST_CASE("Our public key is nobody's secret for HS256") {
    JoinKeys keys;
    REQUIRE(keys.add(kPublicKey));
    REQUIRE(keys.public_keys().front() == kPublicKey);  // what the forger signed with

    CHECK(said(kByHs256) == kForged);
}

TEST_CASE("What is no token is told so") {
    const std::string none = "this is no token: expected a JWT";
    CHECK(said("") == none);
    CHECK(said("4711") == none);
    CHECK(said("a.b.c.d") == none);
    CHECK(said("a b.c.d") == none);
    CHECK(said(std::string("a.b.\0c", 6)) == none);
    CHECK(said(std::string(kGood) + std::string(kLongestToken_bytes, 'A')) == none);
    CHECK(said("..") == kForged);
}

TEST_CASE("Every single changed letter makes a token a forged one") {
    const std::string good = kGood;
    // The last letter has bits that no byte uses.
    for (std::size_t i = 0; i + 1 < good.size(); ++i) {
        std::string changed = good;
        if (changed[i] == '.') continue;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        INFO("at " << i);
        CHECK_FALSE(said(changed).empty());
    }
}

TEST_CASE("Of another room is not of this one, and letters count as they are") {
    const JoinKeys keys = known_key();

    CHECK(verify_join_token(kGood, keys, "other", kNow_s).error().text ==
          "the token is for another room");
    CHECK_FALSE(verify_join_token(kGood, keys, "Board", kNow_s));
    CHECK_FALSE(verify_join_token(kGood, keys, "", kNow_s));
}

TEST_CASE("A token is good until the second it names, and not from then on") {
    CHECK(said(kGood, kNow_s + 599).empty());
    const auto expired = verify_join_token(kGood, known_key(), "board", kNow_s + 600);
    REQUIRE_FALSE(expired);
    CHECK(expired.error().why == TokenRefusal::Why::Expired);
    CHECK(expired.error().text == "the token expired at 2027-01-15 08:10:00 UTC");
}

TEST_CASE("A token that says too little, or too much, is refused by name") {
    CHECK(said(kNoRoom) == "the token names no room");
    CHECK(said(kNoRole) == "the token's role is none of guest, moderator, viewer");
    CHECK(said(kOddRole) == "the token's role is none of guest, moderator, viewer");
    const std::string no_end =
        "the token's exp is not a whole number of seconds: it must say when it expires";
    CHECK(said(kNoExp) == no_end);
    CHECK(said(kExpText) == no_end);
    CHECK(said(kBrokenEnd) == no_end);
    CHECK(said(kNotBeforeText) == "the token's nbf is not a whole number of seconds");
    CHECK(said(kNotObject) == "the token names no room");
    CHECK(said(kTooLong) == "the token is good for more than a day: expected a short-lived one");
    CHECK(said(kCritical) == "the token has crit, which is not known here");
    CHECK(said(kNotYet) == "the token is not good before 2027-01-15 08:01:00 UTC");
    CHECK(said(kNotYet, kNow_s + 30).empty());
}

TEST_CASE("Any of several keys may have signed, and without a key nobody did") {
    JoinKeys keys;
    CHECK_FALSE(verify_join_token(kGood, keys, "board", kNow_s));
    const Folder folder;
    const std::string other = folder.path / "deep/er/other.pem";
    REQUIRE(make_private_key(other));

    const auto both = JoinKeys::load({other, folder.write("ours.pem", kPublicKey, 0644)});

    REQUIRE(both);
    CHECK(verify_join_token(kGood, *both, "board", kNow_s));
}

TEST_CASE("What we sign, we let in") {
    const Folder folder;
    const std::string file = folder.path / "key.pem";
    REQUIRE(make_private_key(file));
    const JoinToken token{"board", JoinRole::Viewer, "Anna \"A\"", kNow_s + 60};

    const auto text = sign_join_token(token, *read_signing_key(file));

    REQUIRE(text);
    const auto keys = JoinKeys::load({file});
    REQUIRE(keys);
    CHECK(verify_join_token(*text, *keys, "board", kNow_s) == token);
    CHECK_FALSE(verify_join_token(*text, known_key(), "board", kNow_s));
    struct stat about {};
    REQUIRE(stat(file.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    CHECK_FALSE(make_private_key(file));
}

TEST_CASE("Key files that will not do are named with what is wrong") {
    const Folder folder;
    const auto wrong = [](const std::string& file) {
        return JoinKeys::load({file}).error().message;
    };

    CHECK(wrong(folder.path / "none.pem") ==
          "join key '" + (folder.path / "none.pem").string() + "': No such file or directory");
    CHECK(wrong(folder.write("p384.pem", kKeyOfP384))
              .ends_with("expected a key of ECDSA on P-256 as PEM, without a passphrase"));
    CHECK(wrong(folder.write("text.pem", "hello")).ends_with("without a passphrase"));
    CHECK(wrong(folder.path).ends_with("expected a PEM file of a key"));
    CHECK(wrong(folder.write("open.pem", kPrivateKey, 0640))
              .ends_with("others than its owner may read it; chmod 600 it"));
    CHECK(JoinKeys::load({folder.write("public.pem", kPublicKey, 0644)}));
    CHECK_FALSE(read_signing_key(folder.write("public2.pem", kPublicKey)));
    CHECK_FALSE(read_signing_key(folder.write("p384-2.pem", kKeyOfP384)));
    CHECK_FALSE(read_signing_key(folder.write("open2.pem", kPrivateKey, 0644)));
    CHECK_FALSE(read_signing_key(folder.path / "none.pem"));
}

TEST_CASE("A name that is not UTF-8 cannot be signed") {
    CHECK_FALSE(sign_join_token({"board", JoinRole::Guest, "\xff\xfe", kNow_s}, kPrivateKey));
}

TEST_CASE("Secrets are the same or not") {
    CHECK(same_secret("4711", "4711"));
    CHECK_FALSE(same_secret("4712", "4711"));
    CHECK_FALSE(same_secret("471", "4711"));
    CHECK_FALSE(same_secret("", "4711"));
}
