#include "mcu/rtp/vp8_depacketizer.h"

#include <catch2/catch.hpp>
#include <optional>
#include <vector>

#include "tests/support/allocation_counter.h"

using mcu::Vp8Depacketizer;
using mcu::Vp8PayloadError;
using Bytes = std::vector<std::uint8_t>;
using Completion = Vp8Depacketizer::Completion;

namespace {

// RFC 6386 9.1: the tag of a key frame, its start code, 320x180.
const Bytes kKeyFrame{0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 0x77};
const Bytes kPredicted{0x51, 0x01, 0x00, 0x88};

Bytes with(Bytes descriptor, const Bytes& frame) {
    descriptor.insert(descriptor.end(), frame.begin(), frame.end());
    return descriptor;
}

/// What the payloads come to, and the frame.
struct Assembled {
    explicit Assembled(const std::vector<Bytes>& payloads) {
        depacketizer.begin(frame);
        for (const Bytes& payload : payloads) {
            const auto added = depacketizer.add(payload);
            if (!added) error = added.error();
        }
        completion = depacketizer.finish();
    }
    Vp8Depacketizer depacketizer;
    common::EncodedFrame frame;
    std::optional<Vp8PayloadError> error;
    Completion completion = Completion::Broken;
};

}  // namespace

TEST_CASE("A VP8 key frame in one payload is known by its tag") {
    const Assembled assembled({with({0x10}, kKeyFrame)});

    CHECK(assembled.completion == Completion::Picture);
    CHECK(assembled.frame.codec == common::VideoCodec::Vp8);
    CHECK(assembled.frame.key_frame);
    CHECK(assembled.frame.bytes == kKeyFrame);
    CHECK(assembled.depacketizer.has_references());
}

TEST_CASE("A VP8 frame that refers to others is no key frame") {
    const Assembled assembled({with({0x10}, kPredicted)});

    CHECK(assembled.completion == Completion::Picture);
    CHECK_FALSE(assembled.frame.key_frame);
    CHECK_FALSE(assembled.depacketizer.has_references());
}

TEST_CASE("VP8 payloads of a picture are joined, whatever partition they begin") {
    const Bytes head(kKeyFrame.begin(), kKeyFrame.begin() + 4);
    const Bytes middle(kKeyFrame.begin() + 4, kKeyFrame.begin() + 7);
    const Bytes tail(kKeyFrame.begin() + 7, kKeyFrame.end());

    // The second goes on with partition 0, the third begins partition 1.
    const Assembled assembled({with({0x10}, head), with({0x00}, middle), with({0x11}, tail)});

    CHECK_FALSE(assembled.error);
    CHECK(assembled.frame.bytes == kKeyFrame);
}

TEST_CASE("Every form of the VP8 descriptor is read past") {
    const std::vector<Bytes> descriptors{
        {0x10},                                // nothing more
        {0x30},                                // nobody refers to it
        {0x90, 0x00},                          // X, and nothing in it
        {0x90, 0x80, 0x7f},                    // a picture id of 7 bits
        {0x90, 0x80, 0x81, 0x02},              // of 15 bits
        {0x90, 0x40, 0x05},                    // TL0PICIDX
        {0x90, 0x20, 0x60},                    // TID and Y
        {0x90, 0x10, 0x03},                    // KEYIDX
        {0x90, 0xf0, 0x81, 0x02, 0x05, 0x63},  // all of them
    };
    for (const Bytes& descriptor : descriptors) {
        const Assembled assembled({with(descriptor, kKeyFrame)});

        CHECK_FALSE(assembled.error);
        CHECK(assembled.frame.bytes == kKeyFrame);
    }
}

TEST_CASE("A VP8 descriptor that does not end is refused, and so is one that nothing follows") {
    for (const Bytes& payload : std::vector<Bytes>{{},
                                                   {0x10},
                                                   {0x90},
                                                   {0x90, 0x80},
                                                   {0x90, 0x80, 0x81},
                                                   {0x90, 0x40},
                                                   {0x90, 0x10},
                                                   {0x90, 0xf0, 0x81, 0x02, 0x05, 0x63}}) {
        const Assembled assembled({payload});

        CHECK(assembled.error == Vp8PayloadError::Truncated);
        CHECK(assembled.completion == Completion::NothingToDecode);
        CHECK(assembled.depacketizer.counters().bad_payloads == 1);
    }
}

TEST_CASE("A VP8 picture without its beginning is refused") {
    const Assembled assembled({with({0x00}, kKeyFrame)});

    CHECK(assembled.error == Vp8PayloadError::NoStart);
}

TEST_CASE("Two VP8 pictures of one timestamp are refused") {
    const Assembled assembled({with({0x10}, kKeyFrame), with({0x10}, kPredicted)});

    CHECK(assembled.error == Vp8PayloadError::AnotherStart);
}

TEST_CASE("A VP8 key frame without its start code is broken, and so is a crumb") {
    Bytes without = kKeyFrame;
    without[4] = 0x02;

    CHECK(Assembled({with({0x10}, without)}).completion == Completion::Broken);
    CHECK(Assembled({with({0x10}, {0x50, 0x01, 0x00, 0x9d})}).completion == Completion::Broken);
    CHECK(Assembled({with({0x10}, {0x51, 0x01})}).completion == Completion::Broken);
}

TEST_CASE("A VP8 picture beyond all bounds is refused") {
    Vp8Depacketizer depacketizer;
    common::EncodedFrame frame;
    depacketizer.begin(frame);
    REQUIRE(depacketizer.add(with({0x10}, kKeyFrame)));
    const Bytes part(60'001, 0);

    std::size_t added = 1;
    while (depacketizer.add(part)) ++added;

    CHECK(added == 1 + (Vp8Depacketizer::kMaxPictureBytes - kKeyFrame.size()) / 60'000);
}

TEST_CASE("Putting VP8 pictures together allocates only while they grow") {
    Vp8Depacketizer depacketizer;
    common::EncodedFrame frame;
    const Bytes payload = with({0x10}, kKeyFrame);
    const auto once = [&] {
        depacketizer.begin(frame);
        REQUIRE(depacketizer.add(payload));
        REQUIRE(depacketizer.finish() == Completion::Picture);
    };
    once();

    const tests::AllocationCounter counter;
    depacketizer.begin(frame);
    const bool added = depacketizer.add(payload).has_value();
    const Completion completion = depacketizer.finish();

    CHECK(counter.count() == 0);
    CHECK(added);
    CHECK(completion == Completion::Picture);
}

TEST_CASE("Only what begins partition 0 begins a VP8 picture") {
    CHECK(mcu::vp8_starts_picture(Bytes{0x10, 0x00}));
    CHECK(mcu::vp8_starts_picture(Bytes{0xb0, 0x80}));
    CHECK_FALSE(mcu::vp8_starts_picture(Bytes{0x00}));
    CHECK_FALSE(mcu::vp8_starts_picture(Bytes{0x11}));
    CHECK_FALSE(mcu::vp8_starts_picture(Bytes{}));
}
