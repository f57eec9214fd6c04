#include "mcu/rtp/video_receiver.h"

#include <catch2/catch.hpp>

#include "mcu/rtp/h264_packetizer.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/h264_test_sets.h"
#include "tests/support/lossy_link.h"
#include "tests/unit/mcu/rtp/test_packets.h"

using namespace std::chrono_literals;
using common::EncodedFrame;
using mcu::VideoReceiver;
using tests::Bytes;

namespace {

const Bytes kSlice{0x41, 0x9a, 0x01};
const Bytes kIdr{0x65, 0x88, 0x84};

struct Harness {
    explicit Harness(std::string_view sprop = {}) : receiver(sprop) {
        receiver.on_stream_started(now);
    }

    /// A picture of one packet, 40 ms after the one before.
    void picture(const Bytes& nal) {
        now += 40ms;
        receiver.insert(
            tests::packet_of(pool, {.sequence = static_cast<std::uint16_t>(sequence),
                                    .rtp_time = static_cast<std::uint32_t>(sequence * 3600),
                                    .marker = true,
                                    .payload = nal,
                                    .arrival = now}),
            sequence);
        ++sequence;
        take_all();
    }
    void lose_one() { ++sequence; }
    void key_picture() {
        Bytes stap{0x78, 0x00, static_cast<std::uint8_t>(tests::kSps720p.size())};
        stap.insert(stap.end(), tests::kSps720p.begin(), tests::kSps720p.end());
        stap.insert(stap.end(), {0x00, 0x04, 0x68, 0xce, 0x0f, 0xc8, 0x00, 0x03, 0x65, 0x88, 0x84});
        picture(stap);
    }
    void take_all() {
        while (receiver.take(now, frame)) {
            ++frames;
            last_key = frame.key_frame;
            last_follows_loss = frame.follows_loss;
        }
    }

    common::Timestamp now = common::Timestamp::from_ns(1'000'000'000'000);
    mcu::PacketPool pool{1024};
    VideoReceiver receiver;
    EncodedFrame frame;
    std::int64_t sequence = 1;
    int frames = 0;
    bool last_key = false, last_follows_loss = false;
};

}  // namespace

TEST_CASE("A stream begins with its first key frame, which is wanted until then") {
    Harness harness;

    harness.picture(kSlice);
    CHECK(harness.frames == 0);
    CHECK(harness.receiver.wants_key_frame());
    harness.key_picture();

    CHECK(harness.frames == 1);
    CHECK(harness.last_key);
    CHECK_FALSE(harness.receiver.wants_key_frame());
    CHECK(harness.frame.arrival == harness.now);
    CHECK(harness.frame.due == harness.now);
    CHECK(harness.frame.rtp_time_90khz == 2 * 3600);
}

TEST_CASE("Parameter sets of the fmtp make a bare IDR picture a key frame") {
    Harness harness("Z0LAH9oBQBbsBEAAAAMAQAAADwPGDKg=,aM4PyA==");

    harness.picture(kIdr);

    CHECK(harness.last_key);
}

TEST_CASE("After a loss pictures are dropped until a key frame, which follows a loss") {
    Harness harness;
    harness.key_picture();
    harness.picture(kSlice);

    harness.lose_one();
    for (int i = 0; i < 5; ++i) harness.picture(kSlice);
    CHECK(harness.frames == 2);
    CHECK(harness.receiver.wants_key_frame());
    harness.key_picture();

    CHECK(harness.frames == 3);
    CHECK(harness.last_key);
    CHECK(harness.last_follows_loss);
    harness.picture(kSlice);
    CHECK(harness.frames == 4);
    CHECK_FALSE(harness.last_follows_loss);
}

TEST_CASE("A peer that sends no key frame is shown again before its freeze is seen as one") {
    Harness harness;
    harness.key_picture();
    harness.lose_one();

    for (int i = 0; i < 8; ++i) harness.picture(kSlice);
    CHECK(harness.frames == 1);
    for (int i = 0; i < 10; ++i) harness.picture(kSlice);

    CHECK(harness.frames >= 5);
    CHECK(harness.receiver.wants_key_frame());
    const int shown = harness.frames;
    harness.lose_one();
    for (int i = 0; i < 10; ++i) harness.picture(kSlice);
    CHECK(harness.frames > shown);
}

TEST_CASE("Where one loss follows another, pictures are concealed instead of standing") {
    Harness harness;
    harness.key_picture();
    harness.lose_one();
    for (int i = 0; i < 3; ++i) harness.picture(kSlice);
    harness.key_picture();
    const int shown = harness.frames;

    harness.lose_one();
    for (int i = 0; i < 4; ++i) harness.picture(kSlice);
    CHECK(harness.frames == shown + 4);
    CHECK(harness.receiver.wants_key_frame());

    for (int i = 0; i < 200; ++i) harness.picture(kSlice);
    harness.key_picture();
    const int later = harness.frames;
    harness.lose_one();
    for (int i = 0; i < 5; ++i) harness.picture(kSlice);
    CHECK(harness.frames == later);
}

TEST_CASE("Freezes and the longest repair are counted") {
    Harness harness;
    harness.key_picture();
    harness.picture(kSlice);
    harness.lose_one();
    for (int i = 0; i < 3; ++i) harness.picture(kSlice);
    harness.key_picture();
    CHECK(harness.receiver.counters().freezes == 0);
    const auto repair = harness.receiver.counters().longest_repair;
    CHECK(repair > 0ms);
    CHECK(repair < 500ms);

    harness.now += 600ms;
    harness.picture(kSlice);

    CHECK(harness.receiver.counters().freezes == 1);
    CHECK(harness.receiver.counters().longest_repair == repair);
}

TEST_CASE("A freeze counts while it lasts, once, and is not forgotten when another stream begins") {
    Harness harness;
    harness.key_picture();
    const auto freezes = [&] { return harness.receiver.counters_at(harness.now).freezes; };

    harness.now += VideoReceiver::kFreeze;
    CHECK(freezes() == 0);
    harness.now += 1ms;
    CHECK(freezes() == 1);
    harness.picture(kSlice);
    CHECK(freezes() == 1);

    harness.now += 10s;
    harness.receiver.on_stream_started(harness.now);
    CHECK(freezes() == 2);
    harness.now += 10s;
    CHECK(freezes() == 2);
}

TEST_CASE("What pauses is not frozen, however long it takes") {
    Harness harness;
    harness.key_picture();

    harness.receiver.on_paused(harness.now);
    harness.now += 10s;
    harness.picture(kSlice);

    CHECK(harness.receiver.counters_at(harness.now).freezes == 0);
}

TEST_CASE("A broken payload counts as a loss") {
    Harness harness;
    harness.key_picture();

    harness.picture({0x5c, 0x01, 0x9a});

    CHECK(harness.receiver.counters().broken_pictures == 1);
    CHECK(harness.receiver.wants_key_frame());
}

TEST_CASE("Parameter sets in a picture of their own are no loss") {
    Harness harness;
    harness.key_picture();

    harness.picture(tests::kSps720p);
    harness.picture(kSlice);

    CHECK(harness.frames == 2);
    CHECK_FALSE(harness.last_follows_loss);
}

TEST_CASE("When the decoder is lost a key frame is wanted and pictures go on") {
    Harness harness;
    harness.key_picture();

    harness.receiver.on_decoder_lost();
    harness.picture(kSlice);

    CHECK(harness.frames == 2);
    CHECK(harness.receiver.wants_key_frame());
}

TEST_CASE("VideoReceiver makes frames of a steady stream without allocating") {
    Harness harness;
    harness.key_picture();
    harness.picture(kSlice);
    std::vector<mcu::RtpPacket> packets;
    for (std::uint16_t i = 0; i < 100; ++i) {
        packets.push_back(
            tests::packet_of(harness.pool, {.sequence = static_cast<std::uint16_t>(3 + i),
                                            .rtp_time = (3U + i / 4) * 3600,
                                            .marker = i % 4 == 3,
                                            .payload = i % 4 == 0 ? kSlice : Bytes{0x41, 0x40}}));
    }
    harness.frame.bytes.reserve(1000);

    tests::AllocationCounter allocations;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        harness.receiver.insert(std::move(packets[i]), static_cast<std::int64_t>(3 + i));
        harness.take_all();
    }

    CHECK(allocations.count() == 0);
    CHECK(harness.frames == 27);
}

namespace {

struct LinkResult {
    int frames = 0;
    int damaged = 0;  // handed over as sound, and not what was sent
};

/// 300 pictures of 20 packets over a link; every 30th is a key picture. A picture's slices all hold
/// its number.
LinkResult over(tests::LossyLink link) {
    common::Timestamp now = common::Timestamp::from_ns(1'000'000'000'000);
    mcu::PacketPool pool(2048);
    VideoReceiver receiver({});
    receiver.on_stream_started(now);
    mcu::H264Packetizer packetizer(mcu::H264Packetizer::Mode::NonInterleaved);
    EncodedFrame frame;
    LinkResult result;
    std::uint16_t sequence = 65000;
    const auto deliver = [&] {
        while (const auto datagram = link.receive(now)) {
            auto packet = mcu::RtpPacket::parse(pool.take_copy(*datagram, now));
            const auto number = packet->sequence();
            receiver.insert(std::move(*packet), number < 60000 ? number + 65536 : number);
        }
        while (receiver.take(now, frame)) {
            ++result.frames;
            const auto number = static_cast<std::uint8_t>(frame.rtp_time_90khz / 3600);
            const std::size_t slice_at = frame.bytes.size() - 20'000;
            for (std::size_t i = slice_at + 2; i < frame.bytes.size(); ++i) {
                if (frame.bytes[i] != number) {
                    ++result.damaged;
                    break;
                }
            }
        }
    };
    for (std::uint32_t picture = 0; picture < 300; ++picture) {
        const bool key = picture % 30 == 0;
        Bytes slice(20'000, static_cast<std::uint8_t>(picture));
        slice[0] = key ? 0x65 : 0x41;
        slice[1] = 0x88;
        const std::vector<std::span<const std::uint8_t>> key_nals{tests::kSps720p, tests::kPps720p,
                                                                  slice};
        packetizer.start(key ? std::span(key_nals) : std::span(key_nals).subspan(2));
        Bytes datagram(1500);
        while (const auto payload = packetizer.next(std::span(datagram).subspan(12))) {
            mcu::write_rtp_header({.payload_type = 96,
                                   .marker = payload->last,
                                   .sequence = sequence++,
                                   .rtp_time = picture * 3600,
                                   .ssrc = 7},
                                  datagram);
            link.send(std::span(datagram).first(12 + payload->bytes), now);
        }
        for (int i = 0; i < 8; ++i) {
            now += 5ms;
            deliver();
        }
    }
    now += 1s;
    deliver();
    return result;
}

}  // namespace

TEST_CASE("Reorder, jitter and duplicates within the waiting time cost no picture") {
    const LinkResult result =
        over(tests::LossyLink({.duplicate = 0.05, .delay = 20ms, .jitter = 60ms, .seed = 7}));

    CHECK(result.frames == 300);
    CHECK(result.damaged == 0);
}

TEST_CASE("Under one percent of loss no damaged picture is handed over as sound") {
    const LinkResult result =
        over(tests::LossyLink({.loss = 0.01, .delay = 20ms, .jitter = 30ms, .seed = 3}));

    CHECK(result.damaged == 0);
    CHECK(result.frames > 40);
    CHECK(result.frames < 300);
}
