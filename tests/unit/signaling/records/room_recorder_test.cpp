#include "signaling/records/room_recorder.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <random>

#include "signaling/conference/room_directory.h"
#include "storage/events/room_state.h"
#include "tests/support/fake_call.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_media_node.h"

using namespace signaling;
using namespace std::chrono_literals;
using storage::CallRecord;
using storage::EventRecord;
using storage::MeetingRecord;

namespace {

class Sink final : public storage::RecordSink {
  public:
    void write(storage::Record record) override { records.push_back(std::move(record)); }
    template <typename T>
    [[nodiscard]] std::vector<T> all() const {
        std::vector<T> found;
        for (const storage::Record& record : records) {
            if (const auto* one = std::get_if<T>(&record)) found.push_back(*one);
        }
        return found;
    }
    [[nodiscard]] std::vector<std::string> kinds() const {
        std::vector<std::string> kinds;
        for (const EventRecord& event : all<EventRecord>()) kinds.push_back(event.kind);
        return kinds;
    }
    std::vector<storage::Record> records;
};

constexpr const char* kRooms = "[[room]]\nid = \"board\"\nmax_participants = 8\n";
void ignore(const common::Result<void>& outcome) {
    static_cast<void>(outcome);
}

struct House {
    explicit House(Sink& into) : recorder(into, ids, [this] { return now_ms; }) {
        directory.observe(recorder);
        node.start(directory);
        node.run_all();
    }
    ParticipantId admit(const std::string& name = "Anna") {
        auto call = std::make_unique<tests::FakeCall>();
        CallRequest request;
        request.room = "board";
        request.display_name = name;
        request.remote_uri = "sip:" + name + "@example.org";
        request.protocol = "sip";
        request.transport = "udp";
        request.offer = tests::usual_offer();
        ParticipantId id;
        directory.admit(request, *call, [&](const auto& result) {
            if (result) id = result->participant;
        });
        node.run_all();
        calls[id] = std::move(call);
        return id;
    }
    void leave(const ParticipantId& id, Ending::Cause cause = Ending::Cause::PeerHungUp) {
        directory.left(id, {cause, "bye"});
        node.run_all();
        calls.erase(id);
    }
    /// Those who were told to hang up do so.
    void let_go() {
        std::vector<ParticipantId> going;
        for (const auto& [id, call] : calls) {
            if (call->hung_up) going.push_back(id);
        }
        for (const ParticipantId& id : going) leave(id, calls[id]->hung_up->cause);
    }
    Conference& conference() { return *directory.conference("board"); }

    std::uint64_t now_ms = 1'700'000'000'000;
    tests::FakeClock clock;
    tests::FakeMediaNode node;
    IdMaker ids{1, [this] { return now_ms; }};
    RoomDirectory directory{node, clock, ids, *parse_settings(kRooms, "t.toml")};
    RoomRecorder recorder;
    std::map<ParticipantId, std::unique_ptr<tests::FakeCall>> calls;
};

const char* word_of(SelfView view) {
    if (view == SelfView::Show) return "show";
    return view == SelfView::Hide ? "hide" : "layout";
}

/// The room as it is.
storage::RoomState state_of(const Conference* conference) {
    storage::RoomState state;
    if (conference == nullptr) return state;
    state.meeting = conference->instance();
    state.layout = conference->policy().layout;
    state.self_view = word_of(conference->policy().self_view);
    state.pinned = conference->pinned();
    for (const auto& [id, participant] : conference->participants()) {
        const SessionSpec& session = participant.session;
        state.people[id] = {session.display_name,       session.roles,  session.layout,
                            word_of(session.self_view), session.pinned, session.audio_muted,
                            session.video_muted};
    }
    return state;
}

storage::RoomState replayed(const Sink& sink) {
    storage::RoomState state;
    for (const EventRecord& event : sink.all<EventRecord>()) REQUIRE(replay(state, event));
    return state;
}

/// One change that somebody may make.
void change_something(House& house, std::mt19937& random) {
    const auto below = [&random](std::size_t n) { return random() % n; };
    Conference* conference = house.directory.conference("board");
    if (conference == nullptr || below(5) == 0) {
        static_cast<void>(house.admit("P" + std::to_string(below(100))));
        return;
    }
    std::vector<ParticipantId> here;
    for (const auto& [id, participant] : conference->participants()) here.push_back(id);
    const ParticipantId& one = here[below(here.size())];
    const ParticipantId& other = here[below(here.size())];
    const auto whom = below(3) == 0 ? std::optional<ParticipantId>() : std::optional(one);
    const char* layouts[] = {"grid", "1+5", "", "speaker"};
    switch (below(8)) {
        case 0:
            return house.leave(one);
        case 1:
            return conference->set_layout(whom, layouts[below(4)], ignore);
        case 2:
            return conference->set_self_view(whom, static_cast<SelfView>(below(3)), ignore);
        case 3:
            return conference->pin(whom, {one, other}, ignore);
        case 4:
            return conference->set_roles(one, {"host", layouts[below(4)]}, ignore);
        case 5:
            return conference->mute(whom, {below(2) == 0, std::nullopt}, ignore);
        case 6:
            return conference->mute(whom, {std::nullopt, below(2) == 0}, ignore);
        default:
            conference->kick(below(20) == 0 ? std::nullopt : std::optional(one), "out", ignore);
            house.node.run_all();
            return house.let_go();
    }
}

}  // namespace

TEST_CASE("The log replayed gives the room that was, after each of many changes") {
    for (const unsigned seed : {1U, 2U, 3U}) {
        Sink sink;
        House house(sink);
        std::mt19937 random(seed);
        for (int i = 0; i < 400; ++i) {
            change_something(house, random);
            house.node.run_all();
            ++house.now_ms;
            const Conference* conference = house.directory.conference("board");
            INFO("seed " << seed << ", change " << i);
            REQUIRE(replayed(sink) == state_of(conference));
        }
    }
}

TEST_CASE("A call has a record when it joins, and its end in it when it leaves") {
    Sink sink;
    House house(sink);
    const ParticipantId id = house.admit();
    CHECK(sink.all<CallRecord>().size() == 1);
    CHECK_FALSE(sink.all<CallRecord>().front().left_ms);

    house.now_ms += 61'000;
    house.leave(id);

    const CallRecord call = sink.all<CallRecord>().back();
    CHECK(call.id == id);
    CHECK(call.room == "board");
    CHECK(call.uri == "sip:Anna@example.org");
    CHECK(call.joined_ms == 1'700'000'000'000);
    CHECK(call.left_ms == 1'700'000'061'000);
    CHECK(call.cause == "peer_hung_up");
    CHECK(call.audio_codec == "opus");
    CHECK(call.video_codec == "H264");
}

TEST_CASE("A meeting is from its first participant to its last, in order with its events") {
    Sink sink;
    House house(sink);
    const ParticipantId first = house.admit();
    const ParticipantId second = house.admit("Boris");
    house.leave(first);
    house.now_ms += 5;
    house.leave(second);

    CHECK(sink.kinds() ==
          std::vector<std::string>{"began", "joined", "joined", "left", "left", "ended"});
    const auto meetings = sink.all<MeetingRecord>();
    REQUIRE(meetings.size() == 2);
    CHECK_FALSE(meetings[0].ended_ms);
    CHECK(meetings[1].ended_ms == 1'700'000'000'005);
    CHECK(meetings[0].id == meetings[1].id);
}

TEST_CASE("Who made a change stands in its event") {
    Sink sink;
    House house(sink);
    const ParticipantId id = house.admit();
    house.conference().mute(id, {true, std::nullopt}, ignore, "participant:" + id);
    house.conference().set_layout({}, "grid", ignore);
    house.directory.reload(*parse_settings("[[room]]\nid = \"board\"\nlayout = \"1+5\"", "t.toml"));
    house.conference().kick(id, "too loud", ignore);
    house.node.run_all();
    house.let_go();

    std::vector<std::string> actors;
    for (const EventRecord& event : sink.all<EventRecord>())
        actors.push_back(event.kind + " by " + event.actor);
    CHECK(actors == std::vector<std::string>{"began by system", "joined by participant:" + id,
                                             "muted by participant:" + id, "layout by api",
                                             "layout by configuration", "kicked by api",
                                             "left by system", "ended by system"});
}

TEST_CASE("Who is refused, and what is refused, is no event") {
    Sink sink;
    House house(sink);
    house.node.refuse_newcomers("too much to do", 30);
    CHECK(house.admit().empty());
    CHECK(sink.all<EventRecord>().empty());
    house.node.refuse_newcomers("", 0);
    static_cast<void>(house.admit());
    const std::size_t before = sink.records.size();

    house.conference().mute("nobody", {true, true}, ignore);
    house.conference().kick("nobody", "", ignore);
    house.conference().pin({}, {"nobody"}, ignore);

    CHECK(sink.records.size() == before);
}

TEST_CASE("A name that is no UTF-8 is written as far as it is") {
    Sink sink;
    House house(sink);
    static_cast<void>(house.admit("An\xffna"));

    CHECK(sink.all<EventRecord>().back().detail.find("An\xef\xbf\xbdna") != std::string::npos);
}

TEST_CASE("What a former daemon left running is taken up whole, and the rest is over") {
    Sink before, after;
    tests::FakeMediaNode node;
    ParticipantId id;
    {
        House first(before);
        id = first.admit();
        first.conference().set_layout(id, "grid", ignore);
        first.node.run_all();
        node = first.node;
    }
    House second(after);
    second.node.conferences = node.conferences;
    RoomDirectory directory(second.node, second.clock, second.ids,
                            *parse_settings(kRooms, "t.toml"));
    after.records.clear();
    directory.observe(second.recorder);
    second.node.lose(directory);
    second.node.find_again(directory);
    second.node.run_all();

    const auto running = after.all<storage::MeetingsRunning>();
    REQUIRE(running.size() == 1);
    CHECK(running.front().ids == std::vector{node.conferences.begin()->first});
    CHECK(after.kinds() == std::vector<std::string>{"adopted"});
    CHECK(replayed(after) == state_of(directory.conference("board")));
    CHECK(replayed(after).people.at(id).layout == "grid");
}
