#include "mcu/bridge/view_planner.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "mcu/bridge/inbound_limit.h"

namespace mcu {

using common::PictureSize;
using common::SourceId;
using common::Timestamp;
using mixer::LayoutPlan;
using mixer::LayoutRequest;
using mixer::ViewerId;
using mixer::ViewId;

namespace {

constexpr int kTicksPerSecond = 30;

const PlannedViewer* find_viewer(const PlanInput& input, ViewerId viewer) {
    const auto found = std::ranges::find(input.viewers, viewer, &PlannedViewer::viewer);
    return found == input.viewers.end() ? nullptr : &*found;
}

LayoutRequest request_of(const PlanInput& input, const std::string& layout) {
    LayoutRequest request;
    request.layout = layout;
    request.candidates = input.candidates;
    request.speaker_rank = input.speaker_rank;
    request.content = input.content;
    return request;
}

}  // namespace

ViewPlanner::ViewPlanner(mixer::EncoderStage& stage, const mixer::LayoutBook& layouts,
                         mixer::FramePool& frames)
    : stage_(stage), layouts_(layouts), scenes_(frames), lineage_(*this) {}

ViewPlanner::~ViewPlanner() {
    remove_all();
}

ViewId ViewPlanner::open_view() {
    return stage_.open_view();
}

VideoPlan ViewPlanner::plan(Timestamp now, const PlanInput& input) {
    drop_departed(input);
    apply_needs(input);
    follow(lineage_.update(now, resolve(now, input)), input);
    apply_budgets(input);
    note_shown();
    VideoPlan result;
    result.drawings = draw();
    note_tiles(result.drawings);
    return result;
}

void ViewPlanner::remove_all() {
    for (const auto& [viewer, subscriber] : subscribers_) {
        if (subscriber.subscription.valid()) stage_.unsubscribe(subscriber.subscription);
    }
    subscribers_.clear();
    const mixer::LineageChange change = lineage_.update(Timestamp(), {});
    for (const ViewId view : change.closed) stage_.close_view(view);
    view_plans_.clear();
    drawn_.clear();
}

LayoutRequest ViewPlanner::request_for(Timestamp now, const PlanInput& input,
                                       const PlannedViewer& viewer) const {
    LayoutRequest request = request_of(input, viewer.layout);
    request.viewer = viewer.source;
    request.self_view = viewer.self_view;
    request.pinned = viewer.pinned;
    request.recent_people = people_.most_since(now - layouts_.hold(viewer.layout));
    // Rungs are 16:9, or 9:16 where the room's picture is taller than wide.
    const PictureSize limit = viewer.needs.max_size;
    request.canvas_aspect = limit.height > limit.width ? 9.0 / 16 : 16.0 / 9;
    request.canvas_lines = stage_.most_lines(viewer.needs);
    return request;
}

/// The room's plan of the layout that serves `request`, which asked for another or for a table.
void ViewPlanner::follow_room(const std::string& asked, LayoutRequest request,
                              std::map<std::string, LayoutPlan>& fresh) {
    request.viewer = {};
    request.self_view = mixer::SelfView::ByLayout;
    request.pinned = {};
    // Another layout begins with the order in which people were seen.
    auto before = room_plans_.find(request.layout);
    if (before == room_plans_.end()) before = room_plans_.find(served_[asked]);
    if (before != room_plans_.end()) request.previous = &before->second;
    fresh.emplace(request.layout, layouts_.resolve(request));
}

std::vector<mixer::ViewerPlan> ViewPlanner::resolve(Timestamp now, const PlanInput& input) {
    people_.note(now, static_cast<int>(input.candidates.size()));
    std::map<std::string, LayoutPlan> fresh;
    std::map<std::string, std::string> served;
    std::vector<mixer::ViewerPlan> plans;
    plans.reserve(input.viewers.size());
    for (const PlannedViewer& viewer : input.viewers) {
        LayoutRequest request = request_for(now, input, viewer);
        const std::string& serving = layouts_.serving(request);
        if (!fresh.contains(serving)) {
            LayoutRequest room = request;
            room.layout = serving;
            follow_room(viewer.layout, std::move(room), fresh);
        }
        served.emplace(viewer.layout, serving);
        request.previous = &fresh.at(serving);
        plans.push_back({viewer.viewer, layouts_.resolve(request)});
    }
    room_plans_ = std::move(fresh);
    served_ = std::move(served);
    return plans;
}

void ViewPlanner::drop_departed(const PlanInput& input) {
    std::erase_if(subscribers_, [&](const auto& entry) {
        if (find_viewer(input, entry.first) != nullptr) return false;
        if (entry.second.subscription.valid()) stage_.unsubscribe(entry.second.subscription);
        return true;
    });
}

void ViewPlanner::apply_needs(const PlanInput& input) {
    for (const PlannedViewer& viewer : input.viewers) {
        const auto found = subscribers_.find(viewer.viewer);
        if (found == subscribers_.end() || found->second.needs == viewer.needs) continue;
        Subscriber& subscriber = found->second;
        subscriber.needs = viewer.needs;
        if (!subscriber.subscription.valid()) {
            subscribe(viewer, lineage_.view_of(viewer.viewer));
        } else if (const auto set = stage_.set_needs(subscriber.subscription, viewer.needs); !set) {
            // More than it can take is worse than nothing.
            stage_.unsubscribe(std::exchange(subscriber.subscription, {}));
            note_failure(viewer, subscriber, set.error().message);
        }
    }
}

void ViewPlanner::apply_budgets(const PlanInput& input) {
    for (const PlannedViewer& viewer : input.viewers) {
        const auto found = subscribers_.find(viewer.viewer);
        if (found == subscribers_.end() || !found->second.subscription.valid()) continue;
        if (found->second.budget == viewer.budget) continue;
        found->second.budget = viewer.budget;
        stage_.set_budget(found->second.subscription, viewer.budget);
    }
}

void ViewPlanner::follow(const mixer::LineageChange& change, const PlanInput& input) {
    for (const auto& draw : change.draws) {
        ViewPlan& view = view_plans_[draw.view];
        view.plan = draw.key;
        ++view.revision;
    }
    for (const auto& move : change.moves) {
        const auto found = subscribers_.find(move.viewer);
        if (found != subscribers_.end() && found->second.subscription.valid()) {
            stage_.move(found->second.subscription, move.to);
        } else if (const PlannedViewer* viewer = find_viewer(input, move.viewer)) {
            subscribe(*viewer, move.to);
        }
    }
    for (const ViewId view : change.closed) {
        stage_.close_view(view);
        view_plans_[view].closed = true;
    }
}

void ViewPlanner::subscribe(const PlannedViewer& viewer, ViewId view) {
    Subscriber& subscriber = subscribers_[viewer.viewer];
    subscriber.needs = viewer.needs;
    const auto subscription = stage_.subscribe(view, viewer.needs, *viewer.sink);
    if (subscription) {
        subscriber.subscription = *subscription;
        subscriber.budget = {};  // the stage knows of none yet
        subscriber.failure.clear();
    } else {
        note_failure(viewer, subscriber, subscription.error().message);
    }
}

void ViewPlanner::note_failure(const PlannedViewer& viewer, Subscriber& subscriber,
                               std::string reason) {
    subscriber.failure = std::move(reason);
    LOG_WARNING("{} gets no picture: {}", viewer.who, subscriber.failure);
}

std::vector<VideoPlan::Drawing> ViewPlanner::draw() {
    std::vector<VideoPlan::Drawing> drawings;
    std::vector<DrawnScene> drawn;
    for (const mixer::CanvasTask& task : stage_.canvases()) {
        const auto view = view_plans_.find(task.view);
        if (view == view_plans_.end()) continue;
        const auto before = std::ranges::find_if(drawn_, [&](const DrawnScene& d) {
            return d.view == task.view && d.size == task.size &&
                   d.plan_revision == view->second.revision;
        });
        DrawnScene scene{task.view, task.size, view->second.revision, nullptr};
        scene.scene =
            before != drawn_.end() ? before->scene : scenes_.build(view->second.plan, task.size);
        drawings.push_back(
            {task.canvas, std::max(1, kTicksPerSecond / task.drawn_per_second), scene.scene});
        drawn.push_back(std::move(scene));
    }
    drawn_ = std::move(drawn);
    // A closed View is drawn on while somebody who moved away still waits for a start elsewhere.
    std::erase_if(view_plans_, [&](const auto& entry) {
        return entry.second.closed &&
               std::ranges::find(drawn_, entry.first, &DrawnScene::view) == drawn_.end();
    });
    return drawings;
}

void ViewPlanner::note_shown() {
    shown_.clear();
    for (const auto& [view, drawn] : view_plans_) {
        for (const mixer::Tile& tile : drawn.plan.tiles) {
            if (tile.source.valid()) shown_.push_back(tile.source);
        }
    }
    std::ranges::sort(shown_);
    shown_.erase(std::ranges::unique(shown_).begin(), shown_.end());
}

void ViewPlanner::note_tiles(const std::vector<VideoPlan::Drawing>& drawings) {
    seen_.clear();
    for (const VideoPlan::Drawing& drawing : drawings) {
        for (const mixer::SceneTile& tile : drawing.scene->tiles) {
            Seen& seen = seen_[tile.source];
            seen.lines = std::max(seen.lines, mcu::lines_shown(tile));
            if (drawing.tick_divisor != 1) continue;
            const mixer::TileNeed need{tile.rect.size(), tile.fit};
            if (std::ranges::find(seen.tiles, need) == seen.tiles.end()) seen.tiles.push_back(need);
        }
    }
}

int ViewPlanner::lines_shown(SourceId source) const {
    const auto found = seen_.find(source);
    return found == seen_.end() ? 0 : found->second.lines;
}

std::span<const mixer::TileNeed> ViewPlanner::tiles_shown(SourceId source) const {
    const auto found = seen_.find(source);
    if (found == seen_.end()) return {};
    return found->second.tiles;
}

std::shared_ptr<const mixer::Scene> ViewPlanner::scene_for(ViewerId viewer, const PlanInput& input,
                                                           const std::string& default_layout,
                                                           PictureSize size) {
    const auto view = view_plans_.find(lineage_.view_of(viewer));
    if (view != view_plans_.end()) return scenes_.build(view->second.plan, size);
    LayoutRequest request = request_of(input, default_layout);
    request.canvas_aspect = static_cast<double>(size.width) / size.height;
    return scenes_.build(layouts_.resolve(request), size);
}

mixer::SubscriptionId ViewPlanner::subscription_of(ViewerId viewer) const {
    const auto found = subscribers_.find(viewer);
    return found == subscribers_.end() ? mixer::SubscriptionId{} : found->second.subscription;
}

std::string ViewPlanner::failure_of(ViewerId viewer) const {
    const auto found = subscribers_.find(viewer);
    if (found == subscribers_.end()) return {};
    const Subscriber& subscriber = found->second;
    return subscriber.subscription.valid() ? stage_.failure_of(subscriber.subscription)
                                           : subscriber.failure;
}

}  // namespace mcu
