#include <array>
#include <memory>
#include <vector>

#include "mcu/rtp/h264_depacketizer.h"
#include "mcu/rtp/h264_packetizer.h"
#include "mixer/codec/video_decoder.h"
#include "mixer/codec/video_encoder.h"
#include "mixer/video/compositor.h"
#include "mixer/video/drawing.h"
#include "mixer/video/tile_fitter.h"
#include "tests/bench/step.h"
#include "tests/support/moving_people.h"

// One picture's way in, onto a canvas, and out, step by step as docs/flow.md has them: 720p at 1
// Mbit/s, nine people.

namespace {

using bench::run_step;
using common::PictureSize;
using common::SourceId;
using Bytes = std::vector<std::uint8_t>;

constexpr PictureSize kLarge{1280, 720};
constexpr std::size_t kPictures = 32;

/// Pictures of people who move, what an encoder makes of them, and what goes on the wire.
struct Clip {
    Clip() {
        const tests::MovingPeople people(kLarge, 4);
        const auto encoder = std::move(
            *mixer::make_x264_encoder({.size = kLarge}, common::Bitrate::from_kbps(1000)));
        mcu::H264Packetizer packetizer(mcu::H264Packetizer::Mode::NonInterleaved);
        for (std::size_t i = 0; i < kPictures; ++i) {
            pictures.push_back(people.paint(pool, static_cast<int>(i), {}));
            const auto coded = encoder->encode(
                *pictures.back(), i == 0 ? mixer::PictureType::Key : mixer::PictureType::Predicted);
            nals.emplace_back();
            common::EncodedFrame frame;
            frame.key_frame = coded->key;
            for (const auto nal : coded->nals) {
                nals.back().emplace_back(nal.begin(), nal.end());
                frame.bytes.insert(frame.bytes.end(), {0, 0, 0, 1});
                frame.bytes.insert(frame.bytes.end(), nal.begin(), nal.end());
            }
            frames.push_back(std::move(frame));
            payloads.push_back(payloads_of(packetizer, nals.back()));
        }
    }
    static std::vector<Bytes> payloads_of(mcu::H264Packetizer& packetizer,
                                          const std::vector<Bytes>& nals) {
        const std::vector<std::span<const std::uint8_t>> spans(nals.begin(), nals.end());
        std::vector<Bytes> payloads;
        Bytes out(packetizer.largest_payload_bytes());
        packetizer.start(spans);
        while (const auto payload = packetizer.next(out)) {
            payloads.emplace_back(out.begin(),
                                  out.begin() + static_cast<std::ptrdiff_t>(payload->bytes));
        }
        return payloads;
    }

    mixer::FramePool pool{std::size_t{512} << 20};
    std::vector<mixer::FrameRef> pictures;
    std::vector<std::vector<Bytes>> nals;
    std::vector<common::EncodedFrame> frames;
    std::vector<std::vector<Bytes>> payloads;
};

Clip& clip() {
    static Clip made;
    return made;
}

void depacketize(benchmark::State& state) {
    mcu::H264Depacketizer depacketizer;
    common::EncodedFrame frame;
    run_step(state, kPictures, [&](std::size_t i) {
        frame.bytes.clear();
        depacketizer.begin(frame);
        for (const Bytes& payload : clip().payloads[i]) (void)depacketizer.add(payload);
        benchmark::DoNotOptimize(depacketizer.finish());
    });
}
WALK_STEP(depacketize);

void decode(benchmark::State& state) {
    mixer::FramePool pool(std::size_t{128} << 20);
    const auto decoder = std::move(*mixer::make_decoder(common::VideoCodec::H264, pool));
    run_step(state, kPictures,
             [&](std::size_t i) { benchmark::DoNotOptimize(decoder->decode(clip().frames[i])); });
}
WALK_STEP(decode)->Unit(benchmark::kMillisecond);

/// Nine streams in turn, as a bridge has them: each finds its pictures gone from the cache.
void decode_and_fit(benchmark::State& state, bool halves) {
    mixer::FramePool pool(std::size_t{256} << 20);
    mixer::TileFitter fitter(pool);
    std::vector<std::unique_ptr<mixer::VideoDecoder>> decoders(9);
    for (auto& decoder : decoders) {
        decoder = std::move(*mixer::make_decoder(common::VideoCodec::H264, pool));
        decoder->make_halves(halves);
    }
    run_step(state, kPictures, [&](std::size_t i) {
        for (const auto& decoder : decoders) {
            const auto picture = decoder->decode(clip().frames[i]);
            const auto half = decoder->take_half();
            benchmark::DoNotOptimize(fitter.fit(**picture, {.size = {424, 238}}, half.get()));
        }
    });
}
BENCHMARK_CAPTURE(decode_and_fit, after_decoding, false)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode_and_fit, while_decoding, true)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

void scale(benchmark::State& state, PictureSize to) {
    mixer::TileFitter fitter(clip().pool);
    run_step(state, kPictures, [&](std::size_t i) {
        benchmark::DoNotOptimize(fitter.fit(*clip().pictures[i], {.size = to}));
    });
}

/// Nine people in a grid, with names.
struct Grid final : mixer::DuePictures {
    explicit Grid(bool names) : scenes(clip().pool) {
        mixer::LayoutPlan plan;
        for (int i = 0; i < 9; ++i) {
            mixer::Tile tile;
            tile.rect = {(i % 3) / 3.0, (i / 3) / 3.0, 1 / 3.0, 1 / 3.0};
            tile.source = SourceId{static_cast<std::uint64_t>(i) + 1};
            if (names) tile.label = "Participant";
            plan.tiles.push_back(tile);
        }
        scene = scenes.build(plan, kLarge);
    }
    void show(std::size_t picture) {
        for (std::size_t i = 0; i < 9; ++i) {
            due[i].frame = clip().pictures[(picture + i) % kPictures];
        }
    }
    /// What a decoder makes of each picture for its tile.
    void fit(mixer::TileFitter& fitter) {
        for (std::size_t i = 0; i < 9; ++i) {
            const mixer::TileNeed need{scene->tiles[i].rect.size(), scene->tiles[i].fit};
            due[i].fitted[0] = {need, std::move(fitter.fit(*due[i].frame, need)).publish()};
        }
    }
    [[nodiscard]] const mixer::DuePicture* find(SourceId source) const override {
        return &due[source.value - 1];
    }
    mixer::SceneBuilder scenes;
    std::shared_ptr<const mixer::Scene> scene;
    std::array<mixer::DuePicture, 9> due;
};

/// A canvas of tiles that are there in their size.
void compose(benchmark::State& state, bool names) {
    Grid grid(names);
    mixer::TileFitter fitter(clip().pool);
    mixer::Compositor compositor(clip().pool);
    std::size_t picture = 0;
    run_step(
        state, 1,
        [&] {
            grid.show(++picture);
            grid.fit(fitter);
            compositor.begin_tick({});
        },
        [&](std::size_t) { benchmark::DoNotOptimize(compositor.compose(*grid.scene, grid, {})); });
}

void labels_of_nine(benchmark::State& state) {
    const Grid grid(true);
    mixer::FrameWriter canvas = clip().pool.acquire(kLarge);
    mixer::fill(*canvas, {0, 0, kLarge.width, kLarge.height}, {16, 128, 128});
    run_step(state, 1, [&](std::size_t) {
        for (const mixer::SceneTile& tile : grid.scene->tiles) {
            if (tile.label) mixer::paint_label(*canvas, tile.rect.x, tile.rect.y, *tile.label);
        }
    });
}

void encode(benchmark::State& state) {
    const auto encoder =
        std::move(*mixer::make_x264_encoder({.size = kLarge}, common::Bitrate::from_kbps(1000)));
    run_step(state, kPictures, [&](std::size_t i) {
        benchmark::DoNotOptimize(
            encoder->encode(*clip().pictures[i], mixer::PictureType::Predicted));
    });
}

void splice(benchmark::State& state) {
    const mixer::StreamFormat format{.size = kLarge};
    const auto encoder =
        std::move(*mixer::make_x264_encoder(format, common::Bitrate::from_kbps(1000)));
    const auto splicer = std::move(*mixer::make_x264_splice_encoder(format));
    for (const auto& picture : clip().pictures) {
        (void)encoder->encode(*picture, mixer::PictureType::Predicted);
    }
    run_step(state, 1, [&](std::size_t) {
        benchmark::DoNotOptimize(splicer->encode(encoder->reconstruction(), 0));
    });
}

/// One picture for one viewer.
void packetize(benchmark::State& state) {
    mcu::H264Packetizer packetizer(mcu::H264Packetizer::Mode::NonInterleaved);
    std::vector<std::vector<std::span<const std::uint8_t>>> spans;
    for (const auto& nals : clip().nals) spans.emplace_back(nals.begin(), nals.end());
    Bytes out(packetizer.largest_payload_bytes());
    run_step(state, kPictures, [&](std::size_t i) {
        packetizer.start(spans[i]);
        while (const auto payload = packetizer.next(out)) benchmark::DoNotOptimize(payload->bytes);
    });
}

#define FRAME_STEP(step, name, ...) \
    BENCHMARK_CAPTURE(step, name, __VA_ARGS__)->UseManualTime()->Unit(benchmark::kMillisecond)
FRAME_STEP(scale, to_640x360, {640, 360});
FRAME_STEP(scale, to_426x240, {426, 240});
FRAME_STEP(scale, to_320x180, {320, 180});
FRAME_STEP(compose, nine_tiles, false);
FRAME_STEP(compose, nine_tiles_with_names, true);
WALK_STEP(labels_of_nine);
WALK_STEP(encode)->Unit(benchmark::kMillisecond);
WALK_STEP(splice)->Unit(benchmark::kMillisecond);
WALK_STEP(packetize);

}  // namespace

BENCHMARK_MAIN();
