#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "common/mutex.h"
#include "common/units.h"
#include "mixer/codec/video_encoder.h"
#include "mixer/encode/encoded_picture.h"

namespace mixer {

/// One viewer: which Rendition's pictures it gets, and when it changes over to another.
///
/// Its *target* is the Rendition it should see; it is *served* by one that it can decode: the
/// target, or the one it saw before, until a start in the target is ready. Whatever two Renditions'
/// threads do, the sink sees media time rise, and a change of Rendition begins with a key picture.
///
/// Thread: any, but as noted. The lock is held while the sink takes a picture; the sink may call
/// request_start().
class Subscriber {
  public:
    enum class Place : std::uint8_t {
        Elsewhere,  ///< nothing of this Rendition is for it
        Following,  ///< decodes this Rendition
        Starting,   ///< waits for a start in this Rendition and cannot decode it
        Refreshing  ///< decodes this Rendition and asked for a start in it (a lost picture)
    };

    explicit Subscriber(PictureSink& sink) : sink_(&sink) {}

    /// Control thread. The viewer should be served by `rendition` as soon as it has a start for it.
    void assign(std::uint64_t rendition) EXCLUDES(mutex_);
    /// Control thread. Waits for a delivery under way; afterwards the sink is not called any more.
    void detach() EXCLUDES(mutex_);
    [[nodiscard]] bool attached_to(std::uint64_t rendition) const EXCLUDES(mutex_);
    /// `rendition` is the one it was assigned to last.
    [[nodiscard]] bool belongs_to(std::uint64_t rendition) const EXCLUDES(mutex_);
    /// It lost a picture, or cannot decode for another reason.
    void request_start() { start_requested_.store(true, std::memory_order_relaxed); }
    /// How its starts are made from now on.
    void set_start_quality(StartQuality quality) {
        start_quality_.store(quality, std::memory_order_relaxed);
    }
    [[nodiscard]] StartQuality start_quality() const {
        return start_quality_.load(std::memory_order_relaxed);
    }

    // What a Rendition asks and gives, on its thread.
    [[nodiscard]] Place place(std::uint64_t rendition) const EXCLUDES(mutex_);
    /// `rendition` will be able to start it with the picture after `media_time`: the one it sees
    /// now keeps off from then.
    void hold_others_after(std::uint64_t rendition, common::Timestamp media_time) EXCLUDES(mutex_);
    /// `rendition` is about to make a start of the picture of `media_time`. False when the viewer
    /// went elsewhere, or has seen that moment already (another Rendition was quicker; that one
    /// keeps off from now on).
    [[nodiscard]] bool claim(std::uint64_t rendition, common::Timestamp media_time)
        EXCLUDES(mutex_);
    void deliver_start(std::uint64_t rendition, const EncodedPictureRef& picture) EXCLUDES(mutex_);
    void deliver_shared(std::uint64_t rendition, const EncodedPictureRef& picture) EXCLUDES(mutex_);

  private:
    [[nodiscard]] bool wants_start() const REQUIRES(mutex_);
    void hand_over(const EncodedPictureRef& picture) REQUIRES(mutex_);

    mutable common::Mutex mutex_;
    PictureSink* sink_ GUARDED_BY(mutex_);
    std::uint64_t target_ GUARDED_BY(mutex_) = 0;
    std::uint64_t serving_ GUARDED_BY(mutex_) = 0;
    /// The serving Rendition, when it is not the target, delivers nothing later than this.
    std::optional<common::Timestamp> hold_after_ GUARDED_BY(mutex_);
    bool missed_picture_ GUARDED_BY(mutex_) =
        false;  ///< of the serving Rendition, because of hold_after_
    std::optional<common::Timestamp> last_delivered_ GUARDED_BY(mutex_);
    std::atomic<bool> start_requested_{false};
    std::atomic<StartQuality> start_quality_{StartQuality::Fine};
};

}  // namespace mixer
