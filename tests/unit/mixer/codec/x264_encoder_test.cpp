#include <catch2/catch.hpp>
#include <vector>

#include "mixer/codec/video_encoder.h"
#include "tests/support/h264_viewer.h"
#include "tests/support/moving_people.h"

using common::Bitrate;
using common::H264Profile;
using common::PictureSize;
using mixer::PictureType;
using mixer::StreamFormat;

namespace {

enum NalType { kSlice = 1, kIdrSlice = 5, kSps = 7, kPps = 8 };

constexpr PictureSize kSize{640, 360};

StreamFormat format_of(H264Profile profile) {
    return {.size = kSize, .frames_per_second = 30, .profile = profile, .level_idc = 30};
}

int type_of(std::span<const std::uint8_t> nal) {
    return nal[0] & 0x1f;
}

std::vector<std::vector<std::uint8_t>> copy_of(const mixer::CodedPicture& picture) {
    std::vector<std::vector<std::uint8_t>> nals;
    for (const auto nal : picture.nals) nals.emplace_back(nal.begin(), nal.end());
    return nals;
}

/// frame_num of a slice by H.264 7.3.3: first_mb and slice_type and pps id are ue(v), then u(4) as
/// MaxFrameNum is 16.
int frame_num_of(std::span<const std::uint8_t> slice) {
    std::size_t bit = 8;
    const auto next = [&] {
        const int value = (slice[bit / 8] >> (7 - bit % 8)) & 1;
        ++bit;
        return value;
    };
    const auto skip_ue = [&] {
        int zeros = 0;
        while (next() == 0) ++zeros;
        for (; zeros > 0; --zeros) (void)next();
    };
    skip_ue();
    skip_ue();
    skip_ue();
    int value = 0;
    for (int i = 0; i < 4; ++i) value = value * 2 + next();
    return value;
}

struct Studio {
    mixer::FramePool pool{64u << 20};
    tests::MovingPeople people{kSize, 4};
    [[nodiscard]] mixer::FrameRef picture(int index) { return people.paint(pool, index, {}); }
};

}  // namespace

TEST_CASE("A stream starts with its parameter sets and one IDR, and no SEI follows them") {
    Studio studio;
    auto encoder = mixer::make_x264_encoder(format_of(H264Profile::ConstrainedBaseline),
                                            Bitrate::from_kbps(350));
    REQUIRE(encoder);

    const auto first = (*encoder)->encode(*studio.picture(0), PictureType::Predicted);
    REQUIRE(first);

    CHECK(first->key);
    REQUIRE(first->nals.size() == 3);
    CHECK(type_of(first->nals[0]) == kSps);
    CHECK(type_of(first->nals[1]) == kPps);
    CHECK(type_of(first->nals[2]) == kIdrSlice);
    // profile_idc 66, constraint_set0 and 1 (Constrained Baseline), level 3.
    CHECK(std::vector<int>{first->nals[0][1], first->nals[0][2], first->nals[0][3]} ==
          std::vector<int>{0x42, 0xc0, 30});
}

TEST_CASE("No key picture comes unasked, whatever the pictures show") {
    Studio studio;
    const tests::MovingPeople elsewhere{kSize, 9, 5};
    auto encoder = mixer::make_x264_encoder(format_of(H264Profile::ConstrainedBaseline),
                                            Bitrate::from_kbps(350));
    REQUIRE(encoder);

    for (int i = 0; i < 100; ++i) {
        const mixer::FrameRef cut =
            i / 10 % 2 == 0 ? studio.picture(i) : elsewhere.paint(studio.pool, i, {});
        const auto coded = (*encoder)->encode(*cut, PictureType::Predicted);
        REQUIRE(coded);
        REQUIRE(coded->key == (i == 0));
    }
}

TEST_CASE("The encoder foretells frame_num, also after a key picture that was asked for") {
    Studio studio;
    auto encoder = mixer::make_x264_encoder(format_of(H264Profile::Main), Bitrate::from_kbps(350));
    REQUIRE(encoder);

    for (int i = 0; i < 60; ++i) {
        const int foretold = (*encoder)->next_frame_num();
        const bool asked = i == 21;
        const auto coded = (*encoder)->encode(*studio.picture(i),
                                              asked ? PictureType::Key : PictureType::Predicted);
        REQUIRE(coded);
        REQUIRE(coded->key == (asked || i == 0));
        REQUIRE(frame_num_of(coded->nals.back()) == (asked ? 0 : foretold));
    }
}

TEST_CASE("A splice IDR has the stream's own parameter sets in every profile") {
    for (const H264Profile profile :
         {H264Profile::ConstrainedBaseline, H264Profile::Main, H264Profile::High}) {
        Studio studio;
        auto encoder = mixer::make_x264_encoder(format_of(profile), Bitrate::from_kbps(350));
        auto splicer = mixer::make_x264_splice_encoder(format_of(profile));
        REQUIRE((encoder && splicer));
        const auto first = (*encoder)->encode(*studio.picture(0), PictureType::Predicted);
        REQUIRE(first);
        const auto stream = copy_of(*first);

        const auto splice = (*splicer)->encode((*encoder)->reconstruction(), 0);

        REQUIRE(splice);
        CHECK(splice->key);
        const auto start = copy_of(*splice);
        REQUIRE(start.size() == 3);
        CHECK(start[0] == stream[0]);
        CHECK(start[1] == stream[1]);
    }
}

TEST_CASE("Spliced again and again into a running stream, a viewer never has cause to complain") {
    const H264Profile profile =
        GENERATE(H264Profile::ConstrainedBaseline, H264Profile::Main, H264Profile::High);
    Studio studio;
    auto encoder = mixer::make_x264_encoder(format_of(profile), Bitrate::from_kbps(350));
    auto splicer = mixer::make_x264_splice_encoder(format_of(profile));
    REQUIRE((encoder && splicer));
    tests::H264Viewer viewer;
    int pictures = 0;

    for (int i = 0; i < 100; ++i) {
        const bool splice_point = (*encoder)->next_frame_num() == 0;
        auto coded = (*encoder)->encode(*studio.picture(i), PictureType::Predicted);
        REQUIRE(coded);
        if (i < 16) continue;
        if (splice_point) coded = (*splicer)->encode((*encoder)->reconstruction(), 0);
        REQUIRE(coded);
        if (viewer.decode(coded->nals)) ++pictures;
    }

    CHECK(pictures == 84);
    CHECK(viewer.complaints() == 0);
}

TEST_CASE("After a refresh a spliced viewer sees to the last sample what the others see") {
    const H264Profile profile =
        GENERATE(H264Profile::ConstrainedBaseline, H264Profile::Main, H264Profile::High);
    Studio studio;
    auto encoder = mixer::make_x264_encoder(format_of(profile), Bitrate::from_kbps(350));
    auto splicer = mixer::make_x264_splice_encoder(format_of(profile));
    REQUIRE((encoder && splicer));
    tests::H264Viewer first, joiner;
    constexpr int kJoined = 16, kRefreshed = 30, kColumns = 640 / 16;
    bool equal_before = true;

    for (int i = 0; i < 100; ++i) {
        if (i == kRefreshed) (*encoder)->refresh();
        auto coded = (*encoder)->encode(*studio.picture(i), PictureType::Predicted);
        REQUIRE(coded);
        REQUIRE(coded->key == (i == 0));
        REQUIRE(coded->nals.size() == (i == 0 ? 3 : 1));
        const auto seen = first.decode(coded->nals);
        if (i == kJoined) coded = (*splicer)->encode((*encoder)->reconstruction(), 0);
        REQUIRE((coded && seen));
        if (i < kJoined) continue;
        const auto joiner_seen = joiner.decode(coded->nals);
        REQUIRE(joiner_seen);
        if (i == kRefreshed - 1) equal_before = seen->samples == joiner_seen->samples;
        if (i >= kRefreshed + kColumns) REQUIRE(seen->samples == joiner_seen->samples);
    }

    CHECK_FALSE(equal_before);
    CHECK(first.complaints() == 0);
    CHECK(joiner.complaints() == 0);
}

TEST_CASE(
    "A limit on NAL units holds from the next picture on, without a key picture, and can be "
    "lifted") {
    Studio studio;
    auto encoder = mixer::make_x264_encoder(format_of(H264Profile::ConstrainedBaseline),
                                            Bitrate::from_kbps(2000));
    REQUIRE(encoder);
    tests::H264Viewer viewer;
    std::size_t longest[3] = {0, 0, 0};

    for (int i = 0; i < 90; ++i) {
        if (i == 30) (*encoder)->limit_nal_bytes(1180);
        if (i == 60) (*encoder)->limit_nal_bytes(0);
        const auto coded = (*encoder)->encode(*studio.picture(i), PictureType::Predicted);
        REQUIRE(coded);
        REQUIRE(coded->key == (i == 0));
        for (const auto nal : coded->nals) longest[i / 30] = std::max(longest[i / 30], nal.size());
        REQUIRE(viewer.decode(coded->nals));
    }

    CHECK(longest[0] > 1180);
    CHECK(longest[1] <= 1180);
    CHECK(longest[2] > 1180);
    CHECK(viewer.complaints() == 0);
}

TEST_CASE("A splice IDR keeps to the limit on NAL units") {
    Studio studio;
    auto encoder = mixer::make_x264_encoder(format_of(H264Profile::ConstrainedBaseline),
                                            Bitrate::from_kbps(350));
    auto splicer = mixer::make_x264_splice_encoder(format_of(H264Profile::ConstrainedBaseline));
    REQUIRE((encoder && splicer));
    REQUIRE((*encoder)->encode(*studio.picture(0), PictureType::Predicted));

    const auto splice = (*splicer)->encode((*encoder)->reconstruction(), 1180);

    REQUIRE(splice);
    CHECK(splice->nals.size() > 3);
    for (const auto nal : splice->nals) CHECK(nal.size() <= 1180);
}

TEST_CASE("A coarse splice IDR has at most half of the bytes of a fine one") {
    Studio studio;
    const StreamFormat format = format_of(H264Profile::ConstrainedBaseline);
    auto encoder = mixer::make_x264_encoder(format, Bitrate::from_kbps(350));
    auto splicer = mixer::make_x264_splice_encoder(format);
    REQUIRE((encoder && splicer));
    const auto bytes_of = [](const mixer::CodedPicture& picture) {
        std::size_t bytes = 0;
        for (const auto nal : picture.nals) bytes += nal.size();
        return bytes;
    };
    for (int i = 0; i < 16; ++i)
        REQUIRE((*encoder)->encode(*studio.picture(i), PictureType::Predicted));

    const auto fine = (*splicer)->encode((*encoder)->reconstruction(), 0);
    REQUIRE(fine);
    const std::size_t fine_bytes = bytes_of(*fine);
    const auto coarse =
        (*splicer)->encode((*encoder)->reconstruction(), 0, mixer::StartQuality::Coarse);
    REQUIRE(coarse);

    CHECK(coarse->key);
    INFO("fine " << fine_bytes << ", coarse " << bytes_of(*coarse));
    CHECK(2 * bytes_of(*coarse) <= fine_bytes);
    CHECK(bytes_of(*coarse) > 0);
}

TEST_CASE("An impossible size is refused with words") {
    StreamFormat format = format_of(H264Profile::Main);
    format.size = {0, 360};

    const auto encoder = mixer::make_x264_encoder(format, Bitrate::from_kbps(350));

    REQUIRE_FALSE(encoder);
    CHECK(encoder.error().message.find("0x360") != std::string::npos);
}
