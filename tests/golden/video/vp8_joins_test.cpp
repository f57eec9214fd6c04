#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <deque>

#include "tests/unit/mixer/encode/encoding_room.h"

using tests::EncodingRoom;
using tests::H264Viewer;
using tests::RecordingSink;

namespace {

constexpr common::PictureSize kSize{640, 360};
constexpr int kTicks = 450;

struct Quality {
    double mean_db = 0, worst_db = 99, kbps = 0;
    int keys = 0;
};

/// What a VP8 viewer sees of 15 s while another one comes every `join_ticks` (0: nobody).
Quality watch_while_others_come(int join_ticks) {
    EncodingRoom room(kSize);
    room.needs.codec = common::VideoCodec::Vp8;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink sink;
    std::deque<RecordingSink> joiners;
    H264Viewer eyes(common::VideoCodec::Vp8);
    room.subscribe(view, sink);
    room.ticks(60);
    for (const auto& picture : sink.pictures) REQUIRE(eyes.decode(picture->nals));
    sink.pictures.clear();

    Quality quality;
    std::size_t bytes = 0;
    for (int tick = 0; tick < kTicks; ++tick) {
        if (join_ticks > 0 && tick % join_ticks == 0) room.subscribe(view, joiners.emplace_back());
        room.tick();
        const mixer::FrameRef ideal = room.canvas_of(room.stage.canvases().at(0));
        const auto seen = eyes.decode(sink.pictures.back()->nals);
        REQUIRE(seen);
        const double db = tests::luma_psnr(*ideal, *seen);
        quality.mean_db += db / kTicks;
        quality.worst_db = std::min(quality.worst_db, db);
        bytes += sink.pictures.back()->storage.size();
    }
    REQUIRE(sink.pictures.size() == kTicks);
    for (const RecordingSink& joiner : joiners) CHECK(joiner.decodes_cleanly());
    CHECK(eyes.complaints() == 0);
    quality.kbps = static_cast<double>(bytes) * 8 * 30 / kTicks / 1000;
    quality.keys = sink.keys();
    return quality;
}

}  // namespace

TEST_CASE(
    "Who comes to a VP8 picture costs those who see it little, even when one comes each second") {
    const Quality alone = watch_while_others_come(0);
    const Quality busy = watch_while_others_come(30);
    const Quality rush = watch_while_others_come(3);

    for (const auto& [name, q] :
         {std::pair{"nobody comes", alone}, {"one a second", busy}, {"ten a second", rush}}) {
        std::printf("VP8, %s: %.1f dB, worst %.1f dB, %.0f kbit/s, %d key pictures\n", name,
                    q.mean_db, q.worst_db, q.kbps, q.keys);
    }
    CHECK(alone.keys == 0);
    CHECK(busy.keys == 15);
    CHECK(rush.keys <= 15 * 3);
    CHECK(busy.mean_db > alone.mean_db - 1.5);
    CHECK(rush.mean_db > alone.mean_db - 3);
    CHECK(busy.worst_db > 32);
    CHECK(busy.kbps < 350 * 1.1);
    CHECK(rush.kbps < 350 * 1.15);
}
