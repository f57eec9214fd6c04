#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "mixer/codec/video_decoder.h"
#include "mixer/video/scaler.h"
#include "tests/support/color_source.h"
#include "tests/support/h264_clip.h"

using common::EncodedFrame;
using common::PictureSize;
using mixer::FramePool;
using mixer::FrameRef;
using mixer::VideoDecodeError;
using tests::ClipSettings;
using tests::ColorMark;
using tests::ColorSource;

namespace {

constexpr std::size_t kPlenty = 256 << 20;

std::unique_ptr<mixer::VideoDecoder> make(FramePool& pool) {
    auto decoder = mixer::make_decoder(common::VideoCodec::H264, pool);
    REQUIRE(decoder);
    return std::move(*decoder);
}

std::optional<ColorMark> mark_of(const FrameRef& picture) {
    return ColorSource::read(*picture, {0, 0, picture->size().width, picture->size().height});
}

bool same_luma(const mixer::VideoFrame& a, const mixer::VideoFrame& b) {
    if (a.size() != b.size()) return false;
    for (int y = 0; y < a.size().height; ++y) {
        const std::uint8_t* row = a.y() + y * a.stride_y();
        if (!std::equal(row, row + a.size().width, b.y() + y * b.stride_y())) return false;
    }
    return true;
}

/// The half that a whole picture makes.
mixer::FrameWriter halved(FramePool& pool, const mixer::VideoFrame& whole) {
    const auto [width, height] = whole.size();
    mixer::FrameWriter half = pool.acquire({width / 2, height / 2});
    mixer::Scaler().scale(whole, {0, 0, width, height}, *half, {0, 0, width / 2, height / 2});
    return half;
}

}  // namespace

TEST_CASE("Each access unit gives its picture at once, in every profile and size") {
    ClipSettings settings;
    settings.profile = GENERATE("baseline", "main", "high");
    settings.size =
        GENERATE(PictureSize{320, 180}, PictureSize{1920, 1080}, PictureSize{1080, 1920});
    FramePool pool(kPlenty);
    const auto decoder = make(pool);

    unsigned counter = 0;
    for (const EncodedFrame& frame : tests::make_h264_clip(settings)) {
        const auto picture = decoder->decode(frame);

        REQUIRE(picture);
        REQUIRE(*picture);
        CHECK((*picture)->size() == settings.size);
        CHECK((*picture)->media_time() == frame.due);
        CHECK((*picture)->stride_y() % 64 == 0);
        CHECK(mark_of(*picture) == ColorMark{1, counter++});
        CHECK_FALSE(decoder->concealed());
    }
    CHECK(counter == 10);
}

TEST_CASE("Colours come out as they went in, from limited and from full range") {
    ClipSettings settings;
    settings.full_range = GENERATE(false, true);
    settings.pictures = 1;
    FramePool pool(kPlenty);

    const auto picture = make(pool)->decode(tests::make_h264_clip(settings).at(0));

    // The camera paints limited-range codes; told they are full range, luma 50 becomes 16 + 50 *
    // 219 / 255.
    FramePool reference_pool(kPlenty);
    const FrameRef painted = ColorSource(reference_pool, 1, settings.size).next({});
    REQUIRE(picture);
    const double scale = settings.full_range ? 219.0 / 255 : 1;
    const double expected = (settings.full_range ? 16 : 0) + painted->y()[0] * scale;
    CHECK((*picture)->y()[0] == Approx(expected).margin(3));
    const double chroma_scale = settings.full_range ? 224.0 / 255 : 1;
    CHECK((*picture)->u()[0] == Approx(128 + (painted->u()[0] - 128) * chroma_scale).margin(3));
}

TEST_CASE("Pictures coded out of order are shown in order, each with its own time") {
    ClipSettings settings;
    settings.profile = "main";
    settings.b_pictures = 2;
    settings.pictures = 20;
    FramePool pool(kPlenty);
    const auto decoder = make(pool);

    common::Timestamp last;
    unsigned shown = 0;
    for (const EncodedFrame& frame : tests::make_h264_clip(settings)) {
        const auto picture = decoder->decode(frame);
        REQUIRE(picture);
        if (!*picture) continue;
        ++shown;
        CHECK((*picture)->media_time() > last);
        last = (*picture)->media_time();
        const auto mark = mark_of(*picture);
        REQUIRE(mark);
        CHECK(last ==
              settings.start + std::chrono::nanoseconds(mark->counter * 1'000'000'000ULL / 30));
    }
    CHECK(shown >= 16);
}

TEST_CASE("The size may change at a key frame, and pictures held from before stay whole") {
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    ClipSettings small;
    ClipSettings large;
    large.size = {1280, 720};
    large.identity = 2;
    FrameRef before;

    for (const auto& frame : tests::make_h264_clip(small)) before = *decoder->decode(frame);
    FrameRef after;
    for (const auto& frame : tests::make_h264_clip(large)) after = *decoder->decode(frame);

    CHECK(mark_of(before) == ColorMark{1, 9});
    CHECK(after->size() == large.size);
    CHECK(mark_of(after) == ColorMark{2, 9});
}

TEST_CASE("Pictures are decoded in place, not copied") {
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    for (const auto& frame : tests::make_h264_clip({})) CHECK(decoder->decode(frame));
    const std::size_t bytes_decoding = pool.bytes_allocated();

    const auto first_of_the_visible_size = pool.acquire({640, 360});

    CHECK(pool.bytes_allocated() > bytes_decoding);
}

TEST_CASE("A decoder and its pictures may die in either order, and all memory comes back") {
    FramePool pool(kPlenty);
    FrameRef last;
    {
        const auto decoder = make(pool);
        for (const auto& frame : tests::make_h264_clip({})) last = *decoder->decode(frame);
    }
    CHECK(mark_of(last) == ColorMark{1, 9});
    CHECK(pool.bytes_in_use() > 0);
    last = {};
    CHECK(pool.bytes_in_use() == 0);
}

TEST_CASE("A size that is not whole macroblocks comes out as it was, not as it was coded") {
    ClipSettings settings;
    settings.size = {322, 182};
    settings.pictures = 1;
    FramePool pool(kPlenty);

    const auto picture = make(pool)->decode(tests::make_h264_clip(settings).at(0));

    REQUIRE(picture);
    CHECK((*picture)->size() == settings.size);
}

TEST_CASE("A parameter set of 16384x16384 is refused before memory is taken for it") {
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    EncodedFrame bomb;
    bomb.key_frame = true;
    bomb.bytes = {0, 0, 0, 1, 0x67, 66, 0xc0, 40, 0xda, 0x00, 0x10, 0x00, 0x01, 0x00, 0x30};

    CHECK(decoder->decode(bomb).error() == VideoDecodeError::TooLarge);
    CHECK(pool.bytes_allocated() == 0);

    const auto clip = tests::make_h264_clip({});
    CHECK(mark_of(*decoder->decode(clip.at(0))) == ColorMark{1, 0});
}

TEST_CASE("A picture just beyond the limit is refused") {
    ClipSettings settings;
    settings.size = {1936, 1080};
    settings.pictures = 1;
    FramePool pool(kPlenty);
    CHECK(make(pool)->decode(tests::make_h264_clip(settings).at(0)).error() ==
          VideoDecodeError::TooLarge);
}

TEST_CASE("A stream joined in its middle asks for a key frame") {
    FramePool pool(kPlenty);
    const auto clip = tests::make_h264_clip({});
    CHECK(make(pool)->decode(clip.at(3)).error() == VideoDecodeError::NeedsKeyFrame);
}

TEST_CASE("Damaged data is concealed and said to be, and a key frame heals it") {
    ClipSettings settings;
    settings.x264_params = "slice-max-size=300";
    settings.key_interval = 10;
    settings.pictures = 20;
    auto clip = tests::make_h264_clip(settings);
    // The last third of the first picture's slices never came.
    clip[0].bytes.resize(clip[0].bytes.size() * 2 / 3);
    FramePool pool(kPlenty);
    const auto decoder = make(pool);

    const auto damaged = decoder->decode(clip[0]);

    REQUIRE(damaged);
    REQUIRE(*damaged);
    CHECK(decoder->concealed());
    FrameRef last;
    for (std::size_t i = 1; i < clip.size(); ++i) last = decoder->decode(clip[i]).value();
    CHECK_FALSE(decoder->concealed());
    CHECK(mark_of(last) == ColorMark{1, 19});
}

TEST_CASE("An empty pool is no memory, not a crash, and decoding goes on when there is room") {
    FramePool pool(1'000'000);  // one picture of 640x360, not two and a copy
    FrameRef hog = pool.acquire({1024, 512}).publish();
    const auto decoder = make(pool);
    const auto clip = tests::make_h264_clip({});

    CHECK(decoder->decode(clip[0]).error() == VideoDecodeError::NoMemory);
    hog = {};
    CHECK(decoder->decode(clip[0]).has_value());
}

TEST_CASE("Random damage never ends the decoder") {
    ClipSettings settings;
    settings.profile = GENERATE("baseline", "high");
    settings.size = {320, 180};
    const auto clip = tests::make_h264_clip(settings);
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    std::mt19937 random(3);

    int pictures = 0;
    for (int round = 0; round < 100; ++round) {
        for (EncodedFrame frame : clip) {
            for (int i = 0; i < 6; ++i) {
                frame.bytes[random() % frame.bytes.size()] = static_cast<std::uint8_t>(random());
            }
            const auto picture = decoder->decode(frame);
            if (picture && *picture) ++pictures;
        }
    }
    CHECK(pictures > 0);
}

TEST_CASE("A half made row by row is the half of the picture, however it is cut into slices") {
    ClipSettings settings;
    settings.profile = GENERATE("baseline", "high");
    settings.size =
        GENERATE(PictureSize{640, 360}, PictureSize{1920, 1080}, PictureSize{720, 1280});
    settings.x264_params = GENERATE("", "slices=3", "slice-max-size=1100", "no-deblock=1");
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    decoder->make_halves(true);

    for (const EncodedFrame& frame : tests::make_h264_clip(settings)) {
        const auto picture = decoder->decode(frame);
        REQUIRE(picture);
        const FrameRef half = decoder->take_half();
        REQUIRE(half);
        CHECK(same_luma(*half, *halved(pool, **picture)));
    }
}

TEST_CASE("No half is made unasked, nor of a size that cannot be halved") {
    ClipSettings settings;
    const bool wanted = GENERATE(false, true);
    if (wanted) settings.size = {322, 182};
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    decoder->make_halves(wanted);

    for (const EncodedFrame& frame : tests::make_h264_clip(settings)) {
        CHECK(decoder->decode(frame).value());
        CHECK_FALSE(decoder->take_half());
    }
}

TEST_CASE("Halves begin and end at once, and an old one does not outlive its picture") {
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    const auto clip = tests::make_h264_clip({});
    (void)decoder->decode(clip[0]);
    decoder->make_halves(true);
    (void)decoder->decode(clip[1]);
    CHECK(decoder->take_half());

    decoder->make_halves(false);
    (void)decoder->decode(clip[2]);

    CHECK_FALSE(decoder->take_half());
}

TEST_CASE("Pictures coded out of order come with their own half or with none") {
    ClipSettings settings;
    settings.profile = "main";
    settings.b_pictures = 2;
    settings.pictures = 20;
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    decoder->make_halves(true);

    for (const EncodedFrame& frame : tests::make_h264_clip(settings)) {
        const auto picture = decoder->decode(frame);
        REQUIRE(picture);
        const FrameRef half = decoder->take_half();
        if (!*picture || !half) continue;
        CHECK(same_luma(*half, *halved(pool, **picture)));
    }
}

TEST_CASE("A picture with guessed parts comes without a half") {
    ClipSettings settings;
    settings.x264_params = "slice-max-size=300";
    auto clip = tests::make_h264_clip(settings);
    clip[1].bytes.resize(clip[1].bytes.size() / 2);
    FramePool pool(kPlenty);
    const auto decoder = make(pool);
    decoder->make_halves(true);
    CHECK(decoder->decode(clip[0]).value());

    (void)decoder->decode(clip[1]);

    CHECK(decoder->concealed());
    CHECK_FALSE(decoder->take_half());
}
