#pragma once

#include <optional>

#include "common/units.h"
#include "mcu/session/media_config.h"

namespace mcu {

/// Share of packets, 0 to 1, that a path loses on which `share_repeated` of all packets were sent
/// twice, when the receiver reports `share_lost` of the stream: below 0 where it counts what came
/// twice (RFC 3550 A.3), little where it drops the second one first (SRTP's replay list). Pure.
enum class Copies : std::uint8_t { Counted, Dropped };
[[nodiscard]] double path_loss(double share_lost, double share_repeated, Copies copies);

/// How a viewer's pictures are kept whole on a path that loses packets, when it cannot ask for them
/// again: from its reports, whether each packet is sent twice. That takes half of the bitrate, so
/// the picture gets smaller by as much: a path that loses because it is full is relieved.
///
/// Begins once smoothed loss reaches kEnter; ends when it stayed below kLeave, and that of the
/// sound too, for a while: copies stop first, and only when no loss shows itself then, the picture
/// grows again. When it does, the next attempt is later. A path that goes on losing kDeeper and
/// more is probably full: the picture's share is halved once more. Beyond kFull nothing is sent
/// twice.
///
/// Thread: control thread.
class LossGuard {
  public:
    static constexpr double kEnter = 0.02, kLeave = 0.01, kKeyTwice = 0.07, kDeeper = 0.08,
                            kFull = 0.2;
    /// Between two sizes: room systems take a second to follow each.
    static constexpr common::Duration kSettle = std::chrono::seconds(10);
    static constexpr common::Duration kPatience = std::chrono::seconds(30);
    static constexpr common::Duration kMostPatience = std::chrono::minutes(4);
    static constexpr common::Duration kMemory = std::chrono::minutes(2);
    static constexpr common::Duration kProbe = std::chrono::seconds(12);

    /// About once a second. `sound_loss`: what the same peer reports of its sound, which nobody
    /// sends twice.
    void follow(const ReportedLoss& report, double sound_loss, common::Timestamp now);
    /// The peer came to be able to ask again, or is another.
    void reset();

    [[nodiscard]] PictureRepeats repeats() const;
    /// The picture is to have this part of what there is: 1, a half (2), a quarter (4).
    [[nodiscard]] int divisor() const { return state_ == State::Quiet ? 1 : deep_ ? 4 : 2; }
    /// Of the path, smoothed.
    [[nodiscard]] double loss() const { return loss_; }
    /// Reports so far that told of packets that never came.
    [[nodiscard]] std::uint64_t bad_reports() const { return bad_reports_; }

  private:
    enum class State : std::uint8_t { Quiet, Repeating, Probing };

    /// True: a report that says something was read.
    bool read(const ReportedLoss& report);
    /// `again`: the loss was hardly gone.
    void begin(bool again, common::Timestamp now);
    void enter(State state, common::Timestamp now);

    State state_ = State::Quiet;
    bool deep_ = false;
    common::Timestamp entered_;
    std::optional<ReportedLoss> before_;
    double loss_ = 0;
    std::uint64_t bad_reports_ = 0;
    Copies copies_ = Copies::Dropped;
    std::optional<common::Timestamp> calm_since_;
    common::Duration patience_ = kPatience;
    int probed_reports_ = 0;
};

}  // namespace mcu
