#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "common/bounded_queue.h"
#include "common/ids.h"
#include "mcu/bridge/tick_thread.h"
#include "mixer/encode/encoder_stage.h"
#include "mixer/video/compositor.h"
#include "mixer/video/scene.h"
#include "mixer/video/video_playout.h"

namespace mcu {

/// Everything one conference's video tick needs, finished: who has pictures, which scene goes on
/// which canvas. Immutable once published.
struct VideoPlan {
    struct Shown {
        common::SourceId source;
        mixer::VideoPlayout* playout = nullptr;
    };
    struct Drawing {
        mixer::CanvasId canvas;
        int tick_divisor = 1;  ///< 1: every tick, 2: every other
        std::shared_ptr<const mixer::Scene> scene;
        int slot = 0;  ///< of the tick, in which it is drawn
    };
    std::vector<Shown> sources;  ///< ascending by source
    std::vector<Drawing> drawings;
    std::uint64_t revision = 0;  ///< set by publish
    std::uint32_t slots = 0;     ///< bit s: slot s has drawings; set by publish
};

/// The video half of a bridge: at each slot of a tick it takes the pictures that are due then,
/// draws the canvases of that slot and hands them to the encoders.
///
/// Thread: `tick`, `slot`, `slots`, `done` video tick; everything else control thread. In a steady
///         conference, with pictures in the sizes of their tiles, a tick neither allocates nor
///         takes a lock.
/// Owner:  plans are owned here and freed on the control thread only, once the tick has moved on to
/// a newer one.
class BridgeVideo final : public TickClient {
  public:
    BridgeVideo(mixer::FramePool& frames, mixer::EncoderStage& stage);
    ~BridgeVideo() override;  ///< answers requests still waiting, with an empty picture

    /// The tick swaps it in whole. Returns its revision.
    std::uint64_t publish(VideoPlan plan);
    /// No tick uses a plan older than this any more: what only they borrowed may go.
    [[nodiscard]] std::uint64_t adopted_revision() const {
        return adopted_.load(std::memory_order_acquire);
    }

    /// The next tick draws `scene` once and calls `done` on the tick thread (post from there). An
    /// empty picture: the frame pool is exhausted. False: four requests are waiting already.
    bool request_picture(std::shared_ptr<const mixer::Scene> scene,
                         std::function<void(mixer::FrameRef)> done);

    void tick(common::Timestamp now, std::uint64_t index) override;
    void slot(common::Timestamp now, std::uint64_t index, int slot) override;
    [[nodiscard]] std::uint32_t slots() const override { return slots_; }
    void done(common::Duration after_due) override;
    /// How long after a slot's time its pictures were with the encoders, smoothed over some
    /// half a second. Any thread.
    [[nodiscard]] common::Duration done_after() const {
        return common::Duration(done_after_ns_.load(std::memory_order_relaxed));
    }
    /// CPU time of all ticks so far. Any thread.
    [[nodiscard]] common::Duration cpu() const {
        return common::Duration(cpu_ns_.load(std::memory_order_relaxed));
    }

  private:
    struct PictureRequest {
        std::shared_ptr<const mixer::Scene> scene;
        std::function<void(mixer::FrameRef)> done;
    };
    /// The pictures of this tick, found by source.
    class TickPictures final : public mixer::DuePictures {
      public:
        TickPictures();
        void take(const VideoPlan& plan, common::Timestamp now);
        [[nodiscard]] const mixer::DuePicture* find(common::SourceId source) const override;

      private:
        struct Entry {
            common::SourceId source;
            const mixer::DuePicture* picture;
        };
        std::vector<Entry> entries_;
    };

    [[nodiscard]] const VideoPlan* adopt();
    void draw(const VideoPlan& plan, common::Timestamp now, std::uint64_t index, int slot);
    void draw_requested_pictures(common::Timestamp now);
    void reclaim();

    mixer::EncoderStage& stage_;
    mixer::Compositor compositor_;                        // tick thread
    TickPictures pictures_;                               // tick thread
    std::uint32_t slots_ = 0;                             // tick thread
    std::deque<std::unique_ptr<const VideoPlan>> plans_;  // control thread; the newest is last
    std::uint64_t last_revision_ = 0;                     // control thread
    std::atomic<const VideoPlan*> published_{nullptr};
    std::atomic<std::uint64_t> adopted_{0};
    common::BoundedQueue<PictureRequest> requests_;
    std::atomic<int> requests_waiting_{0};  ///< so that a tick without any takes no lock
    std::atomic<std::int64_t> cpu_ns_{0};
    std::atomic<std::int64_t> done_after_ns_{0};  // the tick alone writes it
};

}  // namespace mcu
