#include "mcu/metrics/node_metrics.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace std::chrono_literals;

TEST_CASE("A node's metrics name each stage, rung and room, and no person") {
    tests::FakeClock clock;
    mcu::TickThread audio("audio", 50, clock), video("video", 30, clock);
    common::MediaPool pool(1, clock);
    mcu::ConferenceStatistics statistics;
    statistics.encoders_by_rung = {{"720p30", 2}};
    statistics.cpu.encode = 1500ms;
    statistics.sessions.resize(1);
    statistics.sessions[0].session = "anna";
    statistics.sessions[0].rung = "720p30";

    const std::string text = mcu::node_metrics({.audio_tick = audio,
                                                .video_tick = video,
                                                .pool = pool,
                                                .max_sessions = 200,
                                                .conferences = {{"de\"mo", statistics}}});

    const auto has = [&text](const std::string& line) {
        return text.find(line + "\n") != std::string::npos;
    };
    CHECK(has(R"(tessera_conference_encoders{room="de\"mo",rung="720p30"} 2)"));
    CHECK(has(R"(tessera_conference_viewers{room="de\"mo",rung="720p30"} 1)"));
    CHECK(has(R"(tessera_conference_cpu_seconds_total{room="de\"mo",stage="encode"} 1.5)"));
    CHECK(has("# TYPE tessera_conference_cpu_seconds_total counter"));
    CHECK(text.find("anna") == std::string::npos);
}

TEST_CASE("Of two meetings in a room, one of which is ending, the newer one has the series") {
    tests::FakeClock clock;
    mcu::TickThread audio("audio", 50, clock), video("video", 30, clock);
    common::MediaPool pool(1, clock);
    mcu::ConferenceStatistics ending, newer;
    newer.views = 3;

    const std::string text =
        mcu::node_metrics({.audio_tick = audio,
                           .video_tick = video,
                           .pool = pool,
                           .max_sessions = 200,
                           .conferences = {{"demo", ending}, {"demo", newer}}});

    const std::string series = "tessera_conference_views{room=\"demo\"}";
    REQUIRE(text.find(series + " 3\n") != std::string::npos);
    CHECK(text.find(series) == text.rfind(series));
    CHECK(text.find("tessera_conferences 2\n") != std::string::npos);
}
