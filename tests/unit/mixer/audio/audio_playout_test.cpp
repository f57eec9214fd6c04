#include "mixer/audio/audio_playout.h"

#include <array>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/allocation_counter.h"
#include "tests/support/goertzel.h"
#include "tests/unit/mixer/audio/playout_rig.h"

using common::AudioCodec;
using common::Duration;
using namespace std::chrono_literals;
using tests::HummingSender;
using tests::PlayoutRig;

namespace {
constexpr std::array kAllCodecs{AudioCodec::Opus, AudioCodec::G722, AudioCodec::Pcmu,
                                AudioCodec::Pcma};
constexpr std::array kTone{440.0};
}  // namespace

TEST_CASE("A steady sender is heard without a gap, in every codec") {
    for (const AudioCodec codec : kAllCodecs) {
        CAPTURE(static_cast<int>(codec));
        PlayoutRig rig;
        HummingSender sender(codec);

        rig.run(sender, 100);

        CHECK(tests::tone_amplitude(rig.last_ticks(50), 440) == Approx(0.25).margin(0.015));
        CHECK(tests::tones_snr_db(rig.last_ticks(50), kTone) > 25);
        const auto counters = rig.playout->counters();
        CHECK(counters.packets == 100);
        CHECK(counters.concealed_ticks == 0);
        CHECK(counters.late + counters.duplicate + counters.overflow + counters.resyncs == 0);
    }
}

TEST_CASE("Who says that he is soft is not decoded while nobody hears him, in any codec") {
    for (const AudioCodec codec : kAllCodecs) {
        CAPTURE(static_cast<int>(codec));
        PlayoutRig rig;
        HummingSender sender(codec);
        sender.amplitude = 0.0002;
        const auto rests_of = [&](float said_dbfs, int ticks) {
            int rests = 0;
            sender.packet.said_dbfs = said_dbfs;
            for (int i = 0; i < ticks; ++i) {
                rig.playout->push(sender.next(rig.now + mixer::kAudioTick - 5ms));
                rig.now += mixer::kAudioTick;
                mixer::AudioFrame frame;
                const auto pulled = rig.playout->pull_unheard(rig.now, frame);
                rests += pulled == mixer::AudioSource::Pulled::Rest ? 1 : 0;
            }
            return rests;
        };
        (void)rests_of(-77, 50);

        CHECK(rests_of(-77, 100) > 80);
        sender.amplitude = 0.25;
        CHECK(rests_of(-15, 100) <= 1);
    }
}

TEST_CASE("Sound waits for the tick nearest to the target delay, whatever the phase") {
    for (int phase_ms = 0; phase_ms < 20; ++phase_ms) {
        CAPTURE(phase_ms);
        PlayoutRig rig;
        HummingSender sender(AudioCodec::Pcmu);

        rig.run(sender, 20, Duration(1ms) * phase_ms);

        const Duration delay = rig.playout->counters().delay;
        CHECK(delay >= 5ms);
        CHECK(delay < 25ms);
    }
}

TEST_CASE("From push to pull a sound takes its counted delay and no more") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Opus);

    rig.run(sender, 10, 4ms);  // waits 4 ms: below 5; so 24 ms, one tick later

    CHECK(rig.playout->counters().delay == 24ms);
    const auto first = std::find_if(rig.heard.begin(), rig.heard.end(),
                                    [](float sample) { return std::abs(sample) > 0.01F; });
    const auto samples = first - rig.heard.begin();
    CHECK(samples >= 960);             // the first tick is silent
    CHECK(samples < 960 + 312 + 100);  // then libopus' own 6.5 ms
}

TEST_CASE("Packets out of order are heard in order") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Pcma, 65530);  // across the wrap, too

    for (int pair = 0; pair < 25; ++pair) {
        const auto arrival = rig.now + 15ms;
        mixer::AudioPacket first = sender.next(arrival);
        const std::vector<std::uint8_t> bytes(first.payload.begin(), first.payload.end());
        first.payload = bytes;
        rig.playout->push(sender.next(arrival));
        rig.playout->push(first);
        rig.tick();
        rig.tick();
    }

    CHECK(tests::tones_snr_db(rig.last_ticks(40), kTone) > 25);
    CHECK(rig.playout->counters().late == 0);
    CHECK(rig.playout->counters().concealed_ticks == 0);
}

TEST_CASE("A packet of any length is played: 10, 30, 60 and 100 ms") {
    for (const int ms : {10, 30, 60, 100}) {
        CAPTURE(ms);
        PlayoutRig rig;
        const auto samples = static_cast<std::size_t>(48 * ms);
        const std::vector<std::uint8_t> silence(samples / 6, 0xd5);
        mixer::AudioPacket packet{.codec = AudioCodec::Pcma, .payload = silence};
        Duration sent{};

        for (Duration elapsed{}; elapsed < 3s; elapsed += 20ms) {
            for (; sent <= elapsed; sent += Duration(1ms) * ms) {
                packet.arrival = rig.now + 20ms - (elapsed - sent);
                rig.playout->push(packet);
                ++packet.sequence;
                packet.rtp_time += static_cast<std::uint32_t>(samples / 6);
            }
            rig.tick();
        }

        CHECK(rig.playout->counters().concealed_ticks == 0);
        CHECK(rig.playout->counters().resyncs == 0);
        CHECK(rig.playout->counters().overflow == 0);
    }
}

TEST_CASE("A duplicate is counted and not heard twice") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Pcmu);

    for (int i = 0; i < 50; ++i) {
        const auto& packet = sender.next(rig.now + 10ms);
        rig.playout->push(packet);
        rig.playout->push(packet);
        rig.tick();
    }

    CHECK(rig.playout->counters().duplicate == 50);
    CHECK(tests::tones_snr_db(rig.last_ticks(40), kTone) > 25);
}

TEST_CASE("A packet that comes after its successor was played is counted late") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Pcmu);
    rig.run(sender, 10);

    mixer::AudioPacket held = sender.next(rig.now);
    const std::vector<std::uint8_t> bytes(held.payload.begin(), held.payload.end());
    held.payload = bytes;
    rig.tick();
    rig.run(sender, 5);
    rig.playout->push(held);
    rig.run(sender, 5);

    CHECK(rig.playout->counters().late == 1);
    CHECK(rig.playout->counters().duplicate == 0);
}

TEST_CASE("A lost packet is concealed, and the sound after it keeps its place") {
    for (const AudioCodec codec : kAllCodecs) {
        CAPTURE(static_cast<int>(codec));
        PlayoutRig rig;
        HummingSender sender(codec);
        rig.run(sender, 50);
        const auto delay = rig.playout->counters().delay;

        sender.next(rig.now);
        rig.tick();
        rig.run(sender, 20);

        CHECK(rig.playout->counters().delay == delay);
        CHECK(rig.playout->counters().concealed_ticks >= 1);
        CHECK(rig.playout->counters().concealed_ticks <= 2);
        const auto gap = rig.last_ticks(22).first(3 * 960);
        CHECK(tests::rms_dbfs(gap) > -20);  // no hole: the tone is at -15
        CHECK(tests::tones_snr_db(rig.last_ticks(10), kTone) > 25);
    }
}

TEST_CASE("A long gap fades to silence and says so, and the sender's return is heard") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Opus);
    rig.run(sender, 50);

    bool audible = true;
    for (int i = 0; i < 15; ++i) audible = rig.tick();
    CHECK_FALSE(audible);
    CHECK(tests::peak(rig.last_ticks(1)) == 0);
    CHECK(tests::loudest_click_dbfs(rig.last_ticks(20), 3000) < -50);

    rig.run(sender, 50);
    CHECK(tests::tones_snr_db(rig.last_ticks(20), kTone) > 25);
    CHECK(rig.playout->counters().delay < 30ms);
}

TEST_CASE("After a pause (DTX) the next spurt waits for its own target delay") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Opus);
    rig.run(sender, 50, 4ms);
    REQUIRE(rig.playout->counters().delay == 24ms);

    sender.pause(40);
    for (int i = 0; i < 40; ++i) rig.tick();
    rig.run(sender, 20, 12ms);  // the clock moved against ours meanwhile

    CHECK(rig.playout->counters().delay == 12ms);
    CHECK(rig.playout->counters().resyncs == 0);
    CHECK(rig.playout->counters().late == 0);
}

TEST_CASE("A short pause is played as a pause, not as loss") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Pcmu);
    rig.run(sender, 50);
    const auto delay = rig.playout->counters().delay;

    sender.pause(3);
    for (int i = 0; i < 3; ++i) rig.tick();
    rig.run(sender, 20);

    CHECK(rig.playout->counters().delay == delay);
    CHECK(rig.playout->counters().resyncs == 0);
}

TEST_CASE("A stall of 500 ms that ends in a burst leaves no lasting delay") {
    for (const AudioCodec codec : {AudioCodec::Opus, AudioCodec::Pcmu}) {
        PlayoutRig rig;
        HummingSender sender(codec);
        rig.run(sender, 50);

        for (int i = 0; i < 25; ++i) rig.tick();
        for (int i = 0; i < 25; ++i) rig.playout->push(sender.next(rig.now + 15ms));
        rig.run(sender, 50);

        CHECK(rig.playout->counters().delay <= 60ms);
        CHECK(rig.playout->counters().overflow == 0);
        CHECK(tests::tones_snr_db(rig.last_ticks(20), kTone) > 25);
        rig.run(sender, 300);
        CHECK(rig.playout->counters().delay < 30ms);
    }
}

TEST_CASE("When our own tick stalls for 500 ms, sound resumes at the target") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Pcmu);
    rig.run(sender, 50);

    for (int i = 0; i < 25; ++i) {
        rig.playout->push(sender.next(rig.now + 15ms));
        rig.now += 20ms;
    }
    rig.run(sender, 10);

    CHECK(rig.playout->counters().delay < 45ms);
    CHECK(rig.playout->counters().resyncs == 1);
}

TEST_CASE("Delay that nobody needs any more is taken back, without a click") {
    for (const AudioCodec codec : kAllCodecs) {
        CAPTURE(static_cast<int>(codec));
        PlayoutRig rig;
        HummingSender sender(codec);
        sender.amplitude = 0.1;
        rig.run(sender, 50);

        // Once, packets come 90 ms late; the tone goes on meanwhile and no silence comes to help.
        std::vector<mixer::AudioPacket> held;
        for (int i = 0; i < 4; ++i) rig.tick();
        for (int i = 0; i < 4; ++i) rig.playout->push(sender.next(rig.now + 15ms));
        rig.run(sender, 450);

        CHECK(rig.playout->counters().delay < 30ms);
        CHECK(rig.playout->counters().resyncs == 0);
        CHECK(rig.playout->counters().removed_samples > 2400);
        CHECK(tests::loudest_click_dbfs(rig.last_ticks(450), 3000) < -50);
        CHECK(tests::tones_snr_db(rig.last_ticks(40), kTone) > 25);
    }
}

TEST_CASE("A codec switch in mid-stream makes no click and loses no packet") {
    for (const AudioCodec to : {AudioCodec::G722, AudioCodec::Pcma, AudioCodec::Opus}) {
        CAPTURE(static_cast<int>(to));
        PlayoutRig rig;
        HummingSender sender(to == AudioCodec::Opus ? AudioCodec::G722 : AudioCodec::Opus);
        sender.amplitude = 0.1;
        rig.run(sender, 50);

        sender.set_codec(to);
        rig.run(sender, 50);

        CHECK(tests::loudest_click_dbfs(rig.last_ticks(60), 3000) < -50);
        CHECK(tests::tones_snr_db(rig.last_ticks(40), kTone) > 25);
        CHECK(rig.playout->counters().concealed_ticks == 0);
        CHECK(rig.playout->counters().resyncs == 0);
    }
}

TEST_CASE("A restart of the sequence numbers is believed at the second packet") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Opus);
    rig.run(sender, 50);

    sender.sequence = 40000;
    sender.rtp_time = 77;
    rig.run(sender, 50);

    CHECK(rig.playout->counters().late == 1);
    CHECK(rig.playout->counters().resyncs == 1);
    CHECK(rig.playout->counters().delay < 30ms);
    CHECK(tests::tones_snr_db(rig.last_ticks(20), kTone) > 25);
}

TEST_CASE("A stray packet far from the row moves nothing") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Pcmu);
    rig.run(sender, 50);
    HummingSender stranger(AudioCodec::Pcmu, 40000);

    rig.playout->push(stranger.next(rig.now));
    rig.run(sender, 50);

    CHECK(rig.playout->counters().resyncs == 0);
    CHECK(rig.playout->counters().concealed_ticks == 0);
}

TEST_CASE("A jump of the timestamps, forth or back, is played through at once") {
    for (const std::uint32_t jump : {1'000'000U, static_cast<std::uint32_t>(-1'000'000)}) {
        PlayoutRig rig;
        HummingSender sender(AudioCodec::Pcmu);
        rig.run(sender, 50);

        sender.rtp_time += jump;
        rig.run(sender, 50);

        CHECK(rig.playout->counters().resyncs == 1);
        CHECK(rig.playout->counters().concealed_ticks <= 1);
        CHECK(tests::tones_snr_db(rig.last_ticks(40), kTone) > 25);
    }
}

TEST_CASE("A sender whose timestamps run at twice the rate is still heard") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::G722);

    for (int i = 0; i < 100; ++i) {
        rig.playout->push(sender.next(rig.now + 15ms));
        sender.rtp_time += 160;  // counts at 16 kHz, against RFC 3551 4.5.2
        rig.tick();
    }

    CHECK(tests::tones_snr_db(rig.last_ticks(40), kTone) > 20);
    CHECK(rig.playout->counters().delay < 30ms);
}

TEST_CASE("A reset forgets the old stream and keeps what was pushed after it") {
    PlayoutRig rig;
    HummingSender old_stream(AudioCodec::Opus);
    rig.run(old_stream, 20);
    rig.playout->push(old_stream.next(rig.now));

    rig.playout->reset();
    HummingSender new_stream(AudioCodec::Pcmu, 50000);
    rig.run(new_stream, 50);

    CHECK(rig.playout->counters().late == 0);
    CHECK(rig.playout->counters().concealed_ticks == 0);
    CHECK(tests::tones_snr_db(rig.last_ticks(40), kTone) > 25);
}

TEST_CASE("When the tick does not come, the oldest packets go and are counted") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Pcmu);

    for (int i = 0; i < 100; ++i) rig.playout->push(sender.next(rig.now));

    CHECK(rig.playout->counters().overflow == 36);
    rig.run(sender, 20);
    CHECK(tests::tones_snr_db(rig.last_ticks(10), kTone) > 25);
}

TEST_CASE("What is not decodable is dropped and counted") {
    auto made = mixer::AudioPlayout::create({}, std::array{AudioCodec::Pcmu});
    REQUIRE(made);
    const std::vector<std::uint8_t> payload(3000);
    mixer::AudioFrame frame;

    (*made)->push({.codec = AudioCodec::Opus, .payload = std::span(payload).first(100)});
    (*made)->push({.codec = AudioCodec::Pcmu, .payload = payload});
    (*made)->push({.codec = AudioCodec::Pcmu, .payload = {}});

    CHECK_FALSE((*made)->pull(common::Timestamp::from_ns(1'000'000'000), frame));
    CHECK((*made)->counters().undecodable == 3);
}

TEST_CASE("A tick that comes early or late by 8 ms conceals nothing") {
    PlayoutRig rig;
    HummingSender sender(AudioCodec::Opus);
    mixer::AudioFrame frame;
    const auto start = rig.now;

    for (int i = 0; i < 200; ++i) {
        const auto nominal = start + 20ms * i;
        const auto jitter = Duration(1ms) * ((i * 7) % 17 - 8);
        rig.playout->push(sender.next(nominal - 15ms));
        rig.playout->pull(nominal + jitter, frame);
    }

    CHECK(rig.playout->counters().concealed_ticks <= 1);
    CHECK(rig.playout->counters().resyncs == 0);
}

TEST_CASE("Neither end of a playout allocates") {
    for (const AudioCodec codec : kAllCodecs) {
        PlayoutRig rig;
        HummingSender sender(codec);
        std::uint64_t allocations = 0;
        mixer::AudioFrame frame;

        for (int i = 0; i < 200; ++i) {
            const auto packet = sender.next(rig.now);
            tests::AllocationCounter counter;
            if (i % 7 != 3) rig.playout->push(packet);  // loss, and a burst now and then
            if (i % 50 > 10) rig.playout->pull(rig.now, frame);
            allocations += counter.count();
            rig.now += 20ms;
        }

        CHECK(allocations == 0);
    }
}

TEST_CASE("Net thread and tick work at the same time") {
    PlayoutRig rig;
    const auto start = rig.now;
    HummingSender sender(AudioCodec::Pcmu);
    std::thread net([&] {
        for (int i = 0; i < 3000; ++i) {
            rig.playout->push(sender.next(start + Duration(20ms) * i));
            if (i % 1000 == 999) rig.playout->reset();
        }
    });
    for (int i = 0; i < 3000; ++i) rig.tick();
    net.join();

    CHECK(rig.playout->counters().packets == 3000);
}
