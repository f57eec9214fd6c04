#include "signaling/sip/dialog_journal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace signaling;
using namespace std::chrono_literals;

namespace {

struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("dialogs-" + std::to_string(getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string file() const { return (path / "dialogs.journal").string(); }
    [[nodiscard]] std::string text() const {
        std::ifstream in(file(), std::ios::binary);
        std::stringstream all;
        all << in.rdbuf();
        return all.str();
    }
    void append(const std::string& text) const { std::ofstream(file(), std::ios::app) << text; }
    std::int64_t now = 1'000'000;
    std::unique_ptr<DialogJournal> open() {
        auto journal = DialogJournal::open(file(), [this] { return now; });
        REQUIRE(journal);
        return *std::move(journal);
    }
};

DialogRecord record(const std::string& id) {
    DialogRecord r;
    r.listener = "127.0.0.1:5060";
    r.dialog.call_id = "call-" + id;
    r.dialog.local_tag = "ours";
    r.dialog.remote_tag = "theirs";
    r.dialog.route_set = {"sip:a.example;lr", "sip:b.example;lr"};
    r.dialog.remote_cseq = 7;
    r.dialog.local_cseq = 9;
    r.call.participant = id;
    r.call.request.room = "blue";
    r.call.request.transport = "udp";
    OfferedMedia audio;
    audio.mid = "0";
    audio.kind = MediaKind::Audio;
    audio.codecs = {{"opus", 96, 48000, 2, "useinbandfec=1"}};
    audio.security.fingerprints = {{common::Fingerprint::Hash::Sha256, {1, 2, 3}}};
    audio.security.setup = DtlsSetup::ActPass;
    r.call.peer_media.media = {audio};
    r.call.sdp = {"77", 3, "v=0\r\ns=-\r\n", "v=0\r\ns=offer\r\n", "v=0\r\ns=answer\r\n"};
    r.call.interval = 1800s;
    r.call.we_refresh = false;
    r.call.since_refresh = 100s;
    return r;
}

std::vector<std::string> ids(const std::vector<DialogRecord>& records) {
    std::vector<std::string> all;
    for (const auto& r : records) all.push_back(r.call.participant);
    return all;
}

}  // namespace

TEST_CASE("A journal opened again tells of all that a dialog needs") {
    Folder folder;
    folder.open()->put(record("p1"));
    folder.now += 50;

    const auto found = folder.open()->take_found();

    REQUIRE(ids(found) == std::vector<std::string>{"p1"});
    const DialogRecord& r = found.front();
    CHECK(r.listener == "127.0.0.1:5060");
    CHECK(r.dialog.call_id == "call-p1");
    CHECK(r.dialog.route_set == record("p1").dialog.route_set);
    CHECK(r.dialog.remote_cseq == 7);
    CHECK(r.dialog.local_cseq == 9);
    CHECK(r.call.request.room == "blue");
    CHECK(r.call.peer_media == record("p1").call.peer_media);
    CHECK(r.call.sdp.session_id == "77");
    CHECK(r.call.sdp.version == 3);
    CHECK(r.call.sdp.last_answer == "v=0\r\ns=answer\r\n");
    CHECK_FALSE(r.call.we_refresh);
    CHECK(r.call.since_refresh == 150s);
}

TEST_CASE("The newest line of a dialog counts, and one that is gone is not told of") {
    Folder folder;
    {
        const auto journal = folder.open();
        auto changed = record("p1");
        journal->put(changed);
        journal->put(record("p2"));
        changed.dialog.remote_cseq = 8;
        journal->put(changed);
        journal->drop("p2");
    }

    const auto found = folder.open()->take_found();

    REQUIRE(ids(found) == std::vector<std::string>{"p1"});
    CHECK(found.front().dialog.remote_cseq == 8);
}

TEST_CASE("A torn last line and lines of another kind are left out") {
    Folder folder;
    folder.open()->put(record("p1"));
    const std::string whole = line_of(record("p2"), folder.now);
    folder.append("{\"version\":99,\"participant\":\"p3\"}\n");
    folder.append("\x01\xffnot json\n{\"version\":1,\"participant\":5}\n");
    folder.append(whole.substr(0, whole.size() / 2));

    CHECK(ids(folder.open()->take_found()) == std::vector<std::string>{"p1"});
    CHECK(folder.text() == line_of(record("p1"), folder.now) + "\n");
}

TEST_CASE("Numbers that name nothing, and times beyond measure, are not obeyed") {
    const auto with = [](const std::string& from, const std::string& to) {
        std::string line = line_of(record("p1"), 1'000'000);
        const auto at = line.find(from);
        REQUIRE(at != std::string::npos);
        return read_line(line.replace(at, from.size(), to), 1'000'000);
    };

    CHECK_FALSE(with("\"setup\":2", "\"setup\":9"));
    CHECK_FALSE(with("\"profile\":0", "\"profile\":7"));
    CHECK_FALSE(with("\"media_encryption\":1", "\"media_encryption\":77"));
    CHECK_FALSE(with("\"our_media\":{\"media\":[]}",
                     "\"our_media\":{\"media\":[{\"security\":{\"agreed\":1}}]}"));
    CHECK_FALSE(with("\"interval_s\":1800", "\"interval_s\":1e300"));
    const auto endless = with("\"interval_s\":1800", "\"interval_s\":9223372036854775807");
    REQUIRE(endless);
    CHECK(endless->call.interval == std::chrono::hours(366 * 24));
    const auto before_time =
        with("\"refreshed_at_unix_s\":999900", "\"refreshed_at_unix_s\":-9223372036854775808");
    REQUIRE(before_time);
    CHECK(before_time->call.since_refresh == std::chrono::hours(366 * 24));
}

TEST_CASE("Opening compacts the journal to the newest lines, for its owner alone") {
    Folder folder;
    {
        const auto journal = folder.open();
        for (std::uint32_t cseq = 1; cseq < 50; ++cseq) {
            auto changed = record("p1");
            changed.dialog.remote_cseq = cseq;
            journal->put(changed);
        }
    }
    chmod(folder.file().c_str(), 0644);
    const auto before = folder.text().size();

    const auto journal = folder.open();

    CHECK(folder.text().size() < before / 40);
    struct stat status {};
    REQUIRE(stat(folder.file().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("A journal that grows is compacted while it is in use") {
    Folder folder;
    const auto journal = folder.open();
    auto changed = record("p1");
    changed.call.sdp.last_offer = std::string(10'000, 'x');
    for (std::uint32_t cseq = 1; cseq < 500; ++cseq) {
        changed.dialog.remote_cseq = cseq;
        journal->put(changed);
    }

    CHECK(folder.text().size() < 1'100'000);
    CHECK(journal->file_bytes() == folder.text().size());
    CHECK(folder.open()->take_found().front().dialog.remote_cseq == 499);
}

TEST_CASE("No key of SRTP is written") {
    auto secret = record("p1");
    const std::string key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n";
    secret.call.sdp.last_offer = "v=0\r\n" + key + "a=sendrecv\r\n";
    secret.call.sdp.last_answer = secret.call.sdp.last_sent = key;

    const std::string line = line_of(secret, 0);

    CHECK(line.find("c2VjcmV0") == std::string::npos);
    CHECK(line.find("a=sendrecv") != std::string::npos);
}

TEST_CASE("A journal that cannot be written is refused by name") {
    const auto journal = DialogJournal::open("/proc/none/dialogs.journal", [] { return 0; });

    REQUIRE_FALSE(journal);
    CHECK(journal.error().message.find("/proc/none/dialogs.journal") != std::string::npos);
}
