#include "mixer/encode/encoder_stage.h"

#include <catch2/catch.hpp>

#include "tests/unit/mixer/encode/encoding_room.h"

using common::Bitrate;
using mixer::StartReason;
using tests::EncodingRoom;
using tests::RecordingSink;
using namespace std::chrono_literals;

TEST_CASE("All viewers of one Rendition get the very same picture, encoded once") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink first, second, third;
    room.subscribe(view, first);
    room.subscribe(view, second);
    room.subscribe(view, third);

    room.ticks(20);

    REQUIRE(first.pictures.size() == 20);
    CHECK(first.pictures == second.pictures);
    CHECK(first.pictures == third.pictures);
    CHECK(room.stage.counters().pictures_encoded == 20);
    CHECK(room.stage.counters().encoders_opened == 1);
    CHECK(first.pictures.front()->media_time < first.pictures.back()->media_time);
}

TEST_CASE("Viewers of one View with different profiles share the canvas, not the encoder") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink baseline, high;
    room.subscribe(view, baseline);
    room.needs.profile = common::H264Profile::High;
    room.subscribe(view, high);

    room.ticks(3);

    CHECK(room.stage.canvases().size() == 1);
    CHECK(room.stage.counters().encoders_opened == 2);
    CHECK(high.pictures.at(0)->nals.at(0)[1] == 100);  // profile_idc
    CHECK(baseline.pictures.at(0)->nals.at(0)[1] == 66);
}

TEST_CASE("A canvas is listed while somebody watches it, and the revision tells of every change") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    CHECK(room.stage.canvases().empty());
    const auto before = room.stage.canvases_revision();
    RecordingSink viewer, second;

    const auto subscription = room.subscribe(view, viewer);
    const auto watched = room.stage.canvases_revision();
    const auto same = room.subscribe(view, second);

    CHECK(watched != before);
    CHECK(room.stage.canvases_revision() == watched);
    REQUIRE(room.stage.canvases().size() == 1);
    CHECK(room.stage.canvases()[0].view == view);
    CHECK(room.stage.canvases()[0].size == common::PictureSize{320, 180});
    room.stage.unsubscribe(subscription);
    room.stage.unsubscribe(same);
    CHECK(room.stage.canvases().empty());
    CHECK(room.stage.canvases_revision() != watched);
}

TEST_CASE(
    "An encoder closes 2 s after its last viewer left, and a viewer who comes back sooner finds it "
    "open") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink first, second;
    const auto left = room.subscribe(view, first);
    room.ticks(5);
    room.stage.unsubscribe(left);

    room.clock.advance(1900ms);
    const auto back = room.subscribe(view, second);
    room.ticks(2);

    CHECK(room.stage.counters().encoders_opened == 1);
    REQUIRE(second.pictures.size() ==
            2);  // nobody followed: a key picture at once costs nobody anything
    CHECK(second.pictures[0]->key);
    room.stage.unsubscribe(back);
    room.stage.tidy();
    room.clock.advance(2s);
    room.stage.tidy();
    CHECK(room.stage.counters().encoders_running == 0);
}

TEST_CASE("While an encode waits, a newer canvas replaces the waiting one and is counted") {
    EncodingRoom room;
    RecordingSink viewer;
    room.subscribe(room.stage.open_view(), viewer);

    room.draw();
    room.draw();
    room.draw();
    room.executor.run_all();

    REQUIRE(viewer.pictures.size() == 1);
    CHECK(viewer.pictures[0]->media_time == room.clock.now());
    CHECK(room.stage.counters().pictures_skipped == 2);
}

TEST_CASE(
    "Slices fit a packet for all while one packetization-mode 0 viewer is there, without a key "
    "picture") {
    EncodingRoom room({640, 360});
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink modern, old;
    room.subscribe(view, modern);
    room.ticks(20);
    room.needs.max_nal_bytes = 300;

    const auto subscription = room.subscribe(view, old);
    room.ticks(30);
    room.stage.unsubscribe(subscription);
    room.ticks(10);

    CHECK(modern.keys() == 1);
    CHECK(modern.decodes_cleanly());
    CHECK(old.decodes_cleanly());
    REQUIRE(old.pictures.size() >= 14);
    for (const auto& picture : old.pictures) {
        for (const auto nal : picture->nals) CHECK(nal.size() <= 300);
    }
    for (std::size_t i = 20; i < 50; ++i) CHECK(modern.pictures[i]->nals.size() > 1);
    for (std::size_t i = 50; i < 60; ++i) CHECK(modern.pictures[i]->nals.size() == 1);
}

TEST_CASE("The rung follows the budget: down at once, up not sooner than 10 s after") {
    EncodingRoom room({1280, 720});
    RecordingSink viewer;
    const auto subscription = room.subscribe(room.stage.open_view(), viewer);
    CHECK(room.stage.rung_of(subscription)->name == "720p30");

    room.stage.set_budget(subscription, Bitrate::from_kbps(400));
    CHECK(room.stage.rung_of(subscription)->name == "360p30");
    room.stage.set_budget(subscription, Bitrate::from_kbps(1));
    CHECK(room.stage.rung_of(subscription)->name == "180p30");
    room.clock.advance(9s);
    room.stage.set_budget(subscription, Bitrate::from_kbps(700));
    CHECK(room.stage.rung_of(subscription)->name == "180p30");
    room.clock.advance(1s);
    room.stage.tidy();
    CHECK(room.stage.rung_of(subscription)->name == "480p30");
    room.clock.advance(10s);
    room.stage.set_budget(subscription, {});
    CHECK(room.stage.rung_of(subscription)->name == "720p30");
    room.stage.unsubscribe(subscription);
    CHECK_FALSE(room.stage.rung_of(subscription));
}

TEST_CASE("A viewer whose limits no rung meets is refused with the limit's name") {
    EncodingRoom room;
    RecordingSink viewer;
    room.needs.max_frame_size_mbs = 99;

    const auto refused = room.stage.subscribe(room.stage.open_view(), room.needs, viewer);

    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == common::ErrorCode::Unsupported);
    CHECK(refused.error().message.find("max-fs") != std::string::npos);
    CHECK(room.stage.canvases().empty());
}

TEST_CASE("New needs that no rung meets leave the viewer where it was") {
    EncodingRoom room;
    RecordingSink viewer;
    const auto subscription = room.subscribe(room.stage.open_view(), viewer);
    mixer::StreamNeeds impossible = room.needs;
    impossible.max_macroblocks_per_second = 1;

    const auto set = room.stage.set_needs(subscription, impossible);
    room.ticks(2);

    REQUIRE_FALSE(set);
    CHECK(set.error().code == common::ErrorCode::Unsupported);

    CHECK(room.stage.rung_of(subscription)->size == common::PictureSize{320, 180});
    CHECK(viewer.pictures.size() == 2);
}

TEST_CASE("A View that is closed is drawn until those who moved away have a start elsewhere") {
    EncodingRoom room;
    const mixer::ViewId old_view = room.stage.open_view();
    const mixer::ViewId new_view = room.stage.open_view();
    RecordingSink mover, resident;
    const auto moving = room.subscribe(old_view, mover);
    room.subscribe(new_view, resident);
    room.ticks(5);

    room.stage.move(moving, new_view);
    room.stage.close_view(old_view);

    CHECK(room.stage.canvases().size() == 2);
    room.ticks(20);
    room.stage.tidy();
    CHECK(room.stage.canvases().size() == 1);
    CHECK(mover.flows(EncodingRoom::kTick));
    CHECK(room.stage.counters().views == 1);
}
