#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/units.h"
#include "mcu/load/node_load.h"

namespace mcu {

/// In the order in which they are taken. Sound is on none of them.
enum class LoadStep : std::uint8_t { FrameRate, Rungs, Lines480, Lines360, Refuse };
inline constexpr std::size_t kLoadSteps = 5;
[[nodiscard]] std::string_view name_of(LoadStep step);

/// Which steps would give up anything now; refusing always does.
using LoadStepsUseful = std::array<bool, kLoadSteps>;

/// Decides what a node gives up while it has too much to do, one step at a time.
///
/// Down:   after 1.5 s of overload; the step after it no sooner than 2 s later, when that shows.
///         Newcomers are refused after 6 s of it at the earliest, so that many who come at once,
///         which is work of a moment, all get in.
/// Up:     the step taken last is taken back after 10 s in each of which there was room for what it
///         gives back. Had it to be taken again within 60 s, the next time takes twice as long, up
///         to 320 s.
/// Thread: one. Pure: time and figures are handed in.
class OverloadLadder {
  public:
    struct Change {
        enum class Way : std::uint8_t { Down, Up };
        Way way;
        LoadStep step;
    };

    /// What is really late, and so much of it that people see it.
    [[nodiscard]] static bool overloaded(const LoadFigures& figures);
    /// That all is in time, and would be without that step.
    [[nodiscard]] static bool has_room(const LoadFigures& figures, LoadStep without);

    /// About twice a second. At most one change at a time; it is in force at once.
    std::optional<Change> look(common::Timestamp now, const LoadFigures& figures,
                               const LoadStepsUseful& useful);

    /// Those in force, in the order in which they were taken.
    [[nodiscard]] const std::vector<LoadStep>& taken() const { return taken_; }
    [[nodiscard]] bool in_force(LoadStep step) const;

  private:
    struct History {
        common::Duration patience = std::chrono::seconds(10);
        std::optional<common::Timestamp> taken_back;
    };
    std::optional<Change> step_down(common::Timestamp now, const LoadStepsUseful& useful);
    std::optional<Change> step_up(common::Timestamp now);
    [[nodiscard]] History& history(LoadStep step) {
        return history_[static_cast<std::size_t>(step)];
    }

    std::vector<LoadStep> taken_;
    std::array<History, kLoadSteps> history_;
    std::optional<common::Timestamp> changed_;
    std::optional<common::Timestamp> overloaded_since_;  ///< or since the last step
    std::optional<common::Timestamp> late_since_;        ///< whatever was done about it
    std::optional<common::Timestamp> room_since_;
};

}  // namespace mcu
