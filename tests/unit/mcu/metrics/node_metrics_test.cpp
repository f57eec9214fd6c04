#include "mcu/metrics/node_metrics.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace std::chrono_literals;

namespace {

struct Node {
    tests::FakeClock clock;
    mcu::TickThread audio{"audio", 50, clock}, video{"video", 30, clock};
    common::MediaPool pool{1, clock};
    mcu::NodeLoad load;
    std::vector<mcu::ConferenceSample> conferences;
    mcu::RoomTotals totals;

    std::string page() {
        return mcu::node_metrics({.audio_tick = audio,
                                  .video_tick = video,
                                  .pool = pool,
                                  .max_sessions = 200,
                                  .load = load,
                                  .conferences = conferences},
                                 totals);
    }
    bool says(const std::string& line) {
        return page().find("\n" + line + "\n") != std::string::npos;
    }
};

mcu::ConferenceSample meeting(const std::string& room) {
    mcu::ConferenceSample sample{room, {}};
    sample.statistics.sessions.resize(1);
    sample.statistics.sessions[0].session = "anna";
    sample.statistics.sessions[0].streams.resize(1);
    return sample;
}

}  // namespace

TEST_CASE("A node's metrics name each stage, rung and room, and no person") {
    Node node;
    node.conferences = {meeting("de\"mo")};
    mcu::ConferenceStatistics& statistics = node.conferences[0].statistics;
    statistics.encoders_by_codec = {{"H264", {{"720p30", 2}}}, {"VP8", {{"720p30", 1}}}};
    statistics.cpu.encode = 1500ms;
    statistics.splice_contexts = 1;
    statistics.refreshes = 3;
    statistics.drawn_after = 4ms;
    statistics.pictures_skipped = 6;
    statistics.sounds_encoded = 500;
    statistics.sessions[0].rung = "720p30";

    CHECK(node.says(R"(tessera_conference_encoders{codec="H264",room="de\"mo",rung="720p30"} 2)"));
    CHECK(node.says(R"(tessera_conference_encoders{codec="VP8",room="de\"mo",rung="720p30"} 1)"));
    CHECK(node.says(R"(tessera_conference_viewers{room="de\"mo",rung="720p30"} 1)"));
    CHECK(node.says(R"(tessera_conference_cpu_seconds_total{room="de\"mo",stage="encode"} 1.5)"));
    CHECK(node.says(R"(tessera_conference_splice_contexts{room="de\"mo"} 1)"));
    CHECK(node.says(R"(tessera_conference_refreshes_total{room="de\"mo"} 3)"));
    CHECK(node.says(R"(tessera_conference_drawn_after_seconds{room="de\"mo"} 0.004)"));
    CHECK(node.says(R"(tessera_conference_pictures_skipped_total{room="de\"mo"} 6)"));
    CHECK(node.says(R"(tessera_conference_sounds_encoded_total{room="de\"mo"} 500)"));
    CHECK(node.says("# TYPE tessera_conference_cpu_seconds_total counter"));
    CHECK(node.page().find("anna") == std::string::npos);
}

TEST_CASE("Loss and freezes of a meeting are counters, its worst link is a gauge in base units") {
    Node node;
    node.conferences = {meeting("demo")};
    mcu::StreamCounters& stream = node.conferences[0].statistics.sessions[0].streams[0];
    stream.freezes = 2;
    stream.packets_lost = 30;
    stream.remote_loss_percent = 5;
    stream.round_trip_ms = 120;

    CHECK(node.says(R"(tessera_conference_freezes_total{room="demo"} 2)"));
    CHECK(node.says(R"(tessera_conference_packets_lost_total{room="demo"} 30)"));
    CHECK(node.says(R"(tessera_conference_worst_remote_loss_ratio{room="demo"} 0.05)"));
    CHECK(node.says(R"(tessera_conference_worst_round_trip_seconds{room="demo"} 0.12)"));
}

TEST_CASE("What the ladder gave up, what load it saw and what is left are told") {
    Node node;
    CHECK(node.says("tessera_load_step 0"));
    CHECK(node.says("tessera_newcomers_taken 1"));

    node.load.step = 2;
    node.load.given_up = {"frame rate", "refuse newcomers"};
    node.load.steps_down = 3;
    node.load.steps_up = 1;
    node.load.capacity_left = 4;
    node.load.refusal = "the media daemon is overloaded";
    node.load.figures.cpu_share = 0.97;
    node.load.figures.pool_wait_p95 = 33ms;
    node.load.figures.ticks_lost = 0.125;

    CHECK(node.says("tessera_load_step 2"));
    CHECK(node.says(R"(tessera_load_given_up{what="frame rate"} 1)"));
    CHECK(node.says(R"(tessera_load_given_up{what="number of rungs"} 0)"));
    CHECK(node.says(R"(tessera_load_given_up{what="refuse newcomers"} 1)"));
    CHECK(node.says(R"(tessera_load_steps_total{direction="down"} 3)"));
    CHECK(node.says("tessera_load_cpu_ratio 0.97"));
    CHECK(node.says("tessera_load_pool_wait_seconds 0.033"));
    CHECK(node.says(R"(tessera_load_ticks_lost_ratio{tick="video"} 0.125)"));
    CHECK(node.says("tessera_participants_capacity_left 4"));
    CHECK(node.says("tessera_newcomers_taken 0"));
}

TEST_CASE("Of two meetings in a room, one of which is ending, the newer one has the series") {
    Node node;
    node.conferences = {{"demo", {}}, {"demo", {}}};
    node.conferences[1].statistics.views = 3;

    const std::string text = node.page();

    const std::string series = "tessera_conference_views{room=\"demo\"}";
    REQUIRE(text.find(series + " 3\n") != std::string::npos);
    CHECK(text.find(series) == text.rfind(series));
    CHECK(text.find("tessera_conferences 2\n") != std::string::npos);
}

TEST_CASE("Beyond a hundred rooms the oldest meetings keep their series, and sums hold all") {
    Node node;
    for (int i = 0; i < 130; ++i) node.conferences.push_back(meeting("room-" + std::to_string(i)));

    const std::string text = node.page();

    CHECK(text.find("room=\"room-99\"") != std::string::npos);
    CHECK(text.find("room=\"room-100\"") == std::string::npos);
    CHECK(text.find("tessera_conferences_without_series 30\n") != std::string::npos);
    CHECK(text.find("tessera_participants 130\n") != std::string::npos);
}

TEST_CASE("Every metric has a help text, and counters end in _total") {
    Node node;
    node.conferences = {meeting("demo")};
    std::istringstream lines(node.page());

    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        if (line.starts_with("# HELP ")) CHECK(line.ends_with("."));
        if (line.starts_with("# TYPE ") && line.ends_with(" counter"))
            CHECK(line.find("_total counter") != std::string::npos);
        if (line.starts_with("# TYPE ") && line.ends_with(" gauge"))
            CHECK(line.find("_total") == std::string::npos);
    }
}
