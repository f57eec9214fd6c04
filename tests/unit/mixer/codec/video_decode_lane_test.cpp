#include "mixer/codec/video_decode_lane.h"

#include <catch2/catch.hpp>
#include <functional>

#include "common/media_pool.h"
#include "tests/support/color_source.h"
#include "tests/support/fake_clock.h"
#include "tests/support/h264_clip.h"
#include "tests/support/manual_executor.h"

using common::EncodedFrame;
using mixer::FrameRef;
using mixer::VideoDecodeError;
using namespace common;

namespace {

/// "Decodes" by painting: what the lane does with results is what is tested here.
class PaintingDecoder final : public mixer::VideoDecoder {
  public:
    explicit PaintingDecoder(mixer::FramePool& pool) : camera_(pool, 1, {160, 96}) {}
    tl::expected<FrameRef, VideoDecodeError> decode(const EncodedFrame& frame) override {
        ++calls;
        if (during) during();
        if (fails) return tl::unexpected(*fails);
        return camera_.next(frame.due);
    }
    [[nodiscard]] bool concealed() const override { return conceals; }
    void make_halves(bool wanted) override { halves_wanted = wanted; }

    int calls = 0;
    bool conceals = false, halves_wanted = false;
    std::function<void()> during;
    std::optional<VideoDecodeError> fails;

  private:
    tests::ColorSource camera_;
};

class Asked final : public mixer::KeyFrameRequester {
  public:
    void request_key_frame() override { ++times; }
    std::atomic<int> times{0};
};

struct Fixture {
    Fixture() {
        auto owned = std::make_unique<PaintingDecoder>(pool);
        decoder = owned.get();
        lane.emplace(executor, clock, std::move(owned), pool, playout, asked);
    }
    ~Fixture() {
        executor.run_all();
        lane->close();
    }

    void push(bool key, bool follows_loss = false, Duration delay = {}) {
        EncodedFrame frame;
        frame.key_frame = key;
        frame.follows_loss = follows_loss;
        frame.arrival = clock.now();
        frame.due = clock.now() + delay;
        frame.bytes = {0};
        lane->push(std::move(frame));
    }
    /// Pushes one frame a 30th of a second later and decodes it; whether a new picture came out.
    bool shows_next(bool key = false, bool follows_loss = false) {
        clock.advance(33ms);
        push(key, follows_loss);
        executor.run_all();
        return playout.take_due(clock.now()).last_change == clock.now();
    }

    mixer::FramePool pool{16U << 20};
    tests::FakeClock clock;
    tests::ManualExecutor executor;
    mixer::VideoPlayout playout;
    Asked asked;
    PaintingDecoder* decoder = nullptr;
    std::optional<mixer::VideoDecodeLane> lane;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A key frame and what follows it are decoded and shown") {
    CHECK(shows_next(true));
    CHECK(shows_next());

    CHECK(lane->counters().decoded == 2);
    CHECK(lane->picture_size() == PictureSize{160, 96});
    CHECK(asked.times == 0);
}

TEST_CASE_METHOD(Fixture, "A stream joined in its middle waits for a key frame it asks for") {
    CHECK_FALSE(shows_next());
    CHECK(asked.times == 1);
    CHECK(decoder->calls == 0);

    CHECK(shows_next(true));
    CHECK(lane->picture_size() == PictureSize{160, 96});
}

TEST_CASE_METHOD(Fixture,
                 "A full queue is dropped up to the next key frame, and one is requested") {
    shows_next(true);
    for (int i = 0; i < 9; ++i) push(false);
    executor.run_all();

    CHECK(decoder->calls == 1);
    CHECK(lane->counters().dropped == 9);
    CHECK(asked.times >= 1);
    CHECK(shows_next(true));
}

TEST_CASE_METHOD(Fixture, "After lost packets the last good picture stays until a key frame") {
    shows_next(true);

    CHECK_FALSE(shows_next(false, true));
    CHECK_FALSE(shows_next());
    CHECK(asked.times == 2);
    CHECK(lane->counters().withheld == 2);
    CHECK(shows_next(true));
}

TEST_CASE_METHOD(Fixture, "A peer that sends no key frame for 2 s is shown concealed") {
    shows_next(true);
    shows_next(false, true);

    clock.advance(2s);

    CHECK(shows_next());
    CHECK(shows_next(false, true));
    CHECK(asked.times >= 3);
}

TEST_CASE_METHOD(Fixture, "A concealed picture is withheld like one after a loss") {
    shows_next(true);
    decoder->conceals = true;
    CHECK_FALSE(shows_next());
    CHECK(lane->counters().concealed == 1);

    decoder->conceals = false;
    CHECK(shows_next(true));
}

TEST_CASE_METHOD(Fixture,
                 "What cannot be decoded is counted by its reason and a key frame requested") {
    shows_next(true);
    decoder->fails = VideoDecodeError::Corrupt;
    CHECK_FALSE(shows_next());
    decoder->fails = VideoDecodeError::TooLarge;
    CHECK_FALSE(shows_next());

    CHECK(lane->counters().corrupt == 1);
    CHECK(lane->counters().too_large == 1);
    CHECK(asked.times >= 2);
}

TEST_CASE_METHOD(
    Fixture, "A source nobody sees is not decoded, and is asked for a key frame when seen again") {
    shows_next(true);
    lane->set_shown(false);
    CHECK_FALSE(shows_next());
    CHECK(decoder->calls == 1);
    CHECK(asked.times == 0);

    lane->set_shown(true);
    CHECK(asked.times == 1);
    CHECK_FALSE(shows_next());
    CHECK(shows_next(true));
}

TEST_CASE_METHOD(Fixture,
                 "A camera muted while its picture is decoded leaves no picture standing") {
    shows_next(true);
    decoder->during = [&] {
        lane->set_shown(false);
        playout.forget();
    };

    push(false);
    executor.run_all();

    CHECK_FALSE(playout.take_due(clock.now()).frame);
}

TEST_CASE_METHOD(Fixture, "Each picture comes with what its tiles need, and is scaled but once") {
    const mixer::TileNeed grid{{80, 44}, mixer::Fit::Crop};
    const mixer::TileNeed strip{{40, 24}, mixer::Fit::Letterbox};
    lane->set_tiles(std::vector{grid, strip});
    push(true);
    executor.run_all();

    const mixer::DuePicture& due = playout.take_due(clock.now());

    REQUIRE(due.frame);
    REQUIRE(due.fitted[0].picture);
    CHECK(due.fitted[0].tile == grid);
    CHECK(due.fitted[0].picture->size() == grid.size);
    CHECK(due.fitted[1].tile == strip);
    CHECK_FALSE(due.fitted[2].picture);
}

TEST_CASE_METHOD(Fixture, "Whoever has all his tiles leaves the whole picture to the newest") {
    const bool all = GENERATE(true, false);
    std::vector<mixer::TileNeed> tiles{{{80, 44}, mixer::Fit::Crop}};
    if (!all) tiles.push_back({{160, 96}, mixer::Fit::Crop});  // the picture's own size
    lane->set_tiles(tiles);
    push(true);
    push(true, false, 40ms);
    executor.run_all();

    const mixer::DuePicture& due = playout.take_due(clock.now());

    REQUIRE(due.frame);
    CHECK((due.frame->media_time() > clock.now()) == all);
}

TEST_CASE_METHOD(Fixture,
                 "Nothing is made for a tile of the picture's own size, nor for a fourth") {
    const std::vector<mixer::TileNeed> tiles{{{160, 96}, mixer::Fit::Crop},
                                             {{80, 44}, mixer::Fit::Crop},
                                             {{60, 34}, mixer::Fit::Crop},
                                             {{40, 24}, mixer::Fit::Crop}};
    lane->set_tiles(tiles);
    push(true);
    executor.run_all();

    const mixer::DuePicture& due = playout.take_due(clock.now());

    CHECK_FALSE(due.fitted[0].picture);
    CHECK(due.fitted[1].picture);
    CHECK(due.fitted[2].picture);
}

TEST_CASE_METHOD(Fixture, "Decoding that takes long shows in what it is said to take") {
    const Duration before = lane->decoding();
    decoder->during = [this] { clock.advance(20ms); };
    for (int i = 0; i < 30; ++i) {
        push(true);
        executor.run_all();
        (void)playout.take_due(clock.now());
    }

    CHECK(before <= 5ms);
    CHECK(lane->decoding() >= 15ms);
}

TEST_CASE("A real clip goes through a real pool of threads to the playout") {
    mixer::FramePool pool(64U << 20);
    mixer::VideoPlayout playout;
    Asked asked;
    const common::MonotonicClock monotonic;
    common::MediaPool threads(2, monotonic);
    auto decoder = mixer::make_decoder(common::VideoCodec::H264, pool);
    REQUIRE(decoder);
    mixer::VideoDecodeLane lane(threads, monotonic, std::move(*decoder), pool, playout, asked);
    const auto clip = tests::make_h264_clip({});

    const auto deadline = std::chrono::steady_clock::now() + 10s;
    for (std::size_t i = 0; i < clip.size(); ++i) {
        lane.push(clip[i]);
        while (lane.counters().decoded <= i && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::yield();
        }
        (void)playout.take_due(clip[i].due);
    }
    lane.close();

    const auto& due = playout.take_due(clip.back().due);
    REQUIRE(due.frame);
    CHECK(tests::ColorSource::read(*due.frame, {0, 0, 640, 360}) == tests::ColorMark{1, 9});
}

TEST_CASE_METHOD(Fixture, "Halves are asked for while a tile is small enough to begin with one") {
    lane->set_tiles(std::vector{mixer::TileNeed{{120, 66}}, mixer::TileNeed{{80, 44}}});
    shows_next(true);
    CHECK_FALSE(decoder->halves_wanted);  // no size is known yet
    shows_next();
    CHECK(decoder->halves_wanted);

    lane->set_tiles(std::vector{mixer::TileNeed{{120, 66}}});
    shows_next();
    CHECK_FALSE(decoder->halves_wanted);
}
