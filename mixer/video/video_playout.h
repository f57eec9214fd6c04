#pragma once

#include <cstddef>
#include <cstdint>

#include "common/bounded_queue.h"
#include "common/units.h"
#include "mixer/video/tile_fitter.h"
#include "mixer/video/video_frame.h"

namespace mixer {

/// What the tick draws for one source.
struct DuePicture {
    FrameRef frame;         ///< empty: never had one, or told to forget it
    FittedPictures fitted;  ///< what was made of it for tiles already
    common::Timestamp
        last_change;  ///< when the newest picture was taken; how long it has stood still
};

/// Gives the tick the newest picture *due* of one source, and keeps it while nothing newer comes.
///
/// Shape:  at most 8 pictures wait; a ninth pushes out the oldest.
/// Thread: `push` and `forget` any thread (the media pool), `take_due` the video tick alone; it
/// neither blocks
///         longer than one move nor allocates.
class VideoPlayout {
  public:
    VideoPlayout();
    /// `picture.whole->media_time()` is when it should be shown.
    void push(SourcePicture picture);
    void push(FrameRef frame) { push(SourcePicture{std::move(frame), {}}); }
    /// The newest picture with media_time <= now, or the one shown before. A picture that is more
    /// than 500 ms in the future (a broken sender clock) counts as due.
    [[nodiscard]] const DuePicture& take_due(common::Timestamp now);
    /// The video was muted or the stream ended: the avatar is shown from the next tick on.
    void forget();
    [[nodiscard]] std::uint64_t skipped()
        const;  ///< pictures never shown because a newer one was due

  private:
    common::BoundedQueue<SourcePicture> waiting_;
    SourcePicture next_;
    DuePicture current_;
    std::atomic<bool> forget_{false};
    std::atomic<std::uint64_t> skipped_{0};
};

}  // namespace mixer
