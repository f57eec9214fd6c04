#include "mcu/control/node.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/support/media_node.h"

using Catch::Matchers::Contains;
using common::ErrorCode;
using mcu::ConferenceState;
using mcu::Fence;
using mcu::Node;
using tests::caller;
using tests::MediaNode;

namespace {

class Events final : public mcu::NodeEvents {
  public:
    std::set<std::string> watchers{"o"};
    std::vector<std::string> ended;
    int statistics = 0;
    void on_speakers(const std::string&, const std::vector<std::string>&) override {}
    void on_dtmf(const std::string&, const std::string&, char, common::Duration) override {}
    void on_media(const std::string&, const std::string&, const std::string&,
                  mcu::MediaEvent) override {}
    void on_key_frame_wanted(const std::string&, const std::string&, const std::string&) override {}
    void on_session_ended(const std::string&, const std::string& session,
                          const std::string&) override {
        ended.push_back(session);
    }
    void on_statistics(const std::string&, const mcu::ConferenceStatistics&) override {
        ++statistics;
    }
    [[nodiscard]] bool watched() const override { return !watchers.empty(); }
    [[nodiscard]] bool watched_by(const std::string& owner) const override {
        return watchers.contains(owner);
    }
};

struct Rig {
    MediaNode media{23000};
    Events events;
    Node node{"life-1", {.max_sessions = 3}, media.services, events};

    static Fence fence(std::uint64_t epoch, const std::string& owner) {
        return {"life-1", "conf", epoch, owner};
    }
    static ConferenceState state(std::uint64_t revision, std::initializer_list<const char*> ids) {
        ConferenceState state;
        state.revision = revision;
        for (const char* id : ids) state.sessions.push_back(caller(id));
        return state;
    }
};

}  // namespace

TEST_CASE("A newer owner takes a conference over and is told what runs there") {
    Rig rig;
    REQUIRE(rig.node.claim(Rig::fence(1, "old"), "demo"));
    REQUIRE(rig.node.apply(Rig::fence(1, "old"), Rig::state(1, {"a"})));

    const auto claimed = rig.node.claim(Rig::fence(2, "new"), "demo");

    REQUIRE(claimed);
    REQUIRE((*claimed)->state().sessions.size() == 1);
    CHECK((*claimed)->state().sessions[0].id == "a");
    CHECK(rig.node.conferences()[0].owner_boot_id == "new");
}

TEST_CASE("A stale owner is refused and changes nothing") {
    Rig rig;
    REQUIRE(rig.node.claim(Rig::fence(5, "owner"), "demo"));
    REQUIRE(rig.node.apply(Rig::fence(5, "owner"), Rig::state(1, {"a"})));
    struct Case {
        const char* why;
        Fence fence;
    };
    for (const Case& c : {Case{"a lower epoch", Rig::fence(4, "owner")},
                          Case{"an equal epoch, another owner", Rig::fence(5, "other")},
                          Case{"another incarnation", Fence{"life-0", "conf", 9, "owner"}}}) {
        INFO(c.why);

        const auto claimed = rig.node.claim(c.fence, "demo");
        const auto applied = rig.node.apply(c.fence, Rig::state(2, {}));

        REQUIRE_FALSE(claimed);
        REQUIRE_FALSE(applied);
        CHECK(claimed.error().code == ErrorCode::StaleFence);
        CHECK(applied.error().code == ErrorCode::StaleFence);
        CHECK(rig.node.find("conf")->state().sessions.size() == 1);
    }
}

TEST_CASE("A state is applied only where it was claimed") {
    Rig rig;

    const auto applied = rig.node.apply(Rig::fence(1, "owner"), Rig::state(1, {"a"}));

    REQUIRE_FALSE(applied);
    CHECK(applied.error().code == ErrorCode::NotFound);
}

TEST_CASE("An older revision is answered with what runs, and ignored") {
    Rig rig;
    REQUIRE(rig.node.claim(Rig::fence(1, "o"), "demo"));
    REQUIRE(rig.node.apply(Rig::fence(1, "o"), Rig::state(7, {"a", "b"})));

    const auto late = rig.node.apply(Rig::fence(1, "o"), Rig::state(6, {"a"}));

    REQUIRE(late);
    CHECK(late->local.size() == 4);
    CHECK(rig.node.find("conf")->state().sessions.size() == 2);
}

TEST_CASE("A node that is full says so and changes nothing") {
    Rig rig;
    REQUIRE(rig.node.claim(Rig::fence(1, "o"), "demo"));
    REQUIRE(rig.node.apply(Rig::fence(1, "o"), Rig::state(1, {"a"})));

    const auto applied = rig.node.apply(Rig::fence(1, "o"), Rig::state(2, {"a", "b", "c", "d"}));

    REQUIRE_FALSE(applied);
    CHECK(applied.error().code == ErrorCode::LimitReached);
    CHECK_THAT(applied.error().message, Contains("at most 3"));
    CHECK(rig.node.find("conf")->state().sessions.size() == 1);
}

TEST_CASE("A conference ends with its last session") {
    Rig rig;
    REQUIRE(rig.node.claim(Rig::fence(1, "o"), "demo"));
    REQUIRE(rig.node.apply(Rig::fence(1, "o"), Rig::state(1, {"a"})));

    REQUIRE(rig.node.apply(Rig::fence(1, "o"), Rig::state(2, {})));

    CHECK(rig.node.find("conf") == nullptr);
    CHECK(rig.media.ports->pairs_in_use() == 0);
}

TEST_CASE("A session that cannot be understood is named and ends neither itself nor the meeting") {
    Rig rig;
    REQUIRE(rig.node.claim(Rig::fence(1, "o"), "demo"));
    ConferenceState odd = Rig::state(1, {});
    odd.unreadable = {{"a", "odd"}};

    const auto applied = rig.node.apply(Rig::fence(1, "o"), odd);

    REQUIRE(applied);
    REQUIRE(applied->failures.size() == 1);
    CHECK(rig.node.find("conf") != nullptr);
    const auto repeated = rig.node.apply(Rig::fence(1, "o"), odd);
    REQUIRE(repeated);
    CHECK(repeated->failures.size() == 1);
}

TEST_CASE("A conference goes on without its owner for two minutes, and then ends by itself") {
    Rig rig;
    REQUIRE(rig.node.claim(Rig::fence(1, "o"), "demo"));
    REQUIRE(rig.node.apply(Rig::fence(1, "o"), Rig::state(1, {"a"})));
    const common::Timestamp now = rig.media.clock.now();

    rig.node.check(now + std::chrono::seconds(500));
    rig.events.watchers.clear();
    rig.node.check(now + std::chrono::seconds(619));
    CHECK(rig.node.find("conf") != nullptr);
    rig.node.check(now + std::chrono::seconds(620));

    CHECK(rig.node.find("conf") == nullptr);
    CHECK(rig.events.ended == std::vector<std::string>{"a"});
    CHECK(rig.media.ports->pairs_in_use() == 0);
}

TEST_CASE("Of two conferences the one whose owner is gone ends, whoever else watches the node") {
    Rig rig;
    const Fence theirs{"life-1", "theirs", 1, "gone"};
    REQUIRE(rig.node.claim(Rig::fence(1, "o"), "demo"));
    REQUIRE(rig.node.apply(Rig::fence(1, "o"), Rig::state(1, {"a"})));
    REQUIRE(rig.node.claim(theirs, "other"));
    REQUIRE(rig.node.apply(theirs, Rig::state(1, {"b"})));

    rig.node.check(rig.media.clock.now() + std::chrono::seconds(121));

    CHECK(rig.node.find("conf") != nullptr);
    CHECK(rig.node.find("theirs") == nullptr);
    CHECK(rig.events.ended == std::vector<std::string>{"b"});
}

TEST_CASE("A conference that a newer owner claims in time goes on") {
    Rig rig;
    REQUIRE(rig.node.claim(Rig::fence(1, "gone"), "demo"));
    REQUIRE(rig.node.apply(Rig::fence(1, "gone"), Rig::state(1, {"a"})));
    rig.node.check(rig.media.clock.now() + std::chrono::seconds(100));

    REQUIRE(rig.node.claim(Rig::fence(2, "o"), "demo"));
    rig.node.check(rig.media.clock.now() + std::chrono::seconds(300));

    CHECK(rig.node.find("conf") != nullptr);
}

TEST_CASE("What is shed is shed in meetings that run and in those to come") {
    Rig rig;
    REQUIRE(rig.node.claim(Rig::fence(1, "o"), "demo"));
    REQUIRE(rig.node.apply(Rig::fence(1, "o"), Rig::state(1, {"a"})));
    REQUIRE(rig.node.drawn().most_frames_per_second == 30);
    REQUIRE(rig.node.drawn().most_lines == 720);

    rig.node.shed({.most_frames_per_second = 15, .most_lines = 360});
    CHECK(rig.node.drawn().most_frames_per_second == 15);
    Fence other = Rig::fence(1, "o");
    other.instance = "other";
    REQUIRE(rig.node.claim(other, "board"));
    REQUIRE(rig.node.apply(other, Rig::state(1, {"b"})));
    for (const mixer::CanvasTask& task : rig.node.find("other")->canvases()) {
        CHECK(task.drawn_per_second == 15);
        CHECK(task.size.height == 360);
    }
    rig.node.shed({});

    CHECK(rig.node.drawn().most_frames_per_second == 30);
}
