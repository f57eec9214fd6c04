#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "common/ids.h"
#include "common/units.h"
#include "mixer/video/frame_pool.h"
#include "mixer/video/scene.h"
#include "mixer/video/video_playout.h"

namespace mixer {

/// Where the compositor looks up what a source shows at this tick.
class DuePictures {
  public:
    virtual ~DuePictures() = default;
    /// Null for a source that is gone.
    [[nodiscard]] virtual const DuePicture* find(common::SourceId source) const = 0;
};

/// Draws canvases from scenes. Scales each source once per (picture, tile size, crop) for all
/// canvases that share the compositor.
///
/// Thread: video tick alone; neither blocks nor logs. It asks the pool (a lock, perhaps
///         memory) only for tiles that no decoder made, and for canvases until as many are kept
///         as encoders work on at once; one that ten seconds of ticks did not need goes back.
/// Owner:  borrows the pool.
class Compositor {
  public:
    explicit Compositor(FramePool& pool);
    ~Compositor();

    /// Forgets scaled pictures that the previous tick did not use. Call once at the start of each
    /// tick.
    void begin_tick(common::Timestamp now);
    /// A picture that stood still for 2 s is dimmed, after 10 s the avatar takes its place.
    /// Returns an empty reference when the pool is exhausted (counted).
    [[nodiscard]] FrameRef compose(const Scene& scene, const DuePictures& pictures,
                                   common::Timestamp now);

    [[nodiscard]] std::uint64_t scale_count() const;  ///< scalings done, for the cost tests
    [[nodiscard]] std::uint64_t exhausted_count()
        const;  ///< canvases and tiles lost to a full pool

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer
