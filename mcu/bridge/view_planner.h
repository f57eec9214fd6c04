#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/ids.h"
#include "common/units.h"
#include "mcu/bridge/bridge_video.h"
#include "mcu/bridge/people_count.h"
#include "mixer/encode/encoder_stage.h"
#include "mixer/encode/view_lineage.h"
#include "mixer/layout/layout_book.h"
#include "mixer/video/scene.h"

namespace mcu {

/// One viewer's wishes, and where its pictures go.
struct PlannedViewer {
    mixer::ViewerId viewer;
    std::string who;          ///< for logs: "conference=… session=…"
    common::SourceId source;  ///< itself, to leave out of its own picture
    std::string layout;
    mixer::SelfView self_view = mixer::SelfView::ByLayout;
    std::vector<common::SourceId> pinned;
    mixer::StreamNeeds needs;
    common::Bitrate budget;  ///< what its link takes now (TMMBR); 0: as much as it needs
    mixer::PictureSink* sink = nullptr;
};

/// Who could be shown, to whom, and who speaks.
struct PlanInput {
    std::vector<mixer::Candidate> candidates;  ///< in order of arrival
    std::vector<common::SourceId> speaker_rank;
    std::optional<mixer::Candidate> content;  ///< what somebody presents, by the presenter's name
    std::vector<PlannedViewer> viewers;
};

/// Resolves rules and speakers into plans, keeps Views alive across changes (ViewLineage),
/// subscribes viewers to the encoder stage, and builds the scenes that the tick will draw.
///
/// Thread: control thread.
/// Owner:  borrows stage, layouts and frames. A viewer's sink must be valid until a `plan` without
/// that viewer, or
///         `remove_all`, has returned.
class ViewPlanner final : private mixer::ViewOpener {
  public:
    ViewPlanner(mixer::EncoderStage& stage, const mixer::LayoutBook& layouts,
                mixer::FramePool& frames);
    ~ViewPlanner() override;

    /// Brings subscriptions and drawings up to date. `sources` of the result is left for the caller
    /// to fill.
    [[nodiscard]] VideoPlan plan(common::Timestamp now, const PlanInput& input);
    void remove_all();

    [[nodiscard]] mixer::SubscriptionId subscription_of(mixer::ViewerId viewer) const;
    /// Why a viewer has no picture (no rung fits it, no encoder opens); empty when it has one.
    [[nodiscard]] std::string failure_of(mixer::ViewerId viewer) const;
    /// Sources that some viewer sees: the others need not be decoded.
    [[nodiscard]] const std::vector<common::SourceId>& shown_sources() const { return shown_; }
    /// Lines that a 16:9 source needs for the largest tile it is drawn in, over all canvases; 0:
    /// nobody sees it.
    [[nodiscard]] int lines_shown(common::SourceId source) const;
    /// The distinct tiles that show it at each tick; those of canvases drawn less often are not
    /// among them, for most pictures would be scaled in vain.
    [[nodiscard]] std::span<const mixer::TileNeed> tiles_shown(common::SourceId source) const;
    /// What a viewer sees, at `size`; without a viewer, what the room's layout shows to nobody in
    /// particular.
    [[nodiscard]] std::shared_ptr<const mixer::Scene> scene_for(mixer::ViewerId viewer,
                                                                const PlanInput& input,
                                                                const std::string& default_layout,
                                                                common::PictureSize size);
    [[nodiscard]] std::size_t view_count() const { return lineage_.view_count(); }

  private:
    struct Subscriber {
        mixer::SubscriptionId subscription;
        mixer::StreamNeeds needs;
        common::Bitrate budget;
        std::string failure;
    };
    struct DrawnScene {
        mixer::ViewId view;
        common::PictureSize size;
        std::uint64_t plan_revision = 0;
        std::shared_ptr<const mixer::Scene> scene;
    };
    struct ViewPlan {
        mixer::LayoutPlan plan;
        std::uint64_t revision = 0;
        bool closed =
            false;  ///< nobody's any more, but somebody who moved away still waits for a start
    };

    mixer::ViewId open_view() override;
    [[nodiscard]] std::vector<mixer::ViewerPlan> resolve(common::Timestamp now,
                                                         const PlanInput& input);
    [[nodiscard]] mixer::LayoutRequest request_for(common::Timestamp now, const PlanInput& input,
                                                   const PlannedViewer& viewer) const;
    void follow_room(const std::string& asked, mixer::LayoutRequest request,
                     std::map<std::string, mixer::LayoutPlan>& fresh);
    void drop_departed(const PlanInput& input);
    void follow(const mixer::LineageChange& change, const PlanInput& input);
    void subscribe(const PlannedViewer& viewer, mixer::ViewId view);
    static void note_failure(const PlannedViewer& viewer, Subscriber& subscriber,
                             std::string reason);
    void apply_needs(const PlanInput& input);
    void apply_budgets(const PlanInput& input);
    [[nodiscard]] std::vector<VideoPlan::Drawing> draw();
    void note_shown();
    void note_tiles(const std::vector<VideoPlan::Drawing>& drawings);

    mixer::EncoderStage& stage_;
    const mixer::LayoutBook& layouts_;
    mixer::SceneBuilder scenes_;
    mixer::ViewLineage lineage_;
    /// Per layout that serves somebody: what the room as a whole shows by it. Every viewer's seats
    /// follow it, so that viewers who need the same picture get equal plans whenever they came.
    std::map<std::string, mixer::LayoutPlan> room_plans_;
    /// Which of them served last where a layout, or a table, was asked for.
    std::map<std::string, std::string> served_;
    PeopleCount people_;
    std::unordered_map<mixer::ViewId, ViewPlan> view_plans_;
    std::unordered_map<mixer::ViewerId, Subscriber> subscribers_;
    std::vector<DrawnScene> drawn_;
    std::vector<common::SourceId> shown_;
    struct Seen {
        int lines = 0;
        std::vector<mixer::TileNeed> tiles;
    };
    std::unordered_map<common::SourceId, Seen> seen_;
};

}  // namespace mcu
