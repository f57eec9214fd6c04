#include "mcu/control/load_watch.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/media_node.h"

using mcu::LoadWatch;
using mcu::NodeLoad;
using tests::MediaNode;
using namespace std::chrono_literals;

namespace {

class Events final : public mcu::NodeEvents {
  public:
    std::vector<NodeLoad> loads;
    void on_load(const NodeLoad& load) override { loads.push_back(load); }
    void on_speakers(const std::string&, const std::vector<std::string>&) override {}
    void on_dtmf(const std::string&, const std::string&, char, common::Duration) override {}
    void on_media(const std::string&, const std::string&, const std::string&,
                  mcu::MediaEvent) override {}
    void on_key_frame_wanted(const std::string&, const std::string&, const std::string&) override {}
    void on_session_ended(const std::string&, const std::string&, const std::string&) override {}
    void on_statistics(const std::string&, const mcu::ConferenceStatistics&) override {}
    [[nodiscard]] bool watched() const override { return true; }
    [[nodiscard]] bool watched_by(const std::string&) const override { return true; }
};

struct Rig {
    MediaNode media{23500};
    Events events;
    mcu::Node node{"life-1", {.max_sessions = 7}, media.services, events};

    LoadWatch watch(double limit) {
        return {{media.media_pool, media.audio_tick, media.video_tick}, limit, node, events};
    }
};

}  // namespace

TEST_CASE("An idle node has room, and says so to whoever watches and to whoever asks") {
    Rig rig;
    LoadWatch watch = rig.watch(1);

    watch.look(rig.media.clock.now());

    REQUIRE(rig.events.loads.size() == 1);
    CHECK(rig.events.loads[0].refusal.empty());
    CHECK(rig.node.load().step == 0);
    CHECK(rig.node.load().capacity_left == 7);
}

TEST_CASE("A node whose limit is nothing refuses from its first look on") {
    Rig rig;
    LoadWatch watch = rig.watch(0);

    watch.look(rig.media.clock.now());

    CHECK_FALSE(rig.node.load().refusal.empty());
    CHECK(rig.node.load().retry_after_s > 0);
    CHECK(rig.node.load().capacity_left == 0);
}
