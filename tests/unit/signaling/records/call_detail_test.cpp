#include "signaling/records/call_detail.h"

#include <catch2/catch.hpp>

#include "signaling/conference/id_maker.h"

using namespace signaling;

TEST_CASE("A call's quality is what its streams tell, the worst of each") {
    Participant participant;
    participant.session.id = "p-1";
    participant.session.display_name = "Anna";
    participant.request.transport = "tls";
    SessionMedia audio, video;
    audio.send.name = "opus";
    video.kind = MediaKind::Video;
    video.receive = {{"H264", 97, 90000, 1, ""}};
    participant.session.media = {audio, video};
    SessionStatistics read;
    read.streams.resize(2);
    read.streams[0].packets_received = 100;
    read.streams[0].jitter_ms = 3;
    read.streams[0].concealed_percent = 0.5;
    read.streams[1].packets_received = 50;
    read.streams[1].packets_lost = 2;
    read.streams[1].jitter_ms = 1;
    read.streams[1].freezes = 1;
    participant.statistics = read;

    const storage::CallRecord call = call_detail(participant, "board", "m-1");

    CHECK(call.name == "Anna");
    CHECK(call.audio_codec == "opus");
    CHECK(call.video_codec == "H264");
    CHECK(call.packets_received == 150);
    CHECK(call.packets_lost == 2);
    CHECK(call.jitter_ms == 3);
    CHECK(call.concealed_percent == 0.5);
    CHECK(call.freezes == 1);
}

TEST_CASE("An id says when it was made") {
    IdMaker ids(1, [] { return 1'700'000'000'123ULL; });

    CHECK(time_of_id(ids.next()) == 1'700'000'000'123);
    CHECK(time_of_id("") == 0);
    CHECK(time_of_id("7d444840-9dc0-11d1-b245-5ffdce74fad2") == 0);
    CHECK(time_of_id("zzzzzzzz-9dc0-71d1-b245-5ffdce74fad2") == 0);
}
