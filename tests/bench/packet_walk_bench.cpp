// The library that clients' checks are written by here is C.
extern "C" {
#include <stun/stunagent.h>
#include <stun/usages/ice.h>
}

#include <array>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "mcu/rtp/rtp_reception.h"
#include "mcu/rtp/rtp_sender.h"
#include "mcu/session/source_lock.h"
#include "mcu/transport/datagram_demux.h"
#include "mcu/transport/ice_checks.h"
#include "mcu/transport/receive_batch.h"
#include "mcu/transport/srtp_session.h"
#include "mcu/transport/udp_port.h"
#include "mixer/audio/audio_mixer.h"
#include "mixer/audio/audio_playout.h"
#include "mixer/codec/audio_codec.h"
#include "mixer/codec/opus_loudness.h"
#include "mixer/encode/audio_encode_stage.h"
#include "tests/bench/step.h"
#include "tests/support/talker.h"
#include "tests/support/tone_source.h"
#include "tests/support/udp_peer.h"
#include "tests/unit/mcu/rtp/rtcp_harness.h"
#include "tests/unit/mcu/rtp/test_packets.h"

// One sound packet's way in, through the mix, and out, step by step as docs/flow.md has them.

namespace {

using bench::run_step;
using Bytes = std::vector<std::uint8_t>;
constexpr std::size_t kBatch = 32;
constexpr std::size_t kPayloadBytes = 120;  // Opus, 48 kbit/s
constexpr auto kArrival = common::Timestamp::from_ns(1'000'000'000'000);

Bytes sound_datagram(std::uint16_t sequence) {
    return tests::datagram_of({.sequence = sequence,
                               .rtp_time = sequence * 960U,
                               .payload = Bytes(kPayloadBytes, 0x5a),
                               .payload_type = 111});
}

/// Sockets of ours and of a peer on loopback.
struct Wire {
    Wire()
        : port(*mcu::UdpPort::open(*mcu::SocketAddress::parse("127.0.0.1", 0),
                                   mcu::UdpPort::Families::OwnOnly, mcu::TrafficClass::Audio)),
          to(*mcu::SocketAddress::parse("127.0.0.1", peer.port())) {}
    tests::UdpPeer peer;
    std::unique_ptr<mcu::UdpPort> port;
    mcu::SocketAddress to;
};

/// What the reader gets, for each of 32 that were there.
void receive(benchmark::State& state) {
    class Counting final : public mcu::DatagramReader {
      public:
        void on_datagram(const mcu::Datagram& datagram) override {
            benchmark::DoNotOptimize(datagram.bytes.data());
        }
    } reader;
    const common::MonotonicClock clock;
    mcu::NetThread net("bench", clock, mcu::NetThread::Runs::WhenTold);
    Wire wire;
    wire.port->attach(net, reader);
    const Bytes datagram = sound_datagram(1);
    const std::uint16_t port = wire.port->port();
    run_step(
        state, 1,
        [&] {
            for (std::size_t i = 0; i < kBatch; ++i) wire.peer.send(datagram, port);
        },
        [&](std::size_t) { net.run_ready(); });
    state.counters["ns_each"] = state.counters["ns_each"] / static_cast<double>(kBatch);
}
WALK_STEP(receive);

void demux(benchmark::State& state) {
    class Ignoring final : public mcu::DatagramReader {
      public:
        void on_datagram(const mcu::Datagram& datagram) override {
            benchmark::DoNotOptimize(datagram.bytes.data());
        }
    } reader;
    mcu::DatagramDemux demux({.media = &reader});
    Bytes bytes = sound_datagram(1);
    const auto from = *mcu::SocketAddress::parse("192.0.2.1", 5004);
    const mcu::Datagram datagram{bytes, from, kArrival};
    run_step(state, kBatch, [&](std::size_t) { demux.on_datagram(datagram); });
}
WALK_STEP(demux);

/// A browser's check (RFC 8445 7.2) of a pair that it has chosen: one each 2.5 s and peer.
Bytes ice_check(const mcu::IceCredentials& ours) {
    StunAgent agent;
    const std::array<std::uint16_t, 1> known{0};
    stun_agent_init(&agent, known.data(), STUN_COMPATIBILITY_RFC5389,
                    static_cast<StunAgentUsageFlags>(STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS |
                                                     STUN_AGENT_USAGE_USE_FINGERPRINT));
    StunMessage message;
    Bytes bytes(512);
    const std::string name = ours.ufrag + ":them";
    bytes.resize(stun_usage_ice_conncheck_create(
        &agent, &message, bytes.data(), bytes.size(),
        reinterpret_cast<const std::uint8_t*>(name.data()), name.size(),
        reinterpret_cast<const std::uint8_t*>(ours.pwd.data()), ours.pwd.size(), true, true,
        1845501695, 1, nullptr, STUN_USAGE_ICE_COMPATIBILITY_RFC5245));
    return bytes;
}

void ice_check(benchmark::State& state) {
    const mcu::IceCredentials ours{"ours", "ourpasswordourpassword"};
    mcu::IceChecks checks;
    checks.set_credentials(ours, "them");
    const Bytes check = ice_check(ours);
    const auto from = *mcu::SocketAddress::parse("192.0.2.1", 5004);
    std::array<std::uint8_t, mcu::IceChecks::kMostAnswerBytes> answer{};
    run_step(state, kBatch, [&](std::size_t) {
        if (!checks.answer(check, from, answer).valid) state.SkipWithError("not answered");
    });
}
WALK_STEP(ice_check);

common::SrtpKey srtp_key(common::SrtpSuite suite) {
    Bytes bytes(common::srtp_key_bytes(suite));
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
    return *common::SrtpKey::of(suite, bytes);
}

void unprotect(benchmark::State& state, common::SrtpSuite suite) {
    const auto sender = std::move(*mcu::SrtpSender::create(srtp_key(suite)));
    const auto receiver = std::move(*mcu::SrtpReceiver::create(srtp_key(suite)));
    std::array<Bytes, kBatch> sealed;
    std::uint16_t sequence = 0;
    run_step(
        state, kBatch,
        [&] {
            for (Bytes& packet : sealed) {
                packet = sound_datagram(++sequence);
                const std::size_t bytes = packet.size();
                packet.resize(bytes + mcu::kSrtpMostTrailerBytes);
                packet.resize(sender->protect_rtp(packet, bytes));
            }
        },
        [&](std::size_t i) { benchmark::DoNotOptimize(receiver->open_rtp(sealed[i])); });
}
BENCHMARK_CAPTURE(unprotect, aes_256_gcm, common::SrtpSuite::AeadAes256Gcm)->UseManualTime();
BENCHMARK_CAPTURE(unprotect, aes_cm_sha1, common::SrtpSuite::AesCm128HmacSha1_80)->UseManualTime();

/// With the copy into a pooled buffer.
void parse(benchmark::State& state) {
    mcu::PacketPool pool(64);
    const Bytes bytes = sound_datagram(1);
    run_step(state, kBatch, [&](std::size_t) {
        benchmark::DoNotOptimize(mcu::RtpPacket::parse(pool.take_copy(bytes, kArrival)));
    });
}
WALK_STEP(parse);

std::vector<mcu::RtpPacket> packets_of(mcu::PacketPool& pool, std::uint16_t& sequence) {
    std::vector<mcu::RtpPacket> packets;
    for (std::size_t i = 0; i < kBatch; ++i) {
        packets.push_back(*mcu::RtpPacket::parse(pool.take_copy(
            sound_datagram(++sequence), kArrival + sequence * std::chrono::milliseconds(20))));
    }
    return packets;
}

void source_lock(benchmark::State& state) {
    mcu::PacketPool pool(64);
    mcu::SourceLock lock;
    const auto from = *mcu::SocketAddress::parse("192.0.2.1", 5004);
    lock.set_signalled(from);
    std::vector<mcu::RtpPacket> packets;
    std::uint16_t sequence = 0;
    run_step(
        state, kBatch,
        [&] {
            packets.clear();
            packets = packets_of(pool, sequence);
        },
        [&](std::size_t i) {
            benchmark::DoNotOptimize(lock.admit(std::move(packets[i]), true, from, kArrival));
        });
}
WALK_STEP(source_lock);

void reception(benchmark::State& state) {
    class Dropping final : public mcu::RtpPacketSink {
      public:
        void on_stream_started(std::uint32_t) override {}
        void on_rtp(mcu::RtpPacket packet, std::int64_t) override {
            benchmark::DoNotOptimize(packet.payload().data());
        }
    } sink;
    mcu::PacketPool pool(64);
    tests::RtcpHarness harness;
    mcu::RtpReception reception(harness.rtcp, sink);
    reception.set_clock_rate(111, 48000);
    std::vector<mcu::RtpPacket> packets;
    std::uint16_t sequence = 0;
    run_step(
        state, kBatch,
        [&] {
            packets.clear();
            packets = packets_of(pool, sequence);
        },
        [&](std::size_t i) { reception.receive(std::move(packets[i])); });
}
WALK_STEP(reception);

/// A second of somebody's packets, round and round.
struct Speech {
    explicit Speech(bool talks) {
        auto encoder = *mixer::make_audio_encoder({.bitrate = common::Bitrate::from_kbps(32)});
        tests::Talker talker({});
        tests::Hiss hiss(-60);
        while (talks && !talker.speaking()) (void)talker.say(960);
        for (int i = 0; i < 50; ++i) {
            Bytes bytes(1275);
            const auto sound = talks ? talker.say(960) : hiss.make(960);
            bytes.resize(encoder->encode(sound, bytes));
            payloads.push_back(bytes);
        }
    }
    mixer::AudioPacket next(common::Timestamp arrival) {
        ++sequence;
        return {.codec = common::AudioCodec::Opus,
                .sequence = sequence,
                .rtp_time = sequence * 960U,
                .arrival = arrival,
                .payload = payloads[sequence % payloads.size()]};
    }
    std::vector<Bytes> payloads;
    std::uint16_t sequence = 0;
};

struct Line {
    explicit Line(bool talks)
        : speech(talks),
          playout(*mixer::AudioPlayout::create({}, std::array{common::AudioCodec::Opus})) {}
    void push() { playout->push(speech.next(now + std::chrono::milliseconds(8))); }
    Speech speech;
    std::unique_ptr<mixer::AudioPlayout> playout;
    common::Timestamp now = kArrival;
    mixer::AudioFrame frame;
};

void playout_push(benchmark::State& state) {
    Line line(true);
    run_step(
        state, 1,
        [&] {
            line.now += mixer::kAudioTick;
            (void)line.playout->pull(line.now, line.frame);
        },
        [&](std::size_t) { line.push(); });
}
BENCHMARK(playout_push)->UseManualTime()->Iterations(5000);  // a decode between any two

/// Reordering, jitter and decoding: one tick of one who talks.
void playout_pull(benchmark::State& state) {
    Line line(true);
    run_step(
        state, 1, [&] { line.push(); },
        [&](std::size_t) {
            line.now += mixer::kAudioTick;
            benchmark::DoNotOptimize(line.playout->pull(line.now, line.frame));
        });
}
WALK_STEP(playout_pull);

/// The same of one who has long been silent.
void playout_rest(benchmark::State& state) {
    Line line(false);
    run_step(
        state, 1, [&] { line.push(); },
        [&](std::size_t) {
            line.now += mixer::kAudioTick;
            benchmark::DoNotOptimize(line.playout->pull_unheard(line.now, line.frame));
        });
}
WALK_STEP(playout_rest);

void glance(benchmark::State& state) {
    const Speech noise(false);
    mixer::OpusLoudness loudness;
    run_step(state, kBatch,
             [&](std::size_t i) { benchmark::DoNotOptimize(loudness.read(noise.payloads[i])); });
}
WALK_STEP(glance);

void decode(benchmark::State& state, bool talks) {
    const Speech speech(talks);
    auto decoder = *mixer::make_audio_decoder(common::AudioCodec::Opus);
    std::vector<float> out(5760);
    run_step(state, kBatch, [&](std::size_t i) {
        benchmark::DoNotOptimize(decoder->decode(speech.payloads[i], out));
    });
}
BENCHMARK_CAPTURE(decode, opus_speech, true)->UseManualTime();
BENCHMARK_CAPTURE(decode, opus_noise, false)->UseManualTime();

/// One tick of 200 people of whom three sound; divide by 200 for one.
void mix_200(benchmark::State& state) {
    class Humming final : public mixer::AudioSource {
      public:
        explicit Humming(bool sounds) : sounds_(sounds), tone_(tests::sine(300, 0.2, 960)) {}
        bool pull(common::Timestamp, mixer::AudioFrame& out) override {
            if (sounds_) std::copy(tone_.begin(), tone_.end(), out.samples.begin());
            return sounds_;
        }

      private:
        const bool sounds_;
        const std::vector<float> tone_;
    };
    mixer::AudioMixer mixer;
    std::vector<std::unique_ptr<Humming>> people;
    for (std::uint64_t i = 1; i <= 200; ++i) {
        people.push_back(std::make_unique<Humming>(i <= 3));
        (void)mixer.add_source(common::SourceId{i}, *people.back());
    }
    common::Timestamp now = kArrival;
    run_step(state, 1, [&](std::size_t) {
        now += mixer::kAudioTick;
        benchmark::DoNotOptimize(mixer.tick(now));
    });
}
WALK_STEP(mix_200);

void encode(benchmark::State& state, common::AudioCodec codec) {
    auto encoder = *mixer::make_audio_encoder({.codec = codec});
    tests::Talker talker({});
    std::vector<std::vector<float>> said;
    for (std::size_t i = 0; i < kBatch; ++i) said.push_back(talker.say(960));
    Bytes out(1275);
    run_step(state, kBatch,
             [&](std::size_t i) { benchmark::DoNotOptimize(encoder->encode(said[i], out)); });
}
BENCHMARK_CAPTURE(encode, opus, common::AudioCodec::Opus)->UseManualTime();
BENCHMARK_CAPTURE(encode, g722, common::AudioCodec::G722)->UseManualTime();
BENCHMARK_CAPTURE(encode, pcmu, common::AudioCodec::Pcmu)->UseManualTime();

/// One distinct sound for 200 listeners: one encode, 200 deliveries.
void encode_stage_200(benchmark::State& state) {
    class Forgetful final : public mixer::AudioSink {
      public:
        void on_audio(std::span<const std::uint8_t>, common::Timestamp) override {}
    } sink;
    mixer::AudioEncodeStage stage;
    for (std::uint64_t i = 1; i <= 200; ++i) {
        (void)stage.add_listener(common::SourceId{i}, {}, sink);
    }
    mixer::AudioFrame frame;
    const auto sound = tests::sine(300, 0.2, 960);
    std::copy(sound.begin(), sound.end(), frame.samples.begin());
    const mixer::MixedTick mixed{.everyone = &frame, .levels = {}, .mix_for = {}};
    run_step(state, 1, [&](std::size_t) { stage.tick(mixed, kArrival); });
}
WALK_STEP(encode_stage_200);

void packetize(benchmark::State& state) {
    tests::RtcpHarness harness;
    mcu::RtpSender sender(harness.rtcp, {111, 48000}, kArrival);
    std::array<std::uint8_t, mcu::kRtpHeaderBytes + kPayloadBytes> datagram{};
    run_step(state, kBatch,
             [&](std::size_t) { sender.stamp(datagram, false, kArrival, kArrival); });
}
WALK_STEP(packetize);

void protect(benchmark::State& state, common::SrtpSuite suite) {
    const auto sender = std::move(*mcu::SrtpSender::create(srtp_key(suite)));
    std::array<Bytes, kBatch> packets;
    std::uint16_t sequence = 0;
    run_step(
        state, kBatch,
        [&] {
            for (Bytes& packet : packets) {
                packet = sound_datagram(++sequence);
                packet.resize(packet.size() + mcu::kSrtpMostTrailerBytes);
            }
        },
        [&](std::size_t i) {
            benchmark::DoNotOptimize(
                sender->protect_rtp(packets[i], mcu::kRtpHeaderBytes + kPayloadBytes));
        });
}
BENCHMARK_CAPTURE(protect, aes_256_gcm, common::SrtpSuite::AeadAes256Gcm)->UseManualTime();
BENCHMARK_CAPTURE(protect, aes_cm_sha1, common::SrtpSuite::AesCm128HmacSha1_80)->UseManualTime();

void send(benchmark::State& state) {
    Wire wire;
    const Bytes datagram = sound_datagram(1);
    run_step(
        state, kBatch,
        [&] {
            while (wire.peer.receive()) {
            }
        },
        [&](std::size_t) { wire.port->send(datagram, wire.to); });
}
WALK_STEP(send);

}  // namespace

BENCHMARK_MAIN();
