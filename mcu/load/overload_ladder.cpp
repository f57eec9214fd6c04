#include "mcu/load/overload_ladder.h"

#include <algorithm>

namespace mcu {

using common::Duration;
using common::Timestamp;
using namespace std::chrono_literals;

namespace {

/// A stall of half a second, or eight people who come at once, are no overload.
constexpr Duration kSustained = 1500ms;
/// Work under way when a step was taken is done, and encoders of another size have their start.
constexpr Duration kSettling = 2s;
constexpr Duration kSustainedToRefuse = 6s;
constexpr Duration kRelapse = 60s;
constexpr Duration kLeastPatience = 10s;
constexpr Duration kMostPatience = 320s;

// Below 27 pictures a second; a wait that costs a picture its tick and the next; sound that peers
// must make up.
constexpr double kMostPicturesLost = 0.1;
constexpr double kMostAudioTicksLost = 0.05;
constexpr Duration kLongestWait = 50ms;

// All in time, with some reserve.
constexpr double kFewPicturesLost = 0.02;
constexpr Duration kShortWait = 33ms;
constexpr double kMostCpu = 0.9;

/// The share of all cores that would be in use without a step, at most.
double share_without(LoadStep step, const LoadFigures& figures) {
    switch (step) {
        case LoadStep::FrameRate:
            return figures.cpu_share + 1.2 * figures.encode_share;  // composing too
        case LoadStep::Rungs:
            return figures.cpu_share + 0.5 * figures.encode_share;
        case LoadStep::Lines480:
        case LoadStep::Lines360:
            return figures.cpu_share + 1.3 * figures.encode_share;  // about twice the pixels
        case LoadStep::Refuse:
            break;
    }
    return figures.cpu_share * 1.05;
}

}  // namespace

std::string_view name_of(LoadStep step) {
    switch (step) {
        case LoadStep::FrameRate:
            return "frame rate";
        case LoadStep::Rungs:
            return "number of rungs";
        case LoadStep::Lines480:
            return "canvas 480p";
        case LoadStep::Lines360:
            return "canvas 360p";
        case LoadStep::Refuse:
            break;
    }
    return "refuse newcomers";
}

bool OverloadLadder::overloaded(const LoadFigures& figures) {
    return figures.ticks_lost > kMostPicturesLost || figures.pictures_skipped > kMostPicturesLost ||
           figures.audio_ticks_lost > kMostAudioTicksLost || figures.pool_wait_p95 > kLongestWait;
}

bool OverloadLadder::has_room(const LoadFigures& figures, LoadStep without) {
    return figures.ticks_lost <= kFewPicturesLost && figures.pictures_skipped <= kFewPicturesLost &&
           figures.audio_ticks_lost <= kFewPicturesLost && figures.pool_wait_p95 <= kShortWait &&
           share_without(without, figures) <= kMostCpu;
}

bool OverloadLadder::in_force(LoadStep step) const {
    return std::ranges::find(taken_, step) != taken_.end();
}

std::optional<OverloadLadder::Change> OverloadLadder::look(Timestamp now,
                                                           const LoadFigures& figures,
                                                           const LoadStepsUseful& useful) {
    if (overloaded(figures)) {
        room_since_.reset();
        if (!overloaded_since_) overloaded_since_ = now;
        if (!late_since_) late_since_ = now;
        return step_down(now, useful);
    }
    overloaded_since_.reset();
    late_since_.reset();
    const bool room = !taken_.empty() && has_room(figures, taken_.back());
    if (!room) {
        room_since_.reset();
        return std::nullopt;
    }
    if (!room_since_) room_since_ = now;
    return step_up(now);
}

std::optional<OverloadLadder::Change> OverloadLadder::step_down(Timestamp now,
                                                                const LoadStepsUseful& useful) {
    // A figure is of the time before it: one look stands for half a second already.
    if (now - *overloaded_since_ < kSustained - 500ms) return std::nullopt;
    if (changed_ && now - *changed_ < kSettling) return std::nullopt;
    for (std::size_t i = 0; i < kLoadSteps; ++i) {
        const auto step = static_cast<LoadStep>(i);
        const bool gives = useful[i] || step == LoadStep::Refuse;
        if (!gives || in_force(step)) continue;
        if (step == LoadStep::Refuse && now - *late_since_ < kSustainedToRefuse) break;
        History& past = history(step);
        const bool relapse = past.taken_back && now - *past.taken_back < kRelapse;
        past.patience = relapse ? std::min(2 * past.patience, kMostPatience) : kLeastPatience;
        taken_.push_back(step);
        changed_ = now;
        overloaded_since_.reset();
        return Change{Change::Way::Down, step};
    }
    return std::nullopt;
}

std::optional<OverloadLadder::Change> OverloadLadder::step_up(Timestamp now) {
    const LoadStep step = taken_.back();
    if (now - *room_since_ < history(step).patience) return std::nullopt;
    taken_.pop_back();
    history(step).taken_back = now;
    changed_ = now;
    room_since_.reset();
    return Change{Change::Way::Up, step};
}

}  // namespace mcu
