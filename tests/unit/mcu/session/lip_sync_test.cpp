#include <catch2/catch.hpp>

#include "tests/unit/mcu/session/session_fixture.h"

using tests::Bytes;
using tests::PeerPorts;
using tests::recorded;
using tests::RtpOnWire;
using tests::SessionFixture;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kSoundSsrc = 1000, kVideoSsrc = 2000;
constexpr std::uint32_t kReportSeconds = 3'900'000'000;  // since 1900, on the sender's wall clock

void put_u32(Bytes& bytes, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<std::uint8_t>(value >> static_cast<unsigned>(shift)));
    }
}

/// RFC 3550 6.4.1, no report blocks; and an SDES with a CNAME, as 6.1 wants it.
Bytes sender_report(std::uint32_t ssrc, std::uint32_t rtp_time) {
    Bytes bytes{0x80, 200, 0, 6};
    put_u32(bytes, ssrc);
    put_u32(bytes, kReportSeconds);
    put_u32(bytes, 0);
    put_u32(bytes, rtp_time);
    put_u32(bytes, 10);
    put_u32(bytes, 1000);
    bytes.insert(bytes.end(), {0x81, 202, 0, 2});
    put_u32(bytes, ssrc);
    bytes.insert(bytes.end(), {1, 1, 'a', 0});
    return bytes;
}

/// A peer with sound and pictures, both taken at the same moment when both RTP times are 0.
struct Caller {
    explicit Caller(SessionFixture& fixture) : f(fixture) {
        recorded() = {};
        auto sound_config = SessionFixture::audio(common::AudioCodec::Pcmu, &sound);
        sound_config.mid = "0";
        auto video_config = SessionFixture::video(&video);
        video_config.mid = "1";
        const auto local = f.configure({sound_config, video_config});
        sound_ports = local.at(0);
        video_ports = local.at(1);
    }
    /// As far as the network goes, both arrive now.
    void talk(int packets) {
        for (int i = 0; i < packets; ++i, ++sound_sequence) {
            f.send(sound.rtp,
                   RtpOnWire{.payload_type = SessionFixture::kPcmu,
                             .sequence = sound_sequence,
                             .rtp_time = sound_sequence * 160U,
                             .ssrc = kSoundSsrc,
                             .payload = Bytes(160)},
                   sound_ports.rtp_port);
        }
    }
    void show(std::uint32_t rtp_time) {
        for (const Bytes& nal : {kSps, kPps, Bytes{0x65, 0x88, 1}}) {
            f.send(video.rtp,
                   RtpOnWire{.payload_type = SessionFixture::kH264,
                             .marker = nal.size() == 3,
                             .sequence = video_sequence++,
                             .rtp_time = rtp_time,
                             .ssrc = kVideoSsrc,
                             .payload = nal},
                   video_ports.rtp_port);
        }
        f.executor.run_all();
    }
    void report_both() {
        f.send(sound.rtcp, sender_report(kSoundSsrc, 0), sound_ports.rtcp_port);
        f.send(video.rtcp, sender_report(kVideoSsrc, 0), video_ports.rtcp_port);
    }
    // Constrained Baseline 3.1, 640x480.
    const Bytes kSps{0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0xa0, 0x3d, 0xa1, 0x00, 0x00, 0x03,
                     0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x0f, 0x18, 0x31, 0x92};
    const Bytes kPps{0x68, 0xcb, 0x83, 0xcb, 0x20};

    SessionFixture& f;
    PeerPorts sound, video;
    mcu::LocalMedia sound_ports, video_ports;
    std::uint16_t sound_sequence = 0, video_sequence = 0;
};

}  // namespace

TEST_CASE("Pictures are due when the sound of the same moment is heard, by both sender reports") {
    SessionFixture f;
    Caller caller(f);
    caller.talk(5);
    caller.show(0);
    REQUIRE(recorded().frames.size() == 1);
    CHECK(recorded().frames[0].due <= f.clock.now() + 10ms);  // no reports yet

    caller.report_both();
    // Sound taken at the reports' time plus one second is heard 120 ms from now.
    recorded().position = mixer::PlayoutPosition{8000, 8000, f.clock.now() + 120ms};
    caller.show(90'000);

    REQUIRE(recorded().frames.size() == 2);
    const auto until_due = recorded().frames[1].due - f.clock.now();
    CHECK(until_due > 80ms);
    CHECK(until_due <= 120ms);
}

TEST_CASE("A report of sound alone holds no picture back") {
    SessionFixture f;
    Caller caller(f);
    caller.talk(5);
    caller.show(0);
    f.send(caller.sound.rtcp, sender_report(kSoundSsrc, 0), caller.sound_ports.rtcp_port);

    recorded().position = mixer::PlayoutPosition{8000, 8000, f.clock.now() + 120ms};
    caller.show(3000);

    REQUIRE(recorded().frames.size() == 2);
    CHECK(recorded().frames[1].due <= f.clock.now() + 50ms);
}
