#include <catch2/catch.hpp>

#include "mixer/encode/encoder_stage.h"
#include "tests/unit/mixer/encode/encoding_room.h"

using common::Bitrate;
using common::PictureSize;
using tests::EncodingRoom;
using tests::RecordingSink;
using namespace std::chrono_literals;

namespace {

std::size_t bytes_since(const RecordingSink& sink, std::size_t index) {
    std::size_t bytes = 0;
    for (std::size_t i = index; i < sink.pictures.size(); ++i) {
        for (const auto nal : sink.pictures[i]->nals) bytes += nal.size();
    }
    return bytes;
}

}  // namespace

TEST_CASE("Half the frame rate, and back, costs nobody a key picture, and the stream stays whole") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink viewer;
    room.subscribe(view, viewer);
    room.ticks(30);
    const auto before = viewer.pictures.size();

    room.stage.set_shedding({.most_frames_per_second = 15});
    room.ticks(30);
    const auto shed = viewer.pictures.size();
    room.stage.set_shedding({});
    room.ticks(30);

    CHECK(before == 30);
    CHECK(shed - before == 15);
    CHECK(viewer.pictures.size() - shed == 30);
    CHECK(viewer.keys() == 1);
    CHECK(room.stage.counters().encoders_opened == 1);
    CHECK(viewer.decodes_cleanly());
}

TEST_CASE("At half the frame rate a stream has the bitrate of its rung still") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink viewer;
    room.subscribe(view, viewer);
    room.ticks(60);
    const auto begun = viewer.pictures.size();
    room.ticks(180);
    const auto full = bytes_since(viewer, begun);

    room.stage.set_shedding({.most_frames_per_second = 15});
    room.ticks(60);
    const auto shed = viewer.pictures.size();
    room.ticks(180);

    const double ratio = static_cast<double>(bytes_since(viewer, shed)) / static_cast<double>(full);
    CHECK(ratio == Approx(1.0).margin(0.15));
}

TEST_CASE("Who comes while the frame rate is halved gets a start within a second, by splice") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink first, second;
    room.subscribe(view, first);
    room.stage.set_shedding({.most_frames_per_second = 15});
    room.ticks(40);

    room.subscribe(view, second);
    room.ticks(30);

    REQUIRE_FALSE(second.pictures.empty());
    CHECK(second.pictures.front()->key);
    CHECK(first.keys() == 1);
    CHECK(first.decodes_cleanly());
    CHECK(second.decodes_cleanly());
}

TEST_CASE("A smaller canvas moves everybody to the smaller rung by one start, and back later") {
    EncodingRoom room({1280, 720});
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink viewer;
    const auto subscription = room.subscribe(view, viewer);
    room.ticks(20);

    room.stage.set_shedding({.most_lines = 480});
    room.ticks(40);
    CHECK(room.stage.rung_of(subscription)->size == PictureSize{848, 480});
    CHECK(viewer.pictures.back()->size == PictureSize{848, 480});
    CHECK(viewer.keys() == 2);
    room.stage.set_shedding({});
    room.ticks(330);

    CHECK(room.stage.rung_of(subscription)->size == PictureSize{1280, 720});
    CHECK(viewer.pictures.back()->size == PictureSize{1280, 720});
    CHECK(viewer.keys() == 3);
}

TEST_CASE("Of three rungs in one View the fewest viewers go down when two may stay") {
    EncodingRoom room({1280, 720});
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink sinks[5];
    std::vector<mixer::SubscriptionId> ids;
    for (RecordingSink& sink : sinks) ids.push_back(room.subscribe(view, sink));
    room.stage.set_budget(ids[2], Bitrate::from_kbps(600));
    room.stage.set_budget(ids[3], Bitrate::from_kbps(350));
    room.stage.set_budget(ids[4], Bitrate::from_kbps(350));

    room.stage.set_shedding({.most_rungs_per_view = 2});

    CHECK(room.stage.rung_of(ids[0])->name == "720p30");
    CHECK(room.stage.rung_of(ids[1])->name == "720p30");
    CHECK(room.stage.rung_of(ids[2])->name == "360p30");
    CHECK(room.stage.rung_of(ids[4])->name == "360p30");
}
