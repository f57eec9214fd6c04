#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/units.h"
#include "mcu/bridge/bridge_audio.h"
#include "mcu/bridge/bridge_services.h"
#include "mcu/bridge/bridge_video.h"
#include "mcu/bridge/bridged_session.h"
#include "mcu/bridge/canvas_slots.h"
#include "mcu/bridge/conference_state.h"
#include "mcu/bridge/view_planner.h"

namespace mcu {

/// What a bridge tells the floor above, on the control thread.
class BridgeObserver {
  public:
    virtual ~BridgeObserver() = default;
    virtual void on_speakers(const std::string& instance,
                             const std::vector<std::string>& ranked_sessions) = 0;
    virtual void on_dtmf(const std::string& instance, const std::string& session, char digit,
                         common::Duration duration) = 0;
    virtual void on_media(const std::string& instance, const std::string& session,
                          const std::string& mid, MediaEvent event) = 0;
    virtual void on_key_frame_wanted(const std::string& instance, const std::string& session,
                                     const std::string& mid) = 0;
    virtual void on_session_ended(const std::string& instance, const std::string& session,
                                  const std::string& reason) = 0;
};

/// The media half of one conference: the mixer's objects and the sessions plugged into them. It
/// wires parts together and does no work itself.
///
/// Thread: control thread. Sessions report on their net threads; what they say is posted here and
/// is dropped once the
///         bridge is gone.
/// Owner:  owned by the Node; borrows the services and the observer.
class Bridge final : private BridgedSessionEvents {
  public:
    struct Applied {
        std::vector<LocalMedia> local;  ///< of all sessions that live, beside `local_sessions`
        std::vector<std::string> local_sessions;  ///< whose it is, index by index
        std::vector<SessionFailure> failures;
        struct Bundle {
            std::string session;
            std::vector<IceHostCandidate> candidates;
        };
        std::vector<Bundle> bundles;  ///< of all sessions that have one
    };

    Bridge(std::string instance, const BridgeServices& services, BridgeObserver& observer);
    ~Bridge() override;

    /// Makes the bridge what `state` says. A session that fails is reported and left out (new) or
    /// left as it was. A new `local_address` makes the session anew: other ports, another SSRC.
    Applied apply(const ConferenceState& state);
    [[nodiscard]] const ConferenceState& state() const { return state_; }
    [[nodiscard]] Applied local() const;

    /// Ten times a second: follows speakers, frees what ticks let go of.
    void poll(common::Timestamp now);
    /// Other layouts are in force: plans everybody's picture again.
    void draw_anew(common::Timestamp now) { replan(now); }
    /// What everybody does without from now on.
    void shed(const mixer::Shedding& shedding, common::Timestamp now);
    [[nodiscard]] mixer::EncoderStageCounters encoders() const { return stage_.counters(); }
    [[nodiscard]] std::vector<mixer::CanvasTask> canvases() const { return stage_.canvases(); }
    /// Once a second: merges Views, notices pictures that froze.
    void check(common::Timestamp now);
    /// Tells the observer of every session that it ended, and ends it.
    void end_all(const std::string& reason);

    [[nodiscard]] ConferenceStatistics statistics(Counted when = Counted::Now) const;
    /// Draws what `session` sees (empty: what the room's default layout shows) at the next tick;
    /// `done` runs on the control thread with the picture, empty when none could be drawn; when the
    /// control thread takes no more, on the tick, without one.
    common::Result<void> snapshot(const std::string& session,
                                  std::function<void(mixer::FrameRef)> done);

    /// What `session` (empty: nobody in particular) sees, as it would be drawn now.
    [[nodiscard]] std::shared_ptr<const mixer::Scene> scene_of(const std::string& session);

  private:
    /// Lets posted tasks find out that the bridge is gone. Control thread only.
    struct Handle {
        Bridge* bridge;
    };
    struct Departed {
        std::unique_ptr<BridgedSession> session;
        std::uint64_t unused_from_revision;
    };

    void remove_absent(const ConferenceState& state);
    void upsert(const SessionState& state);
    void fail(const std::string& session, const char* what, const std::string& reason);
    [[nodiscard]] common::Result<std::unique_ptr<BridgedSession>> make(const SessionState& state);
    void remake(const SessionState& state);
    void depart(std::unique_ptr<BridgedSession> session);
    void replan(common::Timestamp now);
    void publish(VideoPlan plan);
    [[nodiscard]] PlanInput plan_input() const;
    [[nodiscard]] StageCpu cpu() const;
    void follow_content();
    [[nodiscard]] std::vector<common::SourceId> sources_of(
        const std::vector<std::string>& sessions) const;
    [[nodiscard]] BridgedSession* find(const std::string& session) const;
    [[nodiscard]] std::string session_of(common::SourceId source) const;
    void post(std::function<void(Bridge&)> task);

    void post_dtmf(const std::string& session, char digit, common::Duration duration) override;
    void post_media(const std::string& session, const std::string& mid, bool started) override;
    void post_key_frame_wanted(const std::string& session, const std::string& mid) override;
    void post_bitrate_limited(const std::string& session, const std::string& mid,
                              common::Bitrate limit) override;
    void post_path_rate(const std::string& session, common::Bitrate all) override;

    const std::string instance_;
    const BridgeServices& services_;
    BridgeObserver& observer_;
    std::shared_ptr<Handle> handle_;

    mixer::EncoderStage stage_;
    BridgeAudio audio_;
    BridgeVideo video_;
    ViewPlanner planner_;
    CanvasSlots canvas_slots_;

    ConferenceState state_;
    std::vector<SessionFailure> failures_;                   ///< of the last `apply`
    std::vector<std::unique_ptr<BridgedSession>> sessions_;  ///< in order of arrival
    std::vector<Departed> departed_;
    StageCpu gone_cpu_;  ///< of those who left
    SpeakerSnapshot speakers_;
    std::string presenter_;  ///< the session whose content is shown; empty: none
    common::SourceId content_source_;
    common::Timestamp drops_told_;
    std::uint64_t planned_canvases_ = 0;
    std::uint64_t published_revision_ = 0;
};

}  // namespace mcu
