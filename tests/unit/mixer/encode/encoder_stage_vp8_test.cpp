#include <catch2/catch.hpp>

#include "mixer/encode/rendition.h"
#include "tests/unit/mixer/encode/encoding_room.h"

using mixer::StartReason;
using tests::EncodingRoom;
using tests::RecordingSink;
using namespace std::chrono_literals;

namespace {

struct Vp8Room : EncodingRoom {
    Vp8Room() { needs.codec = common::VideoCodec::Vp8; }
    [[nodiscard]] mixer::StreamNeeds h264() const {
        mixer::StreamNeeds other = needs;
        other.codec = common::VideoCodec::H264;
        return other;
    }
};

bool same_pictures(const RecordingSink& a, const RecordingSink& b, std::size_t count) {
    return std::equal(a.pictures.end() - static_cast<std::ptrdiff_t>(count), a.pictures.end(),
                      b.pictures.end() - static_cast<std::ptrdiff_t>(count), b.pictures.end());
}

}  // namespace

TEST_CASE("Each codec has one encoder, however many watch by it") {
    Vp8Room room;
    const auto view = room.stage.open_view();
    RecordingSink vp8[3], h264[2];
    for (RecordingSink& sink : vp8) room.subscribe(view, sink);
    room.needs = room.h264();
    for (RecordingSink& sink : h264) room.subscribe(view, sink);

    room.ticks(40);

    CHECK(room.stage.counters().encoders_running == 2);
    CHECK(room.stage.counters().encoders_opened == 2);
    CHECK(room.stage.canvases().size() == 1);
    CHECK(same_pictures(vp8[0], vp8[1], 38));
    CHECK(same_pictures(vp8[0], vp8[2], 38));
    CHECK(same_pictures(h264[0], h264[1], 38));
    CHECK(vp8[0].pictures.front()->codec == common::VideoCodec::Vp8);
    CHECK(vp8[0].decodes_cleanly());
    CHECK(h264[0].decodes_cleanly());
}

TEST_CASE("A VP8 newcomer begins with a key picture that everybody gets") {
    Vp8Room room;
    const auto view = room.stage.open_view();
    RecordingSink first, joiner;
    room.subscribe(view, first);
    room.ticks(60);

    room.subscribe(view, joiner);
    room.ticks(60);

    CHECK(joiner.pictures.size() == 60);
    CHECK(joiner.pictures.front()->key);
    CHECK(joiner.keys() == 1);
    CHECK(first.keys() == 2);
    CHECK(first.flows(40ms));
    CHECK(same_pictures(first, joiner, 60));
    CHECK(first.decodes_cleanly());
    CHECK(joiner.decodes_cleanly());
    CHECK(room.stage.counters().splice_pictures == 0);
}

TEST_CASE("Those who come together to VP8 share a key picture, and nobody waits for long") {
    Vp8Room room;
    const auto view = room.stage.open_view();
    RecordingSink first, joiners[10];
    room.subscribe(view, first);
    room.ticks(60);

    for (RecordingSink& joiner : joiners) {
        room.subscribe(view, joiner);
        room.ticks(2);
    }
    room.ticks(15);

    const auto rest = mixer::Rendition::kLeastKeyRest;
    CHECK(first.keys() <= 1 + 1 + static_cast<int>(20 * EncodingRoom::kTick / rest) + 1);
    for (std::size_t i = 0; i < 10; ++i) {
        REQUIRE_FALSE(joiners[i].pictures.empty());
        const auto came = 60 + 2 * i;
        const auto began = joiners[i].pictures.front()->media_time;
        CHECK(began - first.pictures.at(came)->media_time <= rest + EncodingRoom::kTick);
        CHECK(joiners[i].decodes_cleanly());
    }
}

TEST_CASE("A VP8 viewer that loses all the time does not make all others pay for it") {
    Vp8Room room;
    const auto view = room.stage.open_view();
    RecordingSink good, bad;
    room.subscribe(view, good);
    const auto losing = room.subscribe(view, bad);
    room.ticks(30);
    const std::size_t before = good.pictures.size();

    for (int i = 0; i < 300; ++i) {
        room.stage.need_start(losing, StartReason::PictureLoss);
        room.tick();
    }

    const int most = static_cast<int>(10s / mixer::Rendition::kLeastRepairRest) + 1;
    CHECK(good.keys_since(before) <= most);
    CHECK(bad.keys_since(before) >= most - 2);
    CHECK(good.flows(40ms));
}

TEST_CASE("A lone VP8 viewer that lost a picture gets its key picture soon") {
    Vp8Room room;
    const auto view = room.stage.open_view();
    RecordingSink sink;
    const auto viewer = room.subscribe(view, sink);
    room.ticks(60);

    room.stage.need_start(viewer, StartReason::PictureLoss);
    room.ticks(1);

    CHECK(sink.pictures.back()->key);
}

TEST_CASE("A VP8 viewer changes rung at a key picture, and time goes on evenly") {
    EncodingRoom room({640, 360});
    room.needs.codec = common::VideoCodec::Vp8;
    const auto view = room.stage.open_view();
    RecordingSink wide, narrow;
    room.subscribe(view, wide);
    const auto moved = room.subscribe(view, narrow);
    room.ticks(60);

    room.stage.set_budget(moved, common::Bitrate::from_kbps(100));
    room.ticks(90);

    CHECK(room.stage.counters().encoders_running == 2);
    CHECK(narrow.pictures.back()->size == common::PictureSize{320, 180});
    CHECK(narrow.flows(70ms));
    CHECK(narrow.decodes_cleanly());
    CHECK(wide.keys() == 1);
}

TEST_CASE("Who agrees on another codec goes on with a key picture of it") {
    Vp8Room room;
    const auto view = room.stage.open_view();
    RecordingSink sink;
    const auto viewer = room.subscribe(view, sink);
    room.ticks(30);
    const std::size_t before = sink.pictures.size();

    REQUIRE(room.stage.set_needs(viewer, room.h264()));
    room.ticks(30);

    REQUIRE(sink.pictures.size() > before);
    const auto changed = std::find_if(
        sink.pictures.begin(), sink.pictures.end(),
        [](const auto& picture) { return picture->codec == common::VideoCodec::H264; });
    REQUIRE(changed != sink.pictures.end());
    CHECK((*changed)->key);
    CHECK(std::all_of(changed, sink.pictures.end(), [](const auto& picture) {
        return picture->codec == common::VideoCodec::H264;
    }));
    CHECK(sink.flows(70ms));
}

TEST_CASE("A VP8 peer's max-fr keeps faster rungs from it") {
    EncodingRoom room({640, 360}, {});
    room.needs.codec = common::VideoCodec::Vp8;
    room.needs.max_frames_per_second = 20;
    const auto view = room.stage.open_view();
    RecordingSink sink;

    const auto viewer = room.subscribe(view, sink);

    CHECK(room.stage.rung_of(viewer)->name == "180p15");
    room.needs.max_frames_per_second = 10;
    const auto refused = room.stage.subscribe(view, room.needs, sink);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("max-fr") != std::string::npos);
}
