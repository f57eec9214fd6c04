#include "signaling/webrtc/page_door.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "signaling/conference/room_directory.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_media_node.h"
#include "tests/support/main_loop.h"
#include "tests/unit/signaling/auth/join_tokens.h"
#include "tests/unit/signaling/sdp/browser_offers.h"

using namespace signaling;
using namespace std::chrono_literals;
using nlohmann::json;
using tests::run_until;

namespace {

/// The other end of a connection, in the test's hands.
class Page final : public WebSocketLink {
  public:
    Page(PageDoor& door, tests::FakeMediaNode& node) : node_(node) {
        WebRequest request;
        request.source = "127.0.0.1";
        client_ = door.open(*this, request);
    }
    void send(const std::string& text) override { told.push_back(json::parse(text)); }
    void close(std::uint16_t code, const std::string&) override { closed = code; }

    /// Says it, and lets the media daemon answer.
    json say(json message) {
        message["n"] = ++n_;
        message["ack"] = last_n();
        return say_text(message.dump());
    }
    json say_text(const std::string& text) {
        const std::size_t before = told.size();
        client_->received(text);
        node_.run_all();
        for (std::size_t i = before; i < told.size(); ++i) {
            if (told[i].value("re", std::uint64_t{0}) == n_) return told[i];
        }
        return {};
    }
    json join(const std::string& name, const json& more = json::object()) {
        json message = {{"type", "join"},
                        {"room", "board"},
                        {"name", name},
                        {"offer", browser_offers::kChromium}};
        message.update(more);
        return say(message);
    }
    [[nodiscard]] json last(const std::string& type) const {
        for (auto each = told.rbegin(); each != told.rend(); ++each) {
            if (each->at("type") == type) return *each;
        }
        return {};
    }
    [[nodiscard]] std::uint64_t last_n() const {
        for (auto each = told.rbegin(); each != told.rend(); ++each) {
            if (each->contains("n")) return each->at("n");
        }
        return 0;
    }
    void break_off() { client_.reset(); }

    std::vector<json> told;
    std::uint16_t closed = 0;

  private:
    tests::FakeMediaNode& node_;
    std::unique_ptr<WebSocketClient> client_;
    std::uint64_t n_ = 0;
};

/// A signald of which only this door is there, before a media daemon in the test's hands.
struct House {
    explicit House(const PageDoor::Options& options = {})
        : door(directory, directory, node, clock, options) {
        node.layouts = {"auto", "grid", "portrait"};
        node.start(directory), node.run_all();
    }
    std::unique_ptr<Page> page() { return std::make_unique<Page>(door, node); }
    void pass(common::Duration time) {
        clock.advance(time);
        door.tick();
        node.run_all();
    }
    [[nodiscard]] std::vector<SessionSpec> sessions() const {
        std::vector<SessionSpec> all;
        for (const auto& [instance, running] : node.conferences) {
            all.insert(all.end(), running.state.sessions.begin(), running.state.sessions.end());
        }
        return all;
    }

    tests::FakeClock clock;
    tests::FakeMediaNode node;
    IdMaker ids{1, [] { return 1'700'000'000'000ULL; }};
    RoomDirectory directory{
        node, clock, ids,
        *parse_settings("[[room]]\nid = \"board\"\nname = \"Board\"\n", "t.toml")};
    PageDoor door;
};

std::string with_other_ice(std::string sdp) {
    for (auto at = sdp.find("xA9c"); at != std::string::npos; at = sdp.find("xA9c")) {
        sdp.replace(at, 4, "yB0d");
    }
    return sdp;
}

}  // namespace

TEST_CASE("Who joins by the page is in the room, sends and receives by one transport") {
    House house;
    const auto anna = house.page();

    const json joined = anna->join("Anna", {{"device", "phone"}});

    CHECK(joined["type"] == "joined");
    CHECK(joined["room"] == json({{"id", "board"}, {"name", "Board"}, {"locked", false}}));
    CHECK(joined["answer"].get<std::string>().find("a=ice-lite") != std::string::npos);
    CHECK(joined["answer"].get<std::string>().find("a=sendrecv") != std::string::npos);
    REQUIRE(joined["roster"].size() == 1);
    CHECK(joined["roster"][0]["id"] == joined["participant"]);
    CHECK(joined["roster"][0]["device"] == "phone");
    CHECK(joined["roster"][0]["audio"] == "on");
    REQUIRE(house.sessions().size() == 1);
    CHECK(house.sessions()[0].display_name == "Anna");
    CHECK(house.sessions()[0].bundle->mids == std::vector<std::string>{"0", "1"});
}

TEST_CASE("Messages of ours are numbered from one, and theirs acknowledged") {
    House house;
    const auto anna = house.page();

    anna->join("Anna");
    house.pass(250ms);

    CHECK(anna->told.front()["n"] == 1);
    CHECK(anna->told.front()["ack"] == 1);
}

TEST_CASE("Others are told of who comes, changes and goes") {
    House house;
    const auto anna = house.page();
    const auto ben = house.page();
    anna->join("Anna");

    const json joined = ben->join("Ben");
    house.pass(250ms);
    CHECK(anna->last("roster")["joined"][0]["name"] == "Ben");
    ben->say({{"type", "hand"}, {"raised", true}});
    CHECK(anna->last("roster")["changed"][0]["hand"] == true);
    CHECK(ben->say({{"type", "leave"}})["type"] == "ok");
    CHECK(ben->closed == 1000);
    house.pass(250ms);

    CHECK(anna->last("roster")["left"] == json::array({joined["participant"]}));
    CHECK(house.sessions().size() == 1);
}

TEST_CASE("Who mutes by the page is muted in the mix, and told apart from who was silenced") {
    House house;
    const auto anna = house.page();
    const std::string id = anna->join("Anna")["participant"];

    CHECK(anna->say({{"type", "mute"}, {"audio", true}})["type"] == "ok");
    CHECK(house.sessions()[0].audio_muted);
    CHECK(anna->last("roster")["changed"][0]["audio"] == "muted");
    anna->say({{"type", "mute"}, {"audio", false}});
    house.directory.conference("board")->mute(std::nullopt, {true, std::nullopt},
                                              [](const auto&) {});
    house.pass(250ms);

    CHECK(anna->last("roster")["changed"][0]["audio"] == "silenced");
}

TEST_CASE("A guest neither silences others nor chooses for the room") {
    House house;
    const auto anna = house.page();
    anna->join("Anna");

    CHECK(anna->say({{"type", "mute"}, {"target", "p-9"}, {"audio", true}})["code"] == "forbidden");
    CHECK(anna->say({{"type", "layout"}, {"scope", "room"}, {"name", "grid"}})["code"] ==
          "forbidden");
    CHECK(anna->say({{"type", "hand"}, {"target", "p-9"}, {"raised", false}})["code"] ==
          "forbidden");
}

TEST_CASE("Chat goes to everyone in the room, the sender too, and to no other room") {
    House house;
    const auto anna = house.page();
    const auto ben = house.page();
    anna->join("Anna");
    ben->join("Ben");

    CHECK(ben->say({{"type", "chat"}, {"text", "Hello"}, {"key", "k1"}})["type"] == "ok");

    CHECK(anna->last("chat")["text"] == "Hello");
    CHECK(anna->last("chat")["name"] == "Ben");
    CHECK(ben->last("chat")["key"] == "k1");
}

TEST_CASE("A layout of one's own is chosen among those there are") {
    House house;
    const auto anna = house.page();
    anna->join("Anna");

    CHECK(anna->say({{"type", "layouts"}})["layouts"].size() == 2);
    CHECK(anna->say({{"type", "layout"}, {"scope", "me"}, {"name", "grid"}})["type"] == "ok");
    CHECK(house.sessions()[0].layout == "grid");
    house.pass(250ms);
    CHECK(anna->last("layout")["mine"] == "grid");
    CHECK(anna->say({{"type", "layout"}, {"scope", "me"}, {"name", "maze"}})["code"] ==
          "unknown_layout");
}

TEST_CASE("An upright window has an upright picture, unless another layout was chosen") {
    House house;
    const auto anna = house.page();
    anna->join("Anna", {{"portrait", true}});
    CHECK(house.sessions()[0].layout == "portrait");

    anna->say({{"type", "view"}, {"portrait", false}, {"self", false}});
    CHECK(house.sessions()[0].layout.empty());
    CHECK(house.sessions()[0].self_view == SelfView::Hide);
    anna->say({{"type", "layout"}, {"scope", "me"}, {"name", "grid"}});
    anna->say({{"type", "view"}, {"portrait", true}});

    CHECK(house.sessions()[0].layout == "grid");
}

TEST_CASE("A seat is kept for half a minute, and taken up again with its media") {
    House house;
    auto anna = house.page();
    const json joined = anna->join("Anna");
    anna->say({{"type", "hand"}, {"raised", true}});
    const std::string session = house.sessions()[0].id;
    anna->break_off();
    house.pass(29s);

    const auto back = house.page();
    const json again =
        back->say({{"type", "join"}, {"room", "board"}, {"name", "?"}, {"seat", joined["seat"]}});

    CHECK(again["participant"] == joined["participant"]);
    CHECK(again["seat"] != joined["seat"]);
    CHECK(again["roster"][0]["name"] == "Anna");
    CHECK(again["roster"][0]["hand"] == true);
    CHECK_FALSE(again.contains("answer"));
    CHECK(house.sessions()[0].id == session);
}

TEST_CASE("A seat that nobody came back to is given up") {
    House house;
    auto anna = house.page();
    const json joined = anna->join("Anna");
    anna->break_off();

    house.pass(31s);
    const auto back = house.page();
    const json refused = back->join("Anna", {{"seat", joined["seat"]}});

    CHECK(refused["code"] == "bad_seat");
    CHECK(refused["fatal"] == true);
    CHECK(house.sessions().empty());
    CHECK(house.door.seat_count() == 0);
}

TEST_CASE("A seat that is in use is taken over, and the connection there was is told so") {
    House house;
    const auto first = house.page();
    const json joined = first->join("Anna");

    const auto second = house.page();
    const json again = second->join("Anna", {{"seat", joined["seat"]}});

    CHECK(first->closed == 4005);
    CHECK(again["participant"] == joined["participant"]);
    CHECK(house.sessions().size() == 1);
}

TEST_CASE("Another ICE password means media anew, for the same person and with what it muted") {
    House house;
    const auto anna = house.page();
    const json joined = anna->join("Anna");
    anna->say({{"type", "mute"}, {"video", true}});
    const std::string before = house.sessions()[0].id;

    const json answer =
        anna->say({{"type", "offer"}, {"sdp", with_other_ice(browser_offers::kChromium)}});
    house.pass(250ms);

    CHECK(answer["type"] == "answer");
    REQUIRE(house.sessions().size() == 1);
    CHECK(house.sessions()[0].id != before);
    CHECK(house.sessions()[0].video_muted);
    CHECK(anna->last("roster").value("left", json::array()).empty());
}

TEST_CASE("The same ICE password in an offer changes the media that run") {
    House house;
    const auto anna = house.page();
    anna->join("Anna");
    const std::string before = house.sessions()[0].id;
    std::string quieter = browser_offers::kChromium;
    quieter.replace(quieter.find("a=sendrecv"), 10, "a=recvonly");

    const json answer = anna->say({{"type", "offer"}, {"sdp", quieter}});
    house.pass(250ms);

    CHECK(answer["type"] == "answer");
    CHECK(house.sessions()[0].id == before);
    CHECK(anna->last("roster")["changed"][0]["audio"] == "off");
}

TEST_CASE("An offer that cannot be taken is refused by its code and changes nothing") {
    House house;
    const auto anna = house.page();
    anna->join("Anna");

    CHECK(anna->say({{"type", "offer"}, {"sdp", "v=0"}})["code"] == "bad_sdp");
    CHECK(anna->closed == 0);
    const auto ben = house.page();
    CHECK(ben->join("Ben", {{"offer", "v=0"}})["fatal"] == true);
    CHECK(ben->closed != 0);
    CHECK(house.door.seat_count() == 1);
}

TEST_CASE("A room that is not there is refused, with media and without") {
    House house;
    const auto anna = house.page();
    const auto ben = house.page();

    CHECK(anna->join("Anna", {{"room", "cellar"}})["code"] == "unknown_room");
    CHECK(ben->say({{"type", "join"}, {"room", "cellar"}, {"name", "Ben"}})["code"] ==
          "unknown_room");
}

TEST_CASE("The media daemon being away is told with when to come again") {
    House house;
    house.node.refuse_newcomers("too busy", 30);
    const auto anna = house.page();

    const json refused = anna->join("Anna");

    CHECK(refused["code"] == "overloaded");
    CHECK(refused["retry_after_s"] == 30);
}

TEST_CASE("Who is removed is told, and gives the seat up") {
    House house;
    const auto anna = house.page();
    anna->join("Anna");

    house.directory.conference("board")->kick(std::nullopt, "removed", [](const auto&) {});
    REQUIRE(run_until([&] { return anna->closed != 0; }));

    CHECK(anna->closed == 4003);
    CHECK(anna->last("ended")["code"] == "kicked");
    CHECK(house.door.seat_count() == 0);
}

TEST_CASE("A connection that is gone before it was let in leaves nobody behind") {
    House house;
    auto anna = house.page();
    const json message = {{"type", "join"},
                          {"n", 1},
                          {"room", "board"},
                          {"name", "Anna"},
                          {"offer", browser_offers::kChromium}};
    auto link = std::make_unique<Page>(house.door, house.node);
    WebRequest request;
    request.source = "127.0.0.1";
    auto client = house.door.open(*link, request);
    client->received(message.dump());

    client.reset();
    house.node.run_all();

    CHECK(house.sessions().empty());
    CHECK(house.door.seat_count() == 0);
}

TEST_CASE("What breaks the envelope breaks the connection") {
    House house;
    for (const std::string text :
         {"{", R"({"type":"layouts","n":2})", R"({"type":"ack","ack":5})"}) {
        const auto anna = house.page();
        anna->say_text(text);
        INFO(text);
        CHECK(anna->closed == 4001);
    }
}

TEST_CASE("Something else than join first is refused") {
    House house;
    const auto anna = house.page();

    CHECK(anna->say({{"type", "layouts"}})["code"] == "join_first");
    CHECK(anna->closed != 0);
}

TEST_CASE("Who does not join in time, or falls silent, is let go") {
    House house;
    const auto silent = house.page();
    const auto anna = house.page();
    anna->join("Anna");

    house.pass(6s);
    CHECK(silent->closed == 4002);
    CHECK(anna->closed == 0);
    house.pass(25s);

    CHECK(anna->closed == 4002);
}

TEST_CASE("Who says too much is told so, and let go when it goes on") {
    House house;
    const auto anna = house.page();
    anna->join("Anna");
    json answer;
    for (int i = 0; i < 60; ++i) answer = anna->say({{"type", "view"}, {"visible", true}});
    CHECK(answer["code"] == "too_many");
    CHECK(anna->closed == 0);

    for (int i = 0; i < 30; ++i) anna->say({{"type", "view"}, {"visible", true}});

    CHECK(anna->closed == 4029);
}

TEST_CASE("Who reads nothing is let go after 64 messages") {
    House house;
    const auto deaf = house.page();
    const auto anna = house.page();
    deaf->join("Deaf");
    anna->join("Anna");

    for (int i = 0; i < 70; ++i) {
        anna->say({{"type", "chat"}, {"text", "Hello"}});
        house.clock.advance(100ms);
    }

    CHECK(deaf->closed == 4008);
    CHECK(anna->closed == 0);
}

TEST_CASE("A server that is full says so") {
    PageDoor::Options options;
    options.most_seats = 1;
    House house(options);
    const auto anna = house.page();
    const auto ben = house.page();
    anna->join("Anna");

    CHECK(ben->join("Ben")["code"] == "overloaded");
}

namespace {

/// The same, where the room wants a token or its PIN.
struct GuardedHouse {
    GuardedHouse() : house(options()) {
        house.directory.reload(*parse_settings(
            "[[room]]\nid = \"board\"\ntoken_required = true\npin = \"4711\"\n", "t.toml"));
    }
    PageDoor::Options options() {
        PageDoor::Options options;
        options.guard = &guard;
        return options;
    }
    static JoinKeys keys() {
        JoinKeys keys;
        REQUIRE(keys.add(join_tokens::kPublicKey));
        return keys;
    }
    static std::string token(JoinRole role, const std::string& name = "") {
        const JoinToken token{"board", role, name, join_tokens::kNow_s + 60};
        return *sign_join_token(token, join_tokens::kPrivateKey);
    }

    tests::FakeClock clock;
    JoinGuard guard{[this](const std::string& id) { return house.directory.room(id); }, keys(),
                    [] { return join_tokens::kNow_s; }, clock};
    House house;
};

}  // namespace

TEST_CASE("Without what the room wants nobody is in it, not even to look who is there") {
    GuardedHouse guarded;
    const auto code = [&](json more) {
        const auto page = guarded.house.page();
        const json refusal = page->join("Eve", more);
        CHECK(refusal.at("fatal") == true);
        CHECK(page->last("joined").is_null());
        return refusal.at("code").get<std::string>();
    };

    CHECK(code(json::object()) == "need_pin");
    CHECK(code({{"pin", "0000"}}) == "bad_pin");
    CHECK(code({{"token", join_tokens::kOfAnotherKey}}) == "bad_token");
    CHECK(code({{"token", "x"}, {"pin", "4711"}}) == "bad_token");
    CHECK(guarded.house.door.seat_count() == 0);
    const auto looker = guarded.house.page();
    const json without_media = {{"type", "join"}, {"room", "board"}, {"name", "Eve"}};
    CHECK(looker->say(without_media).at("code") == "need_pin");
    CHECK(guarded.house.directory.participant_count() == 0);
}

TEST_CASE("The PIN lets a page in, and its seat is enough from then on") {
    GuardedHouse guarded;
    const auto page = guarded.house.page();

    const json joined = page->join("Anna", {{"pin", "4711"}});

    REQUIRE(joined.at("type") == "joined");
    CHECK(joined.at("role") == "guest");
    page->break_off();
    const auto again = guarded.house.page();
    CHECK(again->join("Anna", {{"seat", joined.at("seat")}}).at("type") == "joined");
}

TEST_CASE("A token gives its carrier the role and the name that stand in it") {
    GuardedHouse guarded;
    const auto page = guarded.house.page();

    const json joined =
        page->join("Mallory", {{"token", GuardedHouse::token(JoinRole::Moderator, "Petra")}});

    REQUIRE(joined.at("type") == "joined");
    CHECK(joined.at("role") == "moderator");
    CHECK(joined.at("roster").at(0).at("name") == "Petra");
    CHECK(joined.at("roster").at(0).at("role") == "moderator");
}

TEST_CASE("Who may only watch is sent to and not heard, whatever it offers") {
    GuardedHouse guarded;
    const auto page = guarded.house.page();

    const json joined = page->join("Wanda", {{"token", GuardedHouse::token(JoinRole::Viewer)}});

    REQUIRE(joined.at("type") == "joined");
    CHECK(joined.at("role") == "viewer");
    const auto sessions = guarded.house.sessions();
    REQUIRE(sessions.size() == 1);
    CHECK(sessions[0].roles == std::vector<std::string>{"viewer"});
    for (const SessionMedia& medium : sessions[0].media) {
        CHECK(medium.direction == MediaDirection::SendOnly);
    }
    const std::string answer = joined.at("answer");
    CHECK(answer.find("a=recvonly") == std::string::npos);
    CHECK(answer.find("a=sendrecv") == std::string::npos);
}

TEST_CASE("A page door without a guard opens open rooms alone") {
    House house;
    house.directory.reload(*parse_settings("[[room]]\nid = \"board\"\npin = \"4711\"\n", "t.toml"));

    CHECK(house.page()->join("Anna", {{"pin", "4711"}}).at("code") == "forbidden");
}
