#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "mixer/encode/encoder_stage.h"
#include "tests/support/fake_clock.h"
#include "tests/support/h264_viewer.h"
#include "tests/support/manual_executor.h"
#include "tests/support/moving_people.h"

namespace tests {

using namespace std::chrono_literals;

/// A viewer that keeps what it gets, and looks at it with libavcodec when asked to.
class RecordingSink final : public mixer::PictureSink {
  public:
    void on_picture(const mixer::EncodedPictureRef& picture) override {
        pictures.push_back(picture);
    }

    [[nodiscard]] int keys_since(std::size_t index) const {
        int keys = 0;
        for (std::size_t i = index; i < pictures.size(); ++i) keys += pictures[i]->key ? 1 : 0;
        return keys;
    }
    [[nodiscard]] int keys() const { return keys_since(0); }
    /// Media time rises from picture to picture, by no more than `most`.
    [[nodiscard]] bool flows(common::Duration most) const {
        for (std::size_t i = 1; i < pictures.size(); ++i) {
            const common::Duration step = pictures[i]->media_time - pictures[i - 1]->media_time;
            if (step <= 0ns || step > most) return false;
        }
        return true;
    }
    /// Every picture decodes, from the first one on, without a warning.
    [[nodiscard]] bool decodes_cleanly() const {
        if (pictures.empty()) return true;
        H264Viewer viewer(pictures.front()->codec);
        for (const auto& picture : pictures) {
            if (!viewer.decode(picture->nals)) return false;
        }
        return viewer.complaints() == 0;
    }

    std::vector<mixer::EncodedPictureRef> pictures;
};

/// An EncoderStage, a clock and canvases full of moving people; encodes when `tick` says so.
struct EncodingRoom {
    static constexpr common::Duration kTick = 33'333'333ns;

    explicit EncodingRoom(common::PictureSize largest = {320, 180},
                          const mixer::EncoderStage::Config& stage_config = config())
        : stage(stage_config, executor, clock) {
        needs.max_size = largest;
    }
    ~EncodingRoom() { executor.run_all(); }  // a Rendition closes when nothing of it is queued

    /// One tick: draws each watched canvas that is due and encodes all of them.
    void tick() {
        draw();
        executor.run_all();
    }
    void ticks(int count) {
        for (int i = 0; i < count; ++i) tick();
    }
    void draw() {
        clock.advance(kTick);
        ++tick_count;
        if (tick_count % 30 == 0) stage.tidy();
        for (const mixer::CanvasTask& task : stage.canvases()) {
            if (tick_count % (30 / task.drawn_per_second) != 0) continue;
            stage.encode(task.canvas, canvas_of(task), clock.now());
        }
    }
    mixer::FrameRef canvas_of(const mixer::CanvasTask& task) {
        auto& scene = scenes[task.size];
        if (!scene) scene = std::make_unique<MovingPeople>(task.size, 4);
        return scene->paint(pool, tick_count + static_cast<int>(task.view.value) * 100,
                            clock.now());
    }
    mixer::SubscriptionId subscribe(mixer::ViewId view, mixer::PictureSink& sink) {
        const auto id = stage.subscribe(view, needs, sink);
        REQUIRE(id);
        return *id;
    }

    static mixer::EncoderStage::Config config() {
        mixer::EncoderStage::Config config;
        // Rates as in the table, but for the smallest, which stays at every tick here.
        config.rungs.back().frames_per_second = 30;
        return config;
    }

    FakeClock clock;
    ManualExecutor executor;
    mixer::FramePool pool{256u << 20};
    std::map<common::PictureSize, std::unique_ptr<MovingPeople>> scenes;
    mixer::StreamNeeds needs;
    int tick_count = 0;
    mixer::EncoderStage stage;
};

}  // namespace tests
