#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "common/latest_value.h"
#include "common/spsc_queue.h"
#include "common/units.h"
#include "mixer/video/tile_fitter.h"
#include "mixer/video/video_frame.h"

namespace mixer {

/// What the tick draws for one source.
struct DuePicture {
    /// Empty: never had one, or told to forget it. Where `fitted` had all that was wanted, it is
    /// the newest, which may be a little ahead of them: right for a tile that is new.
    FrameRef frame;
    FittedPictures fitted;  ///< what was made of it for tiles already
    common::Timestamp
        last_change;  ///< when the newest picture was taken; how long it has stood still
};

/// Gives the tick the newest picture *due* of one source, and keeps it while nothing newer comes.
///
/// What waits in the size of its tiles waits without the whole picture, the newest excepted, which
/// its decoder holds anyway: a megabyte and more for each.
///
/// Shape:  at most 8 pictures wait; a ninth, a quarter of a second ahead of a tick that stands, is
///         dropped.
/// Thread: `push` one thread at a time (the source's decoder), `forget` any, `take_due` the video
///         tick alone. None takes a lock or allocates.
class VideoPlayout {
  public:
    /// `picture.whole->media_time()` is when it should be shown.
    void push(SourcePicture picture);
    void push(FrameRef frame) { push(SourcePicture{std::move(frame), {}, false}); }
    /// The newest picture with media_time <= now, or the one shown before. A picture that is more
    /// than 500 ms in the future (a broken sender clock) counts as due.
    [[nodiscard]] const DuePicture& take_due(common::Timestamp now);
    /// The video was muted or the stream ended: the avatar is shown from the next tick on.
    void forget();
    [[nodiscard]] std::uint64_t skipped()
        const;  ///< pictures never shown because a newer one was due

  private:
    static constexpr std::size_t kMostWaiting = 8;
    struct Waiting {
        SourcePicture picture;  ///< its `whole` may be empty
        common::Timestamp due;
        std::uint64_t age = 0;  ///< `ages_` when it was pushed
    };
    struct Whole {
        FrameRef frame;
        std::uint64_t age = 0;
    };
    void show(Waiting& picture, common::Timestamp now);

    common::SpscQueue<Waiting, kMostWaiting> waiting_;
    common::LatestValue<Whole> newest_;  ///< put before the same waits

    // Tick thread.
    std::optional<Waiting> next_;
    bool shown_ = false;
    std::uint64_t shown_age_ = 0;
    FrameRef shown_whole_;  ///< of what is shown, if it waited with it
    Whole newest_whole_;
    DuePicture current_;

    std::atomic<std::uint64_t> ages_{0};  ///< how often all before was to be forgotten
    std::atomic<std::uint64_t> skipped_{0};
};

}  // namespace mixer
