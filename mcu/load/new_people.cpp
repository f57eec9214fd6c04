#include "mcu/load/new_people.h"

#include <algorithm>
#include <cmath>

namespace mcu {
namespace {

constexpr double kNewest = 0.1;  // looks come twice a second
/// Above that a node without a limit of its own has nothing left for the next one.
constexpr double kFullNode = 0.9;
constexpr double kLeastShare = 0.001;
constexpr int kRetryAtLimitS = 10;
constexpr int kRetryOverloadedS = 30;

std::string percent(double share) {
    return std::to_string(std::lround(share * 100)) + " %";
}

}  // namespace

void NewPeople::look(std::size_t sessions, bool ladder_refuses, NodeLoad& load) {
    smoothed_ += kNewest * (load.figures.cpu_share - smoothed_);
    at_limit_ = limits_.load < 1 && smoothed_ >= limits_.load * (at_limit_ ? 0.9 : 1.0);
    load.refusal.clear();
    load.retry_after_s = 0;
    if (ladder_refuses) {
        load.refusal = "the media daemon is overloaded: CPU " + percent(load.figures.cpu_share) +
                       ", pictures skipped " + percent(load.figures.pictures_skipped);
        load.retry_after_s = kRetryOverloadedS;
    } else if (at_limit_) {
        load.refusal = "the media daemon is loaded to " + percent(smoothed_) + ", its limit is " +
                       percent(limits_.load);
        load.retry_after_s = kRetryAtLimitS;
    }
    load.capacity_left = capacity_left(sessions, load);
}

/// By what those who are in cost each, on average.
std::uint32_t NewPeople::capacity_left(std::size_t sessions, const NodeLoad& load) const {
    if (!load.refusal.empty() || load.step > 0 || sessions >= limits_.sessions) return 0;
    const double places = static_cast<double>(limits_.sessions - sessions);
    if (sessions == 0 || smoothed_ < kLeastShare) return static_cast<std::uint32_t>(places);
    const double room = std::min(limits_.load, kFullNode) - smoothed_;
    const double fit = std::floor(static_cast<double>(sessions) * room / smoothed_);
    return static_cast<std::uint32_t>(std::clamp(fit, 0.0, places));
}

}  // namespace mcu
