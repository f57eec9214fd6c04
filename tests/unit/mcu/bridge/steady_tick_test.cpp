#include <array>
#include <atomic>
#include <barrier>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/media_pool.h"
#include "mcu/bridge/bridge_audio.h"
#include "mcu/bridge/bridge_video.h"
#include "mcu/bridge/tick_thread.h"
#include "mcu/session/audio_outbox.h"
#include "mcu/transport/net_thread.h"
#include "mixer/audio/audio_playout.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/color_source.h"
#include "tests/support/lock_counter.h"
#include "tests/support/talker.h"

// A tick in full, from the tick thread's list of clients to the wake-up of the net thread, while
// the threads around it do their work: it takes no lock at all, so that nobody can keep it waiting.

namespace {

using common::SourceId;

constexpr std::size_t kPeople = 12;
constexpr int kTicks = 400;

struct Person {
    Person(mcu::NetThread& net_thread, std::uint64_t seed, bool talks_in)
        : net(net_thread),
          talks(talks_in),
          talker({.seed = seed}),
          hiss(-60, seed),
          encoder(*mixer::make_audio_encoder({})),
          playout(*mixer::AudioPlayout::create({}, std::array{common::AudioCodec::Opus})) {
        net.call([&] {
            wakeup = std::make_unique<mcu::Wakeup>(net, [&] {
                outbox->take(
                    [&](const mcu::OutgoingAudio& frame) { sent += frame.payload.size(); });
            });
            outbox = std::make_unique<mcu::AudioOutbox>(*wakeup);
        });
    }
    ~Person() {
        net.call([&] { wakeup.reset(); });
    }
    /// The net thread's part of a tick of 20 ms.
    void speak(common::Timestamp arrival) {
        const auto sound = talks ? talker.say(mixer::kTickSamples) : hiss.make(mixer::kTickSamples);
        const std::size_t size = encoder->encode(sound, bytes);
        playout->push({.codec = common::AudioCodec::Opus,
                       .sequence = sequence,
                       .rtp_time = sequence * 960U,
                       .arrival = arrival,
                       .payload = std::span(bytes).first(size)});
        ++sequence;
    }

    mcu::NetThread& net;
    const bool talks;
    tests::Talker talker;
    tests::Hiss hiss;
    std::unique_ptr<mixer::AudioEncoder> encoder;
    std::unique_ptr<mixer::AudioPlayout> playout;
    std::unique_ptr<mcu::Wakeup> wakeup;
    std::unique_ptr<mcu::AudioOutbox> outbox;
    std::array<std::uint8_t, 1275> bytes{};
    std::uint16_t sequence = 0;
    std::size_t sent = 0;
};

}  // namespace

TEST_CASE("A steady audio tick allocates nothing and takes no lock") {
    const common::MonotonicClock clock;
    mcu::NetThread net("net-test", clock);
    std::vector<std::unique_ptr<Person>> people;
    mcu::BridgeAudio bridge;
    for (std::uint64_t i = 0; i < kPeople; ++i) {
        people.push_back(std::make_unique<Person>(net, i + 1, i < 3));
        REQUIRE(bridge.mixer().add_source(SourceId{i + 1}, *people.back()->playout));
        REQUIRE(bridge.encoders().add_listener(SourceId{i + 1}, {}, *people.back()->outbox));
    }
    mcu::TickThread ticks("audio", 50, clock);
    ticks.add(bridge);

    std::uint64_t allocations = 0, taken = 0, waits = 0;
    mcu::SpeakerSnapshot speakers;
    for (std::uint64_t index = 1; index <= kTicks; ++index) {
        net.call([&] {
            for (const auto& person : people) {
                person->speak(ticks.time_of(index) - std::chrono::milliseconds(12));
            }
        });
        // Meanwhile others post to the net thread and are added to the tick's list and removed.
        std::jthread control([&] {
            (void)net.post([] {});
            (void)bridge.speakers();
        });
        const tests::AllocationCounter allocated;
        const tests::LockCounter locks;
        ticks.run_tick(index);
        if (index < 100) continue;  // until everybody has his place
        allocations += allocated.count();
        taken += locks.taken();
        waits += locks.waits();
    }
    // Read on the net thread: what the last tick woke may still be going out.
    std::size_t heard = 0;
    net.call([&] {
        for (const auto& person : people) heard += person->sent > 0 ? 1 : 0;
    });

    CHECK(allocations == 0);
    CHECK(taken == 0);
    CHECK(waits == 0);
    CHECK(bridge.take_speaker_change(speakers));
    CHECK_FALSE(speakers.ranked.empty());
    CHECK(heard == kPeople);
    ticks.remove(bridge);
    for (std::uint64_t i = 0; i < kPeople; ++i) {
        bridge.encoders().remove_listener(SourceId{i + 1});
        bridge.mixer().remove_source(SourceId{i + 1});
    }
}

namespace {

constexpr common::PictureSize kCamera{320, 180};

struct CountingSink final : mixer::PictureSink {
    void on_picture(const mixer::EncodedPictureRef&) override { ++pictures; }
    std::atomic<int> pictures{0};
};

/// Keeps a thread of the pool until the test comes too.
struct Rest final : common::Job {
    explicit Rest(std::barrier<>& with) : meet(with) {}
    void run() override { meet.arrive_and_wait(); }
    std::barrier<>& meet;
};

/// People who all see each other: half of them in one shared picture, each other in a picture of
/// their own, all encoded on the media pool's threads.
struct Meeting {
    Meeting() {
        const mixer::ViewId shared = stage.open_view();
        for (std::size_t i = 0; i < kSeen; ++i) {
            cameras.emplace_back(frames, static_cast<int>(i), kCamera);
            const mixer::ViewId view = i % 2 == 0 ? shared : stage.open_view();
            const mixer::StreamNeeds small{.max_bitrate = common::Bitrate::from_kbps(200)};
            REQUIRE(stage.subscribe(view, small, sinks[i]));
        }
        mcu::VideoPlan plan;
        for (std::size_t i = 0; i < kSeen; ++i)
            plan.sources.push_back({SourceId{i + 1}, &playouts[i]});
        for (const mixer::CanvasTask& task : stage.canvases()) {
            const int slot = static_cast<int>(plan.drawings.size()) * kSlots / 3;
            plan.drawings.push_back({task.canvas, 1, scenes.build(grid(), task.size), slot});
        }
        const mixer::SceneTile& tile = plan.drawings[0].scene->tiles[0];
        tile_need = {tile.rect.size(), tile.fit};
        canvases = plan.drawings.size();
        video.publish(std::move(plan));
    }

    static mixer::LayoutPlan grid() {
        mixer::LayoutPlan plan;
        for (std::size_t i = 0; i < kSeen; ++i) {
            mixer::Tile tile;
            tile.rect = {static_cast<double>(i % 2) / 2, static_cast<double>(i / 2) / 2, 0.48,
                         0.48};
            tile.source = SourceId{i + 1};
            tile.label = "Ada Lovelace";
            tile.speaking = i == 1;
            plan.tiles.push_back(tile);
        }
        return plan;
    }
    /// What decoders do: pictures, in the size of their tiles too.
    void shoot(common::Timestamp due) {
        for (std::size_t i = 0; i < kSeen; ++i) {
            mixer::SourcePicture picture{cameras[i].next(due), {}, true};
            picture.fitted[0] = {tile_need, fitter.fit(*picture.whole, tile_need).publish()};
            playouts[i].push(std::move(picture));
        }
    }

    /// Until `release`, no encoder begins that was not begun before.
    void hold() {
        for (Rest& rest : rests) pool.submit(rest);
    }
    void release() { meet.arrive_and_wait(); }
    /// Returns when the encoders have done all there was and hold no canvas. Twice: one that was
    /// offered a picture while it worked goes behind the first.
    void finish() {
        for (int i = 0; i < 2; ++i) {
            hold();
            release();
        }
    }

    static constexpr std::size_t kSeen = 4;
    static constexpr int kSlots = 16;
    common::MonotonicClock clock;
    std::barrier<> meet{3};
    std::array<Rest, 2> rests{Rest(meet), Rest(meet)};
    mixer::FramePool frames{std::size_t{64} << 20};
    common::MediaPool pool{2, clock};
    mixer::EncoderStage stage{{}, pool, clock};
    mixer::SceneBuilder scenes{frames};
    mixer::TileFitter fitter{frames};
    std::vector<tests::ColorSource> cameras;
    std::array<mixer::VideoPlayout, kSeen> playouts;
    std::array<CountingSink, kSeen> sinks;
    mixer::TileNeed tile_need;
    std::size_t canvases = 0;
    mcu::BridgeVideo video{frames, stage};
};

}  // namespace

TEST_CASE("A steady video tick allocates nothing and takes no lock") {
    Meeting meeting;
    CHECK(meeting.canvases == 3);
    mcu::TickThread ticks("video", 30, meeting.clock, Meeting::kSlots);
    ticks.add(meeting.video);

    // First faster than the encoders, then at their pace. In between once without them, so that as
    // many canvases are kept as there are pictures, however fast this machine encodes.
    constexpr std::uint64_t kWarmUp = 60, kVideoTicks = 160;
    std::uint64_t allocations = 0, taken = 0, waits = 0;
    for (std::uint64_t index = 1; index <= kVideoTicks; ++index) {
        meeting.shoot(ticks.time_of(index));
        if (index >= kWarmUp) meeting.finish();
        if (index == kWarmUp) meeting.hold();
        {
            // Meanwhile pictures come for the next tick, and others look.
            std::jthread decoder([&] { meeting.shoot(ticks.time_of(index + 1)); });
            std::jthread control([&] {
                (void)meeting.stage.counters();
                (void)meeting.pool.waits();
                (void)meeting.frames.bytes_in_use();
            });
            const tests::AllocationCounter allocated;
            const tests::LockCounter locks;
            ticks.run_tick(index);
            if (index > kWarmUp) {
                allocations += allocated.count();
                taken += locks.taken();
                waits += locks.waits();
            }
        }
        if (index == kWarmUp) meeting.release();
    }
    meeting.finish();

    CHECK(allocations == 0);
    CHECK(taken == 0);
    CHECK(waits == 0);
    for (const auto& sink : meeting.sinks) CHECK(sink.pictures > 90);
    ticks.remove(meeting.video);
}

TEST_CASE("The counter of locks sees a lock, and a wait for one") {
    if (!tests::LockCounter::counts()) return;
    std::mutex mutex;
    const tests::LockCounter locks;

    { const std::lock_guard lock(mutex); }
    CHECK(locks.taken() == 1);
    CHECK(locks.waits() == 0);

    std::condition_variable condition;
    std::unique_lock lock(mutex);
    (void)condition.wait_for(lock, std::chrono::microseconds(1));
    CHECK(locks.waits() == 1);
}
