#include "signaling/auth/digest_guard.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/support/fake_clock.h"

using namespace signaling;
using namespace std::chrono_literals;
using Verdict = DigestGuard::Verdict;

namespace {

const std::string kUri = "sip:board@192.0.2.1";

std::string nonce_in(const std::string& challenge) {
    const std::size_t begin = challenge.find("nonce=\"") + 7;
    return challenge.substr(begin, challenge.find('"', begin) - begin);
}

struct Door {
    tests::FakeClock clock;
    DigestGuard guard{"example.org",
                      *DigestUsers::parse("anna:secret\nboris:other\n", "users", "example.org"),
                      {DigestAlgorithm::Sha256, DigestAlgorithm::Md5},
                      clock,
                      "key"};

    /// What a client says that knows this.
    struct Said {
        std::string name = "anna";
        std::string password = "secret";
        DigestAlgorithm algorithm = DigestAlgorithm::Sha256;
        std::string count = "00000001";
        std::string uri = kUri;
    };
    static std::string header(const std::string& nonce, const Said& said) {
        DigestCredentials c{said.name,      "example.org", nonce, said.uri,  "",
                            said.algorithm, "auth",        "c",   said.count};
        if (said.count.empty()) c.qop.clear();
        const std::string response = expected_response(
            c, "INVITE", digest_secret(said.algorithm, said.name, "example.org", said.password));
        return "Digest username=\"" + said.name + "\",realm=\"example.org\",nonce=\"" + nonce +
               "\",uri=\"" + said.uri + "\",response=\"" + response +
               "\",algorithm=" + (said.algorithm == DigestAlgorithm::Md5 ? "MD5" : "SHA-256") +
               (said.count.empty() ? "" : ",qop=auth,cnonce=\"c\",nc=" + said.count);
    }
    std::string nonce() { return nonce_in(guard.challenges(false).front()); }
    Verdict say(const std::string& nonce, const Said& said) {
        return guard.check("INVITE", kUri, header(nonce, said));
    }
};

}  // namespace

TEST_CASE("A challenge offers SHA-256 before MD5, with one nonce that is never the same") {
    Door door;
    const auto first = door.guard.challenges(false);
    const auto second = door.guard.challenges(true);

    REQUIRE(first.size() == 2);
    CHECK(first[0] == "Digest realm=\"example.org\", nonce=\"" + nonce_in(first[0]) +
                          "\", qop=\"auth\", algorithm=SHA-256");
    CHECK(first[1].ends_with("algorithm=MD5"));
    CHECK(nonce_in(first[0]) == nonce_in(first[1]));
    CHECK(nonce_in(first[0]) != nonce_in(second[0]));
    CHECK(second[0].ends_with(", stale=true"));
}

TEST_CASE("Who knows the password passes, by either algorithm, also without qop") {
    Door door;

    CHECK(door.say(door.nonce(), {}) == Verdict::Pass);
    CHECK(door.say(door.nonce(), {.algorithm = DigestAlgorithm::Md5}) == Verdict::Pass);
    CHECK(door.say(door.nonce(), {.count = ""}) == Verdict::Pass);
}

TEST_CASE("An algorithm that was not offered is not taken") {
    tests::FakeClock clock;
    DigestGuard guard("example.org", *DigestUsers::parse("anna:secret", "users", "example.org"),
                      {DigestAlgorithm::Sha256}, clock, "key");
    const auto challenges = guard.challenges(false);
    REQUIRE(challenges.size() == 1);
    const auto check = [&](DigestAlgorithm algorithm) {
        return guard.check("INVITE", kUri,
                           Door::header(nonce_in(challenges[0]), {.algorithm = algorithm}));
    };

    CHECK(check(DigestAlgorithm::Md5) == Verdict::Unknown);
    CHECK(check(DigestAlgorithm::Sha256) == Verdict::Pass);
}

TEST_CASE("A wrong password, an unknown name and silence come to the same") {
    Door door;

    CHECK(door.say(door.nonce(), {.password = "guess"}) == Verdict::Unknown);
    CHECK(door.say(door.nonce(), {.name = "mallory"}) == Verdict::Unknown);
    CHECK(door.say(door.nonce(), {.name = "boris"}) == Verdict::Unknown);
    CHECK(door.guard.check("INVITE", kUri, "") == Verdict::Unknown);
}

TEST_CASE("What came of each check is counted, and to be asked is no failure") {
    Door door;
    const std::string nonce = door.nonce();

    (void)door.guard.check("INVITE", kUri, "");
    (void)door.say(nonce, {});
    (void)door.say(nonce, {.password = "guessed", .count = "00000002"});
    (void)door.guard.check("INVITE", kUri, "Basic YW5uYQ==");
    door.clock.advance(DigestGuard::kNonceLife + 1s);
    (void)door.say(nonce, {.count = "00000003"});

    const DigestGuard::Counts& counts = door.guard.counts();
    CHECK(counts.asked == 1);
    CHECK(counts.passed == 1);
    CHECK(counts.wrong == 2);
    CHECK(counts.stale == 1);
}

TEST_CASE("A nonce is good for two minutes, and then only to say that it is old") {
    Door door;
    const std::string nonce = door.nonce();
    door.clock.advance(120s);
    CHECK(door.say(nonce, {}) == Verdict::Pass);
    door.clock.advance(1ms);

    CHECK(door.say(nonce, {.count = "00000002"}) == Verdict::Stale);
    CHECK(door.say(nonce, {.password = "guess", .count = "00000003"}) == Verdict::Unknown);
}

TEST_CASE("What was heard once is not believed again") {
    Door door;
    const std::string nonce = door.nonce();
    CHECK(door.say(nonce, {.count = "00000002"}) == Verdict::Pass);

    CHECK(door.say(nonce, {.count = "00000002"}) == Verdict::Stale);
    CHECK(door.say(nonce, {.count = "00000001"}) == Verdict::Stale);
    CHECK(door.say(nonce, {.count = "00000003"}) == Verdict::Pass);
    const std::string once = door.nonce();
    CHECK(door.say(once, {.count = ""}) == Verdict::Pass);
    CHECK(door.say(once, {.count = ""}) == Verdict::Stale);
}

TEST_CASE("Counts are not remembered without end, and forgetting one opens no door") {
    Door door;
    const std::string oldest = door.nonce();
    CHECK(door.say(oldest, {}) == Verdict::Pass);
    for (std::size_t i = 0; i < DigestGuard::kMostNonces; ++i) {
        REQUIRE(door.say(door.nonce(), {}) == Verdict::Pass);
    }

    CHECK(door.say(oldest, {}) == Verdict::Stale);
}

TEST_CASE("A nonce that we did not make, or that was changed, is worth nothing") {
    Door door;
    std::string nonce = door.nonce();
    nonce[3] = nonce[3] == '0' ? '1' : '0';

    CHECK(door.say(nonce, {}) == Verdict::Unknown);
    CHECK(door.say("x", {}) == Verdict::Unknown);
    CHECK(door.say(std::string(56, '0'), {}) == Verdict::Unknown);
}

TEST_CASE(
    "An answer for one room opens no other; what proxies add to the address does not matter") {
    Door door;

    CHECK(door.say(door.nonce(), {.uri = "sip:other@192.0.2.1"}) == Verdict::Unknown);
    CHECK(door.say(door.nonce(), {.uri = "sip:board@example.org;x=y"}) == Verdict::Pass);
    CHECK(door.say(door.nonce(), {.uri = "sip:192.0.2.1:5060"}) == Verdict::Pass);
}

TEST_CASE("Mistakes in a users' file are named by line") {
    const auto error = [](const std::string& text) {
        const auto users = DigestUsers::parse(text, "users", "r");
        return users ? "none" : users.error().message;
    };
    CHECK(error("# who\n\nanna:a:b\r\n") == "none");
    CHECK(error("anna:x\nboris\n") == "users:2: expected name:password");
    CHECK(error("anna:\n") == "users:1: expected name:password");
    CHECK(error("a:x\na:y\n") == "users:2: found 'a' a second time");
}

TEST_CASE("A users' file is read when it changes, and only when nobody else may read it") {
    std::string folder = "/tmp/tessera-users-XXXXXX";
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    const std::string path = folder + "/users";
    const auto write = [&path](const std::string& text) {
        std::ofstream(path) << text;
        REQUIRE(chmod(path.c_str(), 0600) == 0);
    };
    write("anna:secret\n");
    REQUIRE(chmod(path.c_str(), 0644) == 0);
    tests::FakeClock clock;
    CHECK(DigestGuard::open("example.org", path, {DigestAlgorithm::Sha256}, clock)
              .error()
              .message.find("others than its owner may read it") != std::string::npos);
    write("anna:secret\n");
    const auto guard = *DigestGuard::open("example.org", path, {DigestAlgorithm::Sha256}, clock);
    const auto say = [&guard](const std::string& password) {
        return guard->check(
            "INVITE", kUri,
            Door::header(nonce_in(guard->challenges(false)[0]), {.password = password}));
    };
    CHECK(say("secret") == Verdict::Pass);

    write("anna:changed it\n");
    guard->refresh();
    CHECK(say("secret") == Verdict::Unknown);
    CHECK(say("changed it") == Verdict::Pass);
    write("nonsense\n");
    guard->refresh();
    CHECK(say("changed it") == Verdict::Pass);
    std::filesystem::remove_all(folder);
}
