#include <catch2/catch.hpp>
#include <cstdio>

#include "mixer/codec/video_encoder.h"
#include "tests/unit/mixer/encode/encoding_room.h"

using tests::EncodingRoom;
using tests::H264Viewer;
using tests::RecordingSink;

namespace {

constexpr common::PictureSize kSize{1280, 720};

/// What was new to this viewer since the last look.
struct Eyes {
    RecordingSink sink;
    H264Viewer decoder;
    std::size_t watched = 0;

    std::optional<H264Viewer::Luma> look() {
        std::optional<H264Viewer::Luma> seen;
        while (watched < sink.pictures.size())
            seen = decoder.decode(sink.pictures[watched++]->nals);
        return seen;
    }
};

}  // namespace

TEST_CASE(
    "From 5 to 15 s after a start by splice a viewer loses at most 0.7 dB to an encoder of its "
    "own") {
    EncodingRoom room(kSize);
    const mixer::ViewId view = room.stage.open_view();
    Eyes first, joiner;
    room.subscribe(view, first.sink);
    std::unique_ptr<mixer::VideoEncoder> alone;
    H264Viewer alone_eyes;
    double first_sum = 0, joiner_sum = 0, alone_sum = 0;
    std::size_t bytes = 0;
    int compared = 0, joined = 0;

    for (int tick = 0; compared < 300; ++tick) {
        room.tick();
        if (tick == 60) room.subscribe(view, joiner.sink);
        const mixer::CanvasTask canvas = room.stage.canvases().at(0);
        REQUIRE(canvas.size == kSize);
        const mixer::FrameRef ideal = room.canvas_of(canvas);
        if (!alone) {
            auto opened = mixer::make_x264_encoder({.size = kSize, .level_idc = 31},
                                                   common::Bitrate::from_kbps(1000));
            REQUIRE(opened);
            alone = std::move(*opened);
        }
        const auto coded = alone->encode(*ideal, mixer::PictureType::Predicted);
        REQUIRE(coded);
        const auto by_alone = alone_eyes.decode(coded->nals);
        const auto by_first = first.look(), by_joiner = joiner.look();
        REQUIRE((by_alone && by_first));
        if (joiner.sink.pictures.empty() || ++joined < 150) continue;
        REQUIRE(by_joiner);
        alone_sum += tests::luma_psnr(*ideal, *by_alone);
        first_sum += tests::luma_psnr(*ideal, *by_first);
        joiner_sum += tests::luma_psnr(*ideal, *by_joiner);
        for (const auto nal : first.sink.pictures.back()->nals) bytes += nal.size();
        ++compared;
    }

    const double kbps = static_cast<double>(bytes) * 8 * 30 / 1000 / compared;
    std::printf("alone %.2f dB, never spliced %.2f dB, spliced %.2f dB; %.0f kbit/s\n",
                alone_sum / compared, first_sum / compared, joiner_sum / compared, kbps);
    CHECK(joiner_sum > alone_sum - 0.7 * compared);
    CHECK(first_sum > alone_sum - 0.7 * compared);
    CHECK(kbps > 900);
    CHECK(kbps < 1100);
    CHECK(first.sink.keys() == 1);
    CHECK(joiner.sink.keys() == 1);
    CHECK(joiner.decoder.complaints() == 0);
    CHECK(first.decoder.complaints() == 0);
}
