#include <benchmark/benchmark.h>

#include <vector>

#include "mixer/codec/video_encoder.h"
#include "mixer/encode/encoder_stage.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/fake_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/moving_people.h"

namespace {

class ForgetfulSink final : public mixer::PictureSink {
  public:
    void on_picture(const mixer::EncodedPictureRef&) override {}
};

/// Pictures of nine moving people, painted before the clock runs.
struct Pictures {
    explicit Pictures(common::PictureSize size) {
        const tests::MovingPeople people(size, 9);
        for (int i = 0; i < 32; ++i) pictures.push_back(people.paint(pool, i, {}));
    }
    /// There and back again, so that no cut falls between two pictures.
    [[nodiscard]] const mixer::FrameRef& at(int index) const {
        const int phase = index % 62;
        return pictures[static_cast<std::size_t>(phase < 32 ? phase : 62 - phase)];
    }
    mixer::FramePool pool{256u << 20};
    std::vector<mixer::FrameRef> pictures;
};

/// One shared picture for `viewers`, from the tick to their sinks.
void one_tick(benchmark::State& state, common::PictureSize size, int viewers) {
    const Pictures pictures(size);
    tests::FakeClock clock;
    tests::ManualExecutor executor;
    std::vector<ForgetfulSink> sinks(static_cast<std::size_t>(viewers));
    mixer::EncoderStage stage({}, executor, clock);
    const mixer::ViewId view = stage.open_view();
    mixer::StreamNeeds needs;
    needs.max_size = size;
    for (ForgetfulSink& sink : sinks) (void)stage.subscribe(view, needs, sink);
    const mixer::CanvasId canvas = stage.canvases().at(0).canvas;
    int index = 0;
    for (auto _ : state) {
        clock.advance(std::chrono::milliseconds(33));
        stage.encode(canvas, pictures.at(index++), clock.now());
        executor.run_all();
    }
}
BENCHMARK_CAPTURE(one_tick, 720p_1_viewer, {1280, 720}, 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(one_tick, 720p_9_viewers, {1280, 720}, 9)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(one_tick, 720p_100_viewers, {1280, 720}, 100)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(one_tick, 360p_9_viewers, {640, 360}, 9)->Unit(benchmark::kMillisecond);

/// What a start costs, and how large it is.
void splice_idr(benchmark::State& state, common::PictureSize size, int kbps) {
    const Pictures pictures(size);
    const mixer::StreamFormat format{.size = size};
    const auto bitrate = common::Bitrate::from_kbps(kbps);
    const auto encoder = std::move(*mixer::make_x264_encoder(format, bitrate));
    const auto splicer = std::move(*mixer::make_x264_splice_encoder(format));
    for (int i = 0; i < 60; ++i) {
        (void)encoder->encode(*pictures.at(i), mixer::PictureType::Predicted);
    }
    std::size_t bytes = 0;
    for (auto _ : state) {
        const auto start = splicer->encode(encoder->reconstruction(), 0);
        bytes = 0;
        for (const auto nal : start->nals) bytes += nal.size();
    }
    state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK_CAPTURE(splice_idr, 720p, {1280, 720}, 1000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(splice_idr, 360p, {640, 360}, 350)->Unit(benchmark::kMillisecond);

/// The tick's own part of it: handing a canvas over.
void hand_over(benchmark::State& state) {
    const Pictures pictures({320, 180});
    tests::FakeClock clock;
    class NoExecutor final : public common::Executor {
      public:
        void submit(common::Job& queued) override { job = &queued; }
        common::Job* job = nullptr;
    } executor;
    ForgetfulSink sink;
    mixer::EncoderStage stage({}, executor, clock);
    mixer::StreamNeeds needs;
    needs.max_size = {320, 180};
    (void)stage.subscribe(stage.open_view(), needs, sink);
    const mixer::CanvasId canvas = stage.canvases().at(0).canvas;
    stage.encode(canvas, pictures.at(0), clock.now());
    const tests::AllocationCounter allocations;
    for (auto _ : state) stage.encode(canvas, pictures.at(0), clock.now());
    state.counters["allocations"] = static_cast<double>(allocations.count());
    if (executor.job != nullptr) executor.job->run();
}
BENCHMARK(hand_over);

}  // namespace

BENCHMARK_MAIN();
