#include "mixer/encode/audio_encode_stage.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "mixer/audio/audio_mixer.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/tone_source.h"

using common::AudioCodec;
using common::SourceId;
using mixer::AudioFormat;
using tests::ToneSource;

namespace {

/// Counts what a session would send.
class CountingSink final : public mixer::AudioSink {
  public:
    void on_audio(std::span<const std::uint8_t> payload, common::Timestamp media_time) override {
        ++calls;
        empty += payload.empty() ? 1 : 0;
        last_size = payload.size();
        last_first = payload.empty() ? std::uint8_t{0} : payload[payload.size() / 2];
        last_time = media_time;
    }
    std::atomic<int> calls{0};
    int empty = 0;
    std::size_t last_size = 0;
    std::uint8_t last_first = 0;
    common::Timestamp last_time;
};

/// A conference of people of whom the first few talk.
struct Conference {
    struct Person {
        explicit Person(double hz, double amplitude) : tone(hz, amplitude) {}
        ToneSource tone;
        CountingSink sink;
    };
    void join(double amplitude, const AudioFormat& format = {}) {
        const SourceId id{people.size() + 1};
        people.push_back(
            std::make_unique<Person>(200 + 10 * static_cast<double>(people.size()), amplitude));
        REQUIRE(mixer.add_source(id, people.back()->tone));
        REQUIRE(stage.add_listener(id, format, people.back()->sink));
    }
    void run(int ticks) {
        for (int i = 0; i < ticks; ++i) {
            now += mixer::kAudioTick;
            stage.tick(mixer.tick(now), now);
        }
    }

    mixer::AudioMixer mixer;
    mixer::AudioEncodeStage stage;
    std::vector<std::unique_ptr<Person>> people;
    common::Timestamp now = common::Timestamp::from_ns(1'000'000'000);
};

}  // namespace

TEST_CASE("200 listeners of whom 3 talk cost 4 encodes a tick") {
    Conference room;
    for (int i = 0; i < 200; ++i) room.join(i < 3 ? 0.1 : 0);
    room.run(10);

    const auto before = room.stage.counters();
    room.run(50);
    const auto after = room.stage.counters();

    CHECK(after.encodes - before.encodes == 4 * 50);
    CHECK(after.shared_deliveries - before.shared_deliveries == 197 * 50);
    CHECK(after.own_deliveries - before.own_deliveries == 3 * 50);
    CHECK(after.switches == before.switches);
    for (const auto& person : room.people) CHECK(person->sink.calls == 60);
}

TEST_CASE("Each format has its own shared encoder, used only while somebody hears it") {
    Conference room;
    room.join(0.1, {.codec = AudioCodec::Opus});
    room.join(0, {.codec = AudioCodec::Opus});
    room.join(0, {.codec = AudioCodec::Pcmu});
    room.join(0, {.codec = AudioCodec::Pcmu});
    room.run(10);

    const auto before = room.stage.counters().encodes;
    room.run(10);

    CHECK(room.stage.counters().encodes - before == 3 * 10);  // two shared, one talker's
    CHECK(room.people[2]->sink.last_size == 160);
}

TEST_CASE("Two who both talk need no shared encoder") {
    Conference room;
    room.join(0.1);
    room.join(0.1);
    room.run(10);

    const auto before = room.stage.counters().encodes;
    room.run(10);

    CHECK(room.stage.counters().encodes - before == 2 * 10);
}

TEST_CASE("A talker who falls silent is back at the shared encoder, with one switch each way") {
    Conference room;
    room.join(0);
    room.join(0.1);
    room.join(0);
    room.run(10);

    room.people[0]->tone.set_amplitude(0.1);
    room.run(10);
    CHECK(room.stage.counters().switches == 1);
    room.people[0]->tone.set_amplitude(0);
    room.run(60);

    CHECK(room.stage.counters().switches == 2);
    const auto before = room.stage.counters().encodes;
    room.run(10);
    CHECK(room.stage.counters().encodes - before == 2 * 10);
}

TEST_CASE("Time goes on in DTX: an empty payload each silent tick") {
    Conference room;
    room.join(0, {.dtx = true});
    room.run(100);

    CHECK(room.people[0]->sink.calls == 100);
    CHECK(room.people[0]->sink.empty > 60);
    CHECK(room.people[0]->sink.last_time == room.now);
}

TEST_CASE("A listener without a source hears everyone, and a source need not listen") {
    Conference room;
    room.join(0.1, {.codec = AudioCodec::Pcma});
    CountingSink recorder;
    ToneSource prompt(900);
    REQUIRE(room.stage.add_listener(SourceId{77}, {.codec = AudioCodec::Pcma}, recorder));
    REQUIRE(room.mixer.add_source(SourceId{78}, prompt));

    room.run(20);

    CHECK(recorder.calls == 20);
    CHECK(room.people[0]->sink.calls == 20);
}

TEST_CASE("A listener twice, and a format we cannot send, are refused by name") {
    Conference room;
    room.join(0);
    CountingSink sink;

    const auto twice = room.stage.add_listener(SourceId{1}, {}, sink);
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code == common::ErrorCode::AlreadyExists);
    const auto odd = room.stage.add_listener(SourceId{2}, {.ptime_ms = 40}, sink);
    REQUIRE_FALSE(odd);
    CHECK(odd.error().code == common::ErrorCode::Unsupported);
    CHECK(odd.error().message.find("listener 2") == 0);
}

TEST_CASE("Protection against loss moves a listener to those who have the same, and back") {
    Conference room;
    const AudioFormat format{.codec = AudioCodec::Opus, .inband_fec = true};
    room.join(0.1, format);
    room.join(0, format);
    room.join(0, format);
    room.run(10);
    const auto encodes_in_ten = [&] {
        const auto before = room.stage.counters().encodes;
        room.run(10);
        return room.stage.counters().encodes - before;
    };
    CHECK(encodes_in_ten() == 2 * 10);  // the talker's, the others'

    REQUIRE(room.stage.set_expected_loss(SourceId{2}, 10));
    room.run(1);
    CHECK(encodes_in_ten() == 3 * 10);
    REQUIRE(room.stage.set_expected_loss(SourceId{1}, 10));
    REQUIRE(room.stage.set_expected_loss(SourceId{3}, 10));
    room.run(1);
    CHECK(encodes_in_ten() == 2 * 10);
    CHECK(room.stage.counters().switches == 2);  // the talker's own changed where it was
    CHECK(room.stage.counters().encoders == 4);

    REQUIRE(room.stage.set_expected_loss(SourceId{3}, 10));
    CHECK(encodes_in_ten() == 2 * 10);
    CHECK_FALSE(room.stage.set_expected_loss(SourceId{9}, 10));
}

TEST_CASE("What has no FEC stays as it is") {
    Conference room;
    room.join(0, {.codec = AudioCodec::Pcmu});
    room.join(0.1);
    room.run(10);

    REQUIRE(room.stage.set_expected_loss(SourceId{1}, 10));
    REQUIRE(room.stage.set_expected_loss(SourceId{2}, 10));
    room.run(10);

    CHECK(room.stage.counters().switches == 0);
    CHECK(room.people[0]->sink.last_size == 160);
}

TEST_CASE("A removed listener is sent nothing more, and its encoders go with it") {
    Conference room;
    room.join(0);
    room.join(0, {.codec = AudioCodec::G722});
    room.run(5);
    CHECK(room.stage.counters().encoders == 4);

    room.stage.remove_listener(SourceId{2});
    room.stage.remove_listener(SourceId{2});
    room.run(5);

    CHECK(room.people[1]->sink.calls == 5);
    CHECK(room.stage.counters().encoders == 2);
}

TEST_CASE("A tick of the encode stage allocates nothing, switches included") {
    Conference room;
    for (const AudioCodec codec :
         {AudioCodec::Opus, AudioCodec::G722, AudioCodec::Pcmu, AudioCodec::Pcma}) {
        room.join(0.1, {.codec = codec});
        room.join(0, {.codec = codec});
    }
    std::uint64_t allocations = 0;

    for (std::size_t i = 0; i < 300; ++i) {
        room.people[i % 8]->tone.set_amplitude(i % 100 < 50 ? 0.1 : 0);
        tests::AllocationCounter counter;
        room.run(1);
        allocations += counter.count();
    }

    CHECK(allocations == 0);
    CHECK(room.stage.counters().switches > 8);
}

TEST_CASE("Listeners come and go while the tick runs, and their sinks are destroyed right after") {
    Conference room;
    room.join(0.1, {.codec = AudioCodec::Pcmu});
    std::atomic<bool> done{false};
    std::thread tick([&] {
        while (!done) room.run(1);
    });

    while (room.people[0]->sink.calls == 0) std::this_thread::yield();
    for (std::uint64_t i = 0; i < 200; ++i) {
        auto sink = std::make_unique<CountingSink>();
        REQUIRE(room.stage.add_listener(SourceId{i + 10}, {.codec = AudioCodec::G722}, *sink));
        room.stage.remove_listener(SourceId{i + 10});
        sink.reset();
    }
    done = true;
    tick.join();

    CHECK(room.stage.counters().encoders == 2);
}
