#pragma once

#include <optional>
#include <span>

#include "common/units.h"
#include "mixer/encode/encoder_stage.h"
#include "mixer/video/scene.h"

namespace mcu {

/// Lines that a 16:9 picture needs to fill this tile as it is drawn. Pure.
[[nodiscard]] int lines_shown(const mixer::SceneTile& tile);

/// What a source shown with so many lines at most is asked to send: the rate of the smallest rung
/// that has them, and half as much again, since other encoders need more than ours; never less than
/// kFloor, below which room systems fall to a few pictures a second. 0 lines: nobody sees it. Pure.
/// `rungs` not empty, best first.
[[nodiscard]] common::Bitrate inbound_rate(std::span<const mixer::Rung> rungs, int lines);

/// The bitrate that one source is asked for (TMMBR), from the largest size at which anybody sees
/// it: up at once, so that no speaker starves in a large tile; down to the most that it needed
/// during kPatience, so that a short word costs its encoder nothing.
///
/// Thread: control thread.
/// Owner:  borrows the rungs.
class InboundLimit {
  public:
    static constexpr common::Bitrate kFloor = common::Bitrate::from_kbps(128);
    static constexpr common::Duration kPatience = std::chrono::seconds(5);

    explicit InboundLimit(std::span<const mixer::Rung> rungs) : rungs_(rungs) {}

    /// About once a second, and when plans change. Nothing until it was small for the first time:
    /// a source sends what signalling agreed on until there is a reason not to.
    std::optional<common::Bitrate> follow(int lines, common::Timestamp now);

  private:
    /// It has been shown smaller than the limit allows since then; the most it needed meanwhile.
    struct Smaller {
        common::Timestamp since;
        common::Bitrate most;
    };

    std::span<const mixer::Rung> rungs_;
    std::optional<common::Bitrate> limit_;
    std::optional<Smaller> smaller_;
};

}  // namespace mcu
