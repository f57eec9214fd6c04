#include "mixer/encode/view_lineage.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <unordered_map>

#include "common/invariant.h"

namespace mixer {
namespace {

constexpr common::Duration kMergeAfter = std::chrono::seconds(2);

struct RunningView {
    PictureKey key;
    std::vector<ViewerId> viewers;
    /// Since when another, larger View has shown the same.
    std::optional<common::Timestamp> redundant_since;
};

/// Viewers who should see the same now, and the running Views that (now) show it, the largest
/// first.
struct Group {
    const PictureKey* key = nullptr;
    std::vector<ViewerId> viewers;
    std::vector<ViewId> views;
};

}  // namespace

struct ViewLineage::Impl {
    explicit Impl(ViewOpener& view_opener) : opener(view_opener) {}

    std::vector<Group> group_by_key(std::span<const ViewerPlan> plans) const;
    void match_views(std::vector<Group>& groups);
    void note_redundant(const std::vector<Group>& groups, common::Timestamp now);
    void give_each_group_a_view(std::vector<Group>& groups, LineageChange& change);
    void merge_long_equal(std::vector<Group>& groups, common::Timestamp now);
    void draw_changes(const std::vector<Group>& groups, LineageChange& change);
    void move_viewers(const std::vector<Group>& groups, LineageChange& change);
    void close_empty(LineageChange& change);
    std::optional<std::pair<Group*, ViewId>> smallest_redundant(std::vector<Group>& groups);
    ViewId current(ViewerId viewer) const {
        const auto found = view_of.find(viewer);
        return found == view_of.end() ? ViewId{} : found->second;
    }

    ViewOpener& opener;
    std::map<ViewId, RunningView> views;  // in order of age: ties go to the oldest
    std::unordered_map<ViewerId, ViewId> view_of;
};

std::vector<Group> ViewLineage::Impl::group_by_key(std::span<const ViewerPlan> plans) const {
    std::vector<Group> groups;
    for (const ViewerPlan& plan : plans) {
        auto same = std::find_if(groups.begin(), groups.end(),
                                 [&](const Group& group) { return *group.key == plan.key; });
        if (same == groups.end())
            same = groups.insert(groups.end(), Group{.key = &plan.key, .viewers = {}, .views = {}});
        same->viewers.push_back(plan.viewer);
    }
    return groups;
}

/// Each running View goes with the group that holds most of its viewers; then it draws what that
/// group sees.
void ViewLineage::Impl::match_views(std::vector<Group>& groups) {
    for (auto& [id, view] : views) {
        Group* best = nullptr;
        std::ptrdiff_t most = 0;
        for (Group& group : groups) {
            const std::ptrdiff_t shared = std::count_if(
                group.viewers.begin(), group.viewers.end(),
                [&, view_id = id](ViewerId viewer) { return current(viewer) == view_id; });
            const bool redraws_nothing = shared == most && shared > 0 && *group.key == view.key;
            if (shared > most || redraws_nothing) {
                best = &group;
                most = shared;
            }
        }
        if (best != nullptr) best->views.push_back(id);
    }
    for (Group& group : groups) {
        const auto shared = [&](ViewId id) {
            return std::count_if(group.viewers.begin(), group.viewers.end(),
                                 [&](ViewerId viewer) { return current(viewer) == id; });
        };
        std::stable_sort(group.views.begin(), group.views.end(),
                         [&](ViewId a, ViewId b) { return shared(a) > shared(b); });
    }
}

void ViewLineage::Impl::note_redundant(const std::vector<Group>& groups, common::Timestamp now) {
    for (const Group& group : groups) {
        for (std::size_t i = 0; i < group.views.size(); ++i) {
            RunningView& view = views.at(group.views[i]);
            if (i == 0) {
                view.redundant_since.reset();
            } else if (!view.redundant_since) {
                view.redundant_since = now;
            }
        }
    }
}

std::optional<std::pair<Group*, ViewId>> ViewLineage::Impl::smallest_redundant(
    std::vector<Group>& groups) {
    std::optional<std::pair<Group*, ViewId>> smallest;
    for (Group& group : groups) {
        if (group.views.size() < 2) continue;
        const ViewId last = group.views.back();
        if (!smallest ||
            views.at(last).viewers.size() < views.at(smallest->second).viewers.size()) {
            smallest.emplace(&group, last);
        }
    }
    return smallest;
}

/// A group without a View takes over one that only repeats what a larger View shows (it would merge
/// soon anyway, and its encoders run already); only when there is none, one is opened.
void ViewLineage::Impl::give_each_group_a_view(std::vector<Group>& groups, LineageChange& change) {
    for (Group& group : groups) {
        if (!group.views.empty()) continue;
        if (const auto spare = smallest_redundant(groups)) {
            spare->first->views.pop_back();
            views.at(spare->second).redundant_since.reset();
            group.views.push_back(spare->second);
            continue;
        }
        const ViewId opened = opener.open_view();
        const bool is_new =
            views
                .emplace(opened,
                         RunningView{.key = *group.key, .viewers = {}, .redundant_since = {}})
                .second;
        INVARIANT(opened.valid() && is_new);
        group.views.push_back(opened);
        change.draws.push_back({opened, *group.key});
    }
}

void ViewLineage::Impl::merge_long_equal(std::vector<Group>& groups, common::Timestamp now) {
    for (Group& group : groups) {
        std::erase_if(group.views, [&](ViewId id) {
            const auto& since = views.at(id).redundant_since;
            return since && now - *since >= kMergeAfter;
        });
    }
}

void ViewLineage::Impl::draw_changes(const std::vector<Group>& groups, LineageChange& change) {
    for (const Group& group : groups) {
        for (const ViewId id : group.views) {
            RunningView& view = views.at(id);
            if (view.key == *group.key) continue;
            view.key = *group.key;
            change.draws.push_back({id, *group.key});
        }
    }
}

/// Whoever's View still shows the right thing stays; everybody else joins the group's largest View.
void ViewLineage::Impl::move_viewers(const std::vector<Group>& groups, LineageChange& change) {
    std::unordered_map<ViewerId, ViewId> next;
    for (auto& [id, view] : views) view.viewers.clear();
    for (const Group& group : groups) {
        for (const ViewerId viewer : group.viewers) {
            const ViewId from = current(viewer);
            const bool stays =
                std::find(group.views.begin(), group.views.end(), from) != group.views.end();
            const ViewId to = stays ? from : group.views.front();
            const bool is_first = next.emplace(viewer, to).second;
            INVARIANT(is_first);  // each viewer has one plan
            if (!stays) change.moves.push_back({viewer, from, to});
            views.at(to).viewers.push_back(viewer);
        }
    }
    view_of = std::move(next);
}

void ViewLineage::Impl::close_empty(LineageChange& change) {
    for (auto view = views.begin(); view != views.end();) {
        if (view->second.viewers.empty()) {
            change.closed.push_back(view->first);
            view = views.erase(view);
        } else {
            ++view;
        }
    }
}

ViewLineage::ViewLineage(ViewOpener& opener) : impl_(std::make_unique<Impl>(opener)) {}
ViewLineage::~ViewLineage() = default;

LineageChange ViewLineage::update(common::Timestamp now, std::span<const ViewerPlan> viewers) {
    LineageChange change;
    std::vector<Group> groups = impl_->group_by_key(viewers);
    impl_->match_views(groups);
    impl_->note_redundant(groups, now);
    impl_->give_each_group_a_view(groups, change);
    impl_->merge_long_equal(groups, now);
    impl_->draw_changes(groups, change);
    impl_->move_viewers(groups, change);
    impl_->close_empty(change);
    return change;
}

ViewId ViewLineage::view_of(ViewerId viewer) const {
    return impl_->current(viewer);
}
std::size_t ViewLineage::view_count() const {
    return impl_->views.size();
}

}  // namespace mixer
