#include "mcu/bridge/loss_guard.h"

#include <algorithm>
#include <cmath>

namespace mcu {

using common::Timestamp;

namespace {

constexpr double kNewest = 0.5;       // a report's share of the smoothed loss
constexpr int kLeastPackets = 30;     // fewer say nothing: the report is read with the next
constexpr int kMostPackets = 50'000;  // more: another stream, or a peer that counts in its own way
constexpr double kSomeRepeated = 0.02;
constexpr int kProbeReports = 2;

}  // namespace

double path_loss(double share_lost, double share_repeated, Copies copies) {
    const double c = share_repeated;
    if (c < kSomeRepeated) return std::max(0.0, share_lost);
    if (copies == Copies::Counted) return std::clamp(1 - (1 - share_lost) / (1 + c), 0.0, 1.0);
    // Of the stream (1 - c) is lost with the first and c only with both: l = (1 - c) p + c p².
    const double l = std::max(0.0, share_lost);
    return std::min(1.0, (std::sqrt((1 - c) * (1 - c) + 4 * c * l) - (1 - c)) / (2 * c));
}

bool LossGuard::read(const ReportedLoss& report) {
    if (report.at == Timestamp() || (before_ && before_->at == report.at)) return false;
    if (!before_) {
        before_ = report;
        return false;
    }
    const auto expected =
        static_cast<std::int32_t>(report.highest_sequence - before_->highest_sequence);
    if (expected >= 0 && expected < kLeastPackets) return false;
    const ReportedLoss last = *std::exchange(before_, report);
    if (expected < 0 || expected > kMostPackets || report.packets_sent <= last.packets_sent)
        return false;

    const double lost = report.cumulative_lost - last.cumulative_lost;
    const double share_lost = lost / expected;
    const double share_repeated =
        std::min(1.0, static_cast<double>(report.packets_repeated - last.packets_repeated) /
                          static_cast<double>(report.packets_sent - last.packets_sent));
    // Fewer than none are lost only where copies make up for others.
    if (share_repeated > kSomeRepeated && share_lost < -0.2 * share_repeated)
        copies_ = Copies::Counted;
    const double path = path_loss(share_lost, share_repeated, copies_);
    loss_ = (1 - kNewest) * loss_ + kNewest * path;
    const bool missed = copies_ == Copies::Counted ? path * path * expected > 1 : lost > 0;
    if (missed) ++bad_reports_;
    return true;
}

void LossGuard::follow(const ReportedLoss& report, double sound_loss, Timestamp now) {
    const bool read_one = read(report);
    switch (state_) {
        case State::Quiet:
            if (loss_ >= kEnter) begin(now - entered_ < kMemory, now);
            break;
        case State::Repeating:
            if (loss_ >= kDeeper && now - entered_ >= kSettle) deep_ = true;
            if (loss_ >= kLeave || sound_loss >= kLeave) {
                calm_since_.reset();
            } else if (!calm_since_) {
                calm_since_ = now;
            } else if (now - *calm_since_ >= patience_) {
                enter(State::Probing, now);
            }
            break;
        case State::Probing:
            if (read_one) ++probed_reports_;
            if (loss_ >= kEnter) {
                begin(true, now);
            } else if (loss_ < kLeave && now - entered_ >= kProbe &&
                       probed_reports_ >= kProbeReports) {
                // From a quarter to all of it by way of a half.
                enter(deep_ ? State::Probing : State::Quiet, now);
                deep_ = false;
            }
            break;
    }
}

void LossGuard::begin(bool again, Timestamp now) {
    patience_ = again ? std::min(2 * patience_, kMostPatience) : kPatience;
    enter(State::Repeating, now);
}

void LossGuard::enter(State state, Timestamp now) {
    state_ = state;
    entered_ = now;
    calm_since_.reset();
    probed_reports_ = 0;
}

void LossGuard::reset() {
    *this = {};
}

PictureRepeats LossGuard::repeats() const {
    if (loss_ > kFull) return {};
    if (state_ == State::Repeating) return {.others = 1, .key = loss_ >= kKeyTwice ? 2 : 1};
    return {.others = 0, .key = loss_ >= kLeave ? 1 : 0};
}

}  // namespace mcu
