#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "mixer/codec/coded_size.h"
#include "mixer/codec/video_decoder.h"
#include "mixer/codec/video_encoder.h"
#include "tests/support/color_source.h"
#include "tests/support/h264_clip.h"

using common::EncodedFrame;
using common::PictureSize;
using common::VideoCodec;
using mixer::FramePool;
using mixer::FrameRef;
using mixer::VideoDecodeError;
using tests::ColorMark;
using tests::ColorSource;

namespace {

constexpr std::size_t kPlenty = 256U << 20;

std::unique_ptr<mixer::VideoDecoder> make(FramePool& pool) {
    auto decoder = mixer::make_decoder(VideoCodec::Vp8, pool);
    REQUIRE(decoder);
    return std::move(*decoder);
}

/// Ten pictures of a ColorSource; the first is a key picture.
std::vector<EncodedFrame> make_clip(PictureSize size = {640, 360}, int identity = 1) {
    FramePool pool(kPlenty);
    auto encoder = mixer::make_vp8_encoder({.codec = VideoCodec::Vp8, .size = size},
                                           common::Bitrate::from_kbps(1000));
    REQUIRE(encoder);
    ColorSource source(pool, identity, size);
    std::vector<EncodedFrame> clip;
    for (int i = 0; i < 10; ++i) {
        const auto due = common::Timestamp::from_ns(1'000'000'000'000 + i * 33'333'333LL);
        const auto coded = (*encoder)->encode(*source.next(due), mixer::PictureType::Predicted);
        REQUIRE(coded);
        EncodedFrame& frame = clip.emplace_back();
        frame.codec = VideoCodec::Vp8;
        frame.key_frame = coded->key;
        frame.arrival = frame.due = due;
        frame.bytes.assign(coded->nals[0].begin(), coded->nals[0].end());
    }
    return clip;
}

std::optional<ColorMark> mark_of(const FrameRef& picture) {
    return ColorSource::read(*picture, {0, 0, picture->size().width, picture->size().height});
}

}  // namespace

TEST_CASE("Each VP8 frame gives its picture at once, in its own size and colours") {
    const PictureSize size = GENERATE(PictureSize{320, 180}, PictureSize{322, 182},
                                      PictureSize{1280, 720}, PictureSize{1080, 1920});
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    decoder->make_halves(true);

    unsigned counter = 0;
    for (const EncodedFrame& frame : make_clip(size)) {
        const auto picture = decoder->decode(frame);

        REQUIRE(picture);
        REQUIRE(*picture);
        CHECK((*picture)->size() == size);
        CHECK((*picture)->media_time() == frame.due);
        CHECK(mark_of(*picture) == ColorMark{1, counter++});
        CHECK_FALSE(decoder->concealed());
        CHECK_FALSE(decoder->take_half());
    }
    CHECK(counter == 10);
}

TEST_CASE("A VP8 stream joined in its middle asks for a key frame") {
    FramePool pool(kPlenty);

    CHECK(make(pool)->decode(make_clip().at(3)).error() == VideoDecodeError::NeedsKeyFrame);
}

TEST_CASE("A VP8 picture of 16383x16383, and one just beyond the limit, take no memory") {
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    EncodedFrame bomb = make_clip().at(0);
    bomb.bytes[6] = bomb.bytes[8] = 0xff;
    bomb.bytes[7] = bomb.bytes[9] = 0x3f;

    CHECK(decoder->decode(bomb).error() == VideoDecodeError::TooLarge);
    CHECK(pool.bytes_allocated() == 0);
    CHECK(decoder->decode(make_clip({1936, 1080}).at(0)).error() == VideoDecodeError::TooLarge);
    CHECK(mark_of(*decoder->decode(make_clip().at(0))) == ColorMark{1, 0});
}

TEST_CASE("VP8's size may change at a key frame") {
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    FrameRef before, after;

    for (const auto& frame : make_clip()) before = *decoder->decode(frame);
    for (const auto& frame : make_clip({1280, 720}, 2)) after = *decoder->decode(frame);

    CHECK(mark_of(before) == ColorMark{1, 9});
    CHECK(after->size() == PictureSize{1280, 720});
    CHECK(mark_of(after) == ColorMark{2, 9});
}

TEST_CASE("Random damage never ends the VP8 decoder, and a key frame heals it") {
    const auto clip = make_clip({320, 180});
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    std::mt19937 random(3);

    int pictures = 0;
    for (int round = 0; round < 100; ++round) {
        for (EncodedFrame frame : clip) {
            for (int i = 0; i < 6; ++i) {
                frame.bytes[random() % frame.bytes.size()] = static_cast<std::uint8_t>(random());
            }
            frame.bytes.resize(1 + random() % frame.bytes.size());
            const auto picture = decoder->decode(frame);
            if (picture && *picture) ++pictures;
        }
    }

    CHECK(pictures > 0);
    CHECK(mark_of(*decoder->decode(clip.at(0))) == ColorMark{1, 0});
}

TEST_CASE("A VP8 key frame announces its size, and others none") {
    const auto clip = make_clip({322, 182});

    CHECK(mixer::vp8_coded_size(clip.at(0).bytes) == PictureSize{322, 182});
    CHECK_FALSE(mixer::vp8_coded_size(clip.at(1).bytes));
    CHECK_FALSE(mixer::vp8_coded_size(std::span(clip.at(0).bytes).first(9)));
}

TEST_CASE("A peer that changes from one codec to the other is seen on from its key frame") {
    FramePool pool(kPlenty);
    const auto decoder = mixer::make_video_decoder(pool);
    FrameRef last;

    for (const auto& frame : make_clip()) last = *decoder->decode(frame);
    CHECK(mark_of(last) == ColorMark{1, 9});
    tests::ClipSettings h264;
    h264.identity = 2;
    for (const auto& frame : tests::make_h264_clip(h264)) last = *decoder->decode(frame);
    CHECK(mark_of(last) == ColorMark{2, 9});
    CHECK(decoder->decode(make_clip().at(1)).error() == VideoDecodeError::NeedsKeyFrame);

    CHECK(mark_of(*decoder->decode(make_clip().at(0))) == ColorMark{1, 0});
}

TEST_CASE("Halves are wanted of whatever codec comes") {
    FramePool pool(kPlenty);
    const auto decoder = mixer::make_video_decoder(pool);
    CHECK_FALSE(decoder->take_half());
    CHECK_FALSE(decoder->concealed());
    decoder->make_halves(true);

    for (const auto& frame : tests::make_h264_clip({})) CHECK(*decoder->decode(frame));

    CHECK(decoder->take_half());
}
