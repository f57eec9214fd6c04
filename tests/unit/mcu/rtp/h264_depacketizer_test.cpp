#include "mcu/rtp/h264_depacketizer.h"

#include <catch2/catch.hpp>

#include "mcu/rtp/h264_packetizer.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/h264_test_sets.h"

using common::EncodedFrame;
using mcu::H264Depacketizer;
using mcu::H264PayloadError;
using tests::Bytes;
using Completion = H264Depacketizer::Completion;

namespace {

struct Assembled {
    EncodedFrame frame;
    std::optional<H264PayloadError> error;
    Completion completion = Completion::Broken;
};

Assembled assemble(H264Depacketizer& depacketizer, const std::vector<Bytes>& payloads) {
    Assembled assembled;
    depacketizer.begin(assembled.frame);
    for (const Bytes& payload : payloads) {
        if (const auto added = depacketizer.add(payload); !added) assembled.error = added.error();
    }
    assembled.completion = depacketizer.finish();
    return assembled;
}

Assembled assemble(const std::vector<Bytes>& payloads) {
    H264Depacketizer depacketizer;
    return assemble(depacketizer, payloads);
}

Bytes annex_b(const std::vector<Bytes>& nals) {
    Bytes bytes;
    for (const Bytes& nal : nals) {
        bytes.insert(bytes.end(), {0, 0, 0, 1});
        bytes.insert(bytes.end(), nal.begin(), nal.end());
    }
    return bytes;
}

const Bytes kSlice{0x41, 0x9a, 0x01};
const Bytes kIdr{0x65, 0x88, 0x84};

}  // namespace

TEST_CASE("Single NAL units come out with start codes") {
    const Assembled assembled = assemble({kSlice, {0x41, 0x10}});

    CHECK(assembled.completion == Completion::Picture);
    CHECK(assembled.frame.bytes == annex_b({kSlice, {0x41, 0x10}}));
    CHECK_FALSE(assembled.frame.key_frame);
}

TEST_CASE("A STAP-A is taken apart") {
    const Assembled assembled = assemble({{
        0x78,
        0x00,
        0x03,
        0x41,
        0x9a,
        0x01,
        0x00,
        0x02,
        0x41,
        0x10,
    }});

    CHECK(assembled.frame.bytes == annex_b({kSlice, {0x41, 0x10}}));
}

TEST_CASE("FU-A fragments are put together under their NAL header") {
    const Assembled assembled = assemble({
        {0x5c, 0x81, 0x9a},  // NRI 2, start of a slice
        {0x5c, 0x01},        // an empty fragment is allowed
        {0x5c, 0x41, 0x01},  // end
    });

    CHECK(assembled.completion == Completion::Picture);
    CHECK(assembled.frame.bytes == annex_b({kSlice}));
}

TEST_CASE("An IDR picture with its parameter sets is a key frame") {
    const Assembled assembled = assemble({tests::kSps720p, tests::kPps720p, kIdr});

    CHECK(assembled.frame.key_frame);
    CHECK(assembled.frame.bytes == annex_b({tests::kSps720p, tests::kPps720p, kIdr}));
}

TEST_CASE("An IDR picture without any parameter sets is no key frame") {
    CHECK_FALSE(assemble({kIdr}).frame.key_frame);
}

TEST_CASE("Parameter sets told by signalling go before an IDR picture that has none") {
    mcu::H264ParameterSets sets;
    sets.add(tests::kSps720p);
    sets.add(tests::kPps720p);
    H264Depacketizer depacketizer(sets);

    const Assembled assembled = assemble(depacketizer, {kIdr});

    CHECK(assembled.frame.key_frame);
    CHECK(assembled.frame.bytes == annex_b({tests::kSps720p, tests::kPps720p, kIdr}));
}

TEST_CASE("Parameter sets that came by themselves are kept for the IDR picture behind") {
    H264Depacketizer depacketizer;

    CHECK(assemble(depacketizer, {tests::kSps720p, tests::kPps720p}).completion ==
          Completion::NothingToDecode);
    CHECK(assemble(depacketizer, {kIdr}).frame.bytes ==
          annex_b({tests::kSps720p, tests::kPps720p, kIdr}));
}

TEST_CASE("A NAL unit whose forbidden bit is set is refused, inside an aggregate too") {
    CHECK(assemble({{0xc1, 0x9a}}).error == H264PayloadError::ForbiddenBit);
    CHECK(assemble({{0x78, 0x00, 0x02, 0xc1, 0x9a}}).error == H264PayloadError::ForbiddenBit);
}

TEST_CASE("Interleaved and undefined types are refused and counted") {
    H264Depacketizer depacketizer;

    for (const std::uint8_t type : Bytes{0, 25, 26, 27, 29, 30, 31}) {
        CHECK(assemble(depacketizer, {{type, 0, 0, 0, 2, 0x41, 0x9a}}).error ==
              H264PayloadError::UnsupportedType);
    }
    CHECK(assemble(depacketizer, {{0x78, 0x00, 0x02, 0x78, 0x00}}).error ==
          H264PayloadError::UnsupportedType);
    CHECK(assemble(depacketizer, {{0x5c, 0x9c, 0x00}}).error == H264PayloadError::UnsupportedType);
    CHECK(depacketizer.counters().unsupported == 9);
}

TEST_CASE("Aggregates whose sizes do not add up are refused") {
    CHECK(assemble({{0x78}}).error == H264PayloadError::BadAggregate);
    CHECK(assemble({{0x78, 0x00}}).error == H264PayloadError::BadAggregate);
    CHECK(assemble({{0x78, 0x00, 0x00}}).error == H264PayloadError::BadAggregate);
    CHECK(assemble({{0x78, 0x00, 0x03, 0x41, 0x9a}}).error == H264PayloadError::BadAggregate);
    CHECK(assemble({{}}).error == H264PayloadError::Empty);
}

TEST_CASE("Fragments that do not belong together are refused") {
    const Bytes start{0x5c, 0x81, 0x9a};
    CHECK(assemble({{0x5c}}).error == H264PayloadError::BadFragment);
    CHECK(assemble({{0x5c, 0x01, 0x9a}}).error == H264PayloadError::BadFragment);  // no start
    CHECK(assemble({start, start}).error == H264PayloadError::BadFragment);        // two starts
    CHECK(assemble({start, {0x5c, 0x45, 0x01}}).error ==
          H264PayloadError::BadFragment);                                     // another type
    CHECK(assemble({start, kSlice}).error == H264PayloadError::BadFragment);  // no end
    CHECK(assemble({start}).completion == Completion::Broken);
}

TEST_CASE("A nonsense SPS is refused, and the picture with it") {
    H264Depacketizer depacketizer;

    const Assembled assembled =
        assemble(depacketizer, {tests::MadeSps{.width_mbs = 1024, .height_mbs = 1024}.nal(), kIdr});

    CHECK(assembled.error == H264PayloadError::RefusedParameterSet);
    CHECK(depacketizer.parameter_sets().refusal() == common::SpsError::PictureTooLarge);
}

TEST_CASE("A picture beyond four megabytes is refused") {
    H264Depacketizer depacketizer;
    EncodedFrame frame;
    const Bytes big(60'000, 0x41);
    depacketizer.begin(frame);

    std::optional<H264PayloadError> error;
    for (int i = 0; i < 80 && !error; ++i) {
        if (const auto added = depacketizer.add(big); !added) error = added.error();
    }

    CHECK(error == H264PayloadError::TooLarge);
    CHECK(frame.bytes.size() <= H264Depacketizer::kMaxPictureBytes);
}

TEST_CASE("What was packetized is put together again, byte for byte, in both modes") {
    std::vector<Bytes> nals{tests::kSps720p, tests::kPps720p, Bytes(1000, 0x65), Bytes(1188, 0x65),
                            Bytes(1100, 0x65)};
    for (const auto mode :
         {mcu::H264Packetizer::Mode::SingleNal, mcu::H264Packetizer::Mode::NonInterleaved}) {
        if (mode == mcu::H264Packetizer::Mode::NonInterleaved) nals.emplace_back(20'000, 0x65);
        mcu::H264Packetizer packetizer(mode);
        const std::vector<std::span<const std::uint8_t>> spans(nals.begin(), nals.end());
        std::vector<Bytes> payloads;
        Bytes out(packetizer.largest_payload_bytes());
        packetizer.start(spans);
        while (const auto payload = packetizer.next(out)) {
            payloads.emplace_back(out.begin(),
                                  out.begin() + static_cast<std::ptrdiff_t>(payload->bytes));
        }

        CHECK(assemble(payloads).frame.bytes == annex_b(nals));
    }
}

TEST_CASE("After the first picture of its size a stream is put together without allocating") {
    H264Depacketizer depacketizer;
    EncodedFrame frame;
    const Bytes fragment(1000, 0x5c);
    const auto one_picture = [&] {
        depacketizer.begin(frame);
        for (const Bytes* nal : {&tests::kSps720p, &tests::kPps720p, &kIdr}) {
            if (!depacketizer.add(*nal)) FAIL("refused");
        }
        if (depacketizer.finish() != Completion::Picture) FAIL("no picture");
    };
    one_picture();

    tests::AllocationCounter allocations;
    one_picture();

    CHECK(allocations.count() == 0);
}

TEST_CASE("What begins a picture is told from what does not") {
    using mcu::h264_starts_picture;

    CHECK(h264_starts_picture(tests::kSps720p));
    CHECK(h264_starts_picture(Bytes{0x09, 0x10}));
    CHECK(h264_starts_picture(kSlice));
    CHECK(h264_starts_picture(Bytes{0x5c, 0x85, 0x88}));
    CHECK(h264_starts_picture(Bytes{0x78, 0x00, 0x02, 0x67, 0x42}));
    CHECK_FALSE(h264_starts_picture(Bytes{0x41, 0x40}));        // first_mb_in_slice is 1
    CHECK_FALSE(h264_starts_picture(Bytes{0x5c, 0x05, 0x88}));  // a later fragment
    CHECK_FALSE(h264_starts_picture(Bytes{0x5c}));
    CHECK_FALSE(h264_starts_picture(Bytes{0x78, 0x00}));
    CHECK_FALSE(h264_starts_picture(Bytes{0x41}));
    CHECK_FALSE(h264_starts_picture(Bytes{}));
}
