#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/units.h"
#include "mcu/bridge/bridge.h"
#include "mcu/load/node_load.h"

namespace mcu {

/// Who commands, and of which conference (architecture.md, section 1: Control channel).
struct Fence {
    std::string node_incarnation;
    std::string instance;
    std::uint64_t epoch = 0;
    std::string owner_boot_id;
};

/// What a conference is called and who owns it.
struct ConferenceOwner {
    std::string instance;
    std::string room;
    std::uint64_t epoch = 0;
    std::string owner_boot_id;
};

/// Where the node's events go: the streams of those who watch. Control thread.
class NodeEvents : public BridgeObserver {
  public:
    virtual void on_statistics(const std::string& instance,
                               const ConferenceStatistics& statistics) = 0;
    /// Somebody listens.
    [[nodiscard]] virtual bool watched() const = 0;
    /// Twice a second, and so at once when a step was taken.
    virtual void on_load(const NodeLoad& load) { static_cast<void>(load); }
    /// The signalling daemon of this life listens: its conferences have an owner.
    [[nodiscard]] virtual bool watched_by(const std::string& owner_boot_id) const = 0;
};

/// The table of this process's conferences and their owners. Refuses what a stale owner says, so
/// that two signalling daemons can never fight over one conference.
///
/// Thread: control thread.
/// Errors: `StaleFence` for a lower epoch, an equal epoch of another owner, or another incarnation;
/// `NotFound` for an
///         unclaimed conference. A refused call changes nothing.
class Node {
  public:
    struct Limits {
        std::size_t max_sessions = 200;
        /// A conference whose owner neither watches nor claims it for so long ends by itself.
        common::Duration orphan_timeout = std::chrono::seconds(120);
    };
    Node(std::string incarnation, Limits limits, const BridgeServices& services,
         NodeEvents& events);
    ~Node();

    [[nodiscard]] const std::string& incarnation() const { return incarnation_; }
    [[nodiscard]] const Limits& limits() const { return limits_; }
    /// Compare-and-set of the owner; makes the conference when it is new. Returns what runs there.
    common::Result<Bridge*> claim(const Fence& fence, const std::string& room);
    common::Result<Bridge::Applied> apply(const Fence& fence, const ConferenceState& state);
    [[nodiscard]] std::vector<ConferenceOwner> conferences() const;
    [[nodiscard]] Bridge* find(const std::string& instance) const;
    [[nodiscard]] const mixer::LayoutBook& layouts() const { return services_.layouts; }
    /// What could not be taken of the layout folder.
    [[nodiscard]] const std::vector<mixer::LayoutError>& refused_layouts() const {
        return refused_layouts_;
    }
    /// The services' layouts are others now: every meeting is drawn anew at its next tick.
    void layouts_changed(std::vector<mixer::LayoutError> refused);

    [[nodiscard]] std::size_t session_count() const;

    /// As it was measured last.
    [[nodiscard]] const NodeLoad& load() const { return load_; }
    void set_load(const NodeLoad& load) { load_ = load; }
    /// Pictures of all meetings that run.
    struct Encoded {
        std::uint64_t pictures = 0;
        std::uint64_t skipped = 0;  ///< their encoder was still at the one before
        common::Duration time{};    ///< CPU time of all encoders
    };
    [[nodiscard]] Encoded encoded() const;
    /// The most of anything that is drawn now, in any meeting.
    struct Drawn {
        int most_frames_per_second = 0;
        int most_rungs_of_a_view = 0;
        int most_lines = 0;  ///< of an upright picture: columns
    };
    [[nodiscard]] Drawn drawn() const;
    /// What every meeting, also of those to come, does without from now on.
    void shed(const mixer::Shedding& shedding);

    void poll(common::Timestamp now);   ///< ten times a second
    void check(common::Timestamp now);  ///< once a second
    /// How every conference is doing, by room.
    [[nodiscard]] std::vector<std::pair<std::string, ConferenceStatistics>> statistics() const;
    /// Tells the watchers how every conference is doing, now.
    void report_statistics(Counted when = Counted::Now);
    void close_all();  ///< on the control thread, as everything: mixers know who made them

  private:
    struct Conference {
        ConferenceOwner owner;
        std::unique_ptr<Bridge> bridge;
        common::Timestamp last_owned;  ///< when its owner was last known to be there
    };
    [[nodiscard]] common::Result<void> admit(const Fence& fence) const;
    void end_orphans(common::Timestamp now);

    const std::string incarnation_;
    const Limits limits_;
    const BridgeServices& services_;
    NodeEvents& events_;
    std::map<std::string, Conference> conferences_;
    std::vector<mixer::LayoutError> refused_layouts_;
    NodeLoad load_;
    mixer::Shedding shedding_;
};

}  // namespace mcu
