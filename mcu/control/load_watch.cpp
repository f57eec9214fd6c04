#include "mcu/control/load_watch.h"

#include <algorithm>

#include "common/log.h"

namespace mcu {

using common::Timestamp;

namespace {

mixer::Shedding shedding_of(const OverloadLadder& ladder) {
    mixer::Shedding shedding;
    if (ladder.in_force(LoadStep::FrameRate)) shedding.most_frames_per_second = 15;
    if (ladder.in_force(LoadStep::Rungs)) shedding.most_rungs_per_view = 2;
    if (ladder.in_force(LoadStep::Lines480)) shedding.most_lines = 480;
    if (ladder.in_force(LoadStep::Lines360)) shedding.most_lines = 360;
    return shedding;
}

/// A step spares about half of what encoders use. Where decoders are the load, as among many who
/// share one picture, pictures that now and then come late are better than half of them.
constexpr double kLeastEncodeShare = 0.2;

LoadStepsUseful useful_steps(const Node::Drawn& drawn, const LoadFigures& figures) {
    if (figures.encode_share < kLeastEncodeShare * figures.cpu_share) {
        return {false, false, false, false, true};
    }
    return {drawn.most_frames_per_second > 15, drawn.most_rungs_of_a_view > 2,
            drawn.most_lines > 480, drawn.most_lines > 360, true};
}

}  // namespace

LoadWatch::LoadWatch(const Sources& sources, double load_limit, Node& node, NodeEvents& events)
    : sources_(sources),
      node_(node),
      events_(events),
      meter_(
          {.cores = static_cast<double>(cores_allowed()),
           .video_ticks_per_second = static_cast<double>(sources.video_tick.ticks_per_second()),
           .audio_ticks_per_second = static_cast<double>(sources.audio_tick.ticks_per_second())}),
      new_people_({.load = load_limit, .sessions = node.limits().max_sessions}) {}

LoadCounts LoadWatch::counts() const {
    const Node::Encoded encoded = node_.encoded();
    return {.cpu_time = process_cpu_time(),
            .encode_time = encoded.time,
            .waits = sources_.pool.waits(),
            .tick_late = std::max(sources_.video_tick.take_worst_lateness(),
                                  sources_.audio_tick.take_worst_lateness()),
            .video_ticks_skipped = sources_.video_tick.skipped_ticks(),
            .audio_ticks_skipped = sources_.audio_tick.skipped_ticks(),
            .pictures_encoded = encoded.pictures,
            .pictures_skipped = encoded.skipped};
}

void LoadWatch::look(Timestamp now) {
    load_.figures = meter_.look(now, counts());
    const auto change =
        ladder_.look(now, load_.figures, useful_steps(node_.drawn(), load_.figures));
    if (change) obey(*change, load_.figures);
    const std::string refused_before = load_.refusal;
    new_people_.look(node_.session_count(), ladder_.in_force(LoadStep::Refuse), load_);
    if (refused_before.empty() != load_.refusal.empty()) {
        LOG_INFO("newcomers are {}{}",
                 load_.refusal.empty() ? "let in" : "refused: ", load_.refusal);
    }
    node_.set_load(load_);
    events_.on_load(load_);
}

void LoadWatch::obey(const OverloadLadder::Change& change, const LoadFigures& figures) {
    const bool down = change.way == OverloadLadder::Change::Way::Down;
    ++(down ? load_.steps_down : load_.steps_up);
    load_.step = static_cast<int>(ladder_.taken().size());
    load_.step_name = load_.step == 0 ? "" : name_of(ladder_.taken().back());
    load_.given_up.clear();
    for (const LoadStep step : ladder_.taken()) load_.given_up.push_back(name_of(step));
    if (down) {
        LOG_WARNING("load step down step={} given_up='{}' {}", load_.step, name_of(change.step),
                    describe(figures));
    } else {
        LOG_INFO("load step up step={} taken_back='{}' {}", load_.step, name_of(change.step),
                 describe(figures));
    }
    node_.shed(shedding_of(ladder_));
}

}  // namespace mcu
