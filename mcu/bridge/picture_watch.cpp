#include "mcu/bridge/picture_watch.h"

#include <utility>

namespace mcu {

using common::Timestamp;

std::optional<MediaEvent> PictureWatch::check(Timestamp now, const State& state) {
    const std::uint64_t fresh = state.decoded - std::exchange(decoded_before_, state.decoded);
    const double seconds = std::chrono::duration<double>(now - checked_).count();
    if (checked_ != Timestamp() && seconds > 0)
        frames_per_second_ = static_cast<double>(fresh) / seconds;
    checked_ = now;

    if (fresh > 0) last_picture_ = now;
    const bool seen_once = last_picture_ != Timestamp();
    if (!state.shown && state.expected) {
        if (seen_once) last_picture_ = now;
        return std::nullopt;
    }
    const bool expected = state.expected && seen_once;
    const bool frozen = expected && now - last_picture_ > kFrozenAfter;
    // Only a picture ends it, or that none is expected any more.
    if (frozen == frozen_ || (frozen_ && expected && fresh == 0)) return std::nullopt;
    frozen_ = frozen;
    return frozen ? MediaEvent::Frozen : MediaEvent::Resumed;
}

}  // namespace mcu
