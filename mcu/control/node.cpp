#include "mcu/control/node.h"

#include <algorithm>

#include "common/log.h"

namespace mcu {

using common::ErrorCode;
using common::fail;
using common::Result;
using common::Timestamp;

Node::Node(std::string incarnation, Limits limits, const BridgeServices& services,
           NodeEvents& events)
    : incarnation_(std::move(incarnation)), limits_(limits), services_(services), events_(events) {}

Node::~Node() {
    close_all();
}

Result<void> Node::admit(const Fence& fence) const {
    if (fence.node_incarnation != incarnation_) {
        return fail(ErrorCode::StaleFence, "node incarnation '" + fence.node_incarnation +
                                               "' is gone; this is '" + incarnation_ + "'");
    }
    if (fence.instance.empty())
        return fail(ErrorCode::InvalidArgument, "the fence names no conference instance");
    const auto found = conferences_.find(fence.instance);
    if (found == conferences_.end()) return {};
    const ConferenceOwner& owner = found->second.owner;
    const bool stale = fence.epoch < owner.epoch ||
                       (fence.epoch == owner.epoch && fence.owner_boot_id != owner.owner_boot_id);
    if (!stale) return {};
    return fail(ErrorCode::StaleFence,
                "conference " + fence.instance + " belongs to '" + owner.owner_boot_id +
                    "' since epoch " + std::to_string(owner.epoch) + ", not to '" +
                    fence.owner_boot_id + "' of epoch " + std::to_string(fence.epoch));
}

Result<Bridge*> Node::claim(const Fence& fence, const std::string& room) {
    if (auto admitted = admit(fence); !admitted) return tl::unexpected(admitted.error());
    Conference& conference = conferences_[fence.instance];
    if (!conference.bridge) {
        conference.bridge = std::make_unique<Bridge>(fence.instance, services_, events_);
        if (shedding_ != mixer::Shedding{})
            conference.bridge->shed(shedding_, services_.clock.now());
    }
    conference.owner = {fence.instance, room, fence.epoch, fence.owner_boot_id};
    conference.last_owned = services_.clock.now();
    LOG_INFO("claimed conference={} room='{}' epoch={} owner={}", fence.instance, room, fence.epoch,
             fence.owner_boot_id);
    return conference.bridge.get();
}

Result<Bridge::Applied> Node::apply(const Fence& fence, const ConferenceState& state) {
    if (auto admitted = admit(fence); !admitted) return tl::unexpected(admitted.error());
    const auto found = conferences_.find(fence.instance);
    if (found == conferences_.end() || found->second.owner.epoch != fence.epoch) {
        return fail(ErrorCode::NotFound, "conference " + fence.instance +
                                             " is not claimed by epoch " +
                                             std::to_string(fence.epoch));
    }
    Bridge& bridge = *found->second.bridge;
    found->second.last_owned = services_.clock.now();
    // Late or repeated: what runs is newer or the same.
    if (state.revision <= bridge.state().revision) return bridge.local();
    const std::size_t others = session_count() - bridge.state().sessions.size();
    const std::size_t wanted = state.sessions.size() + state.unreadable.size();
    if (others + wanted > limits_.max_sessions) {
        return fail(
            ErrorCode::LimitReached,
            "this node takes at most " + std::to_string(limits_.max_sessions) + " sessions");
    }
    Bridge::Applied applied = bridge.apply(state);
    if (wanted == 0) {
        LOG_INFO("ended conference={}", fence.instance);
        conferences_.erase(found);
    }
    return applied;
}

void Node::layouts_changed(std::vector<mixer::LayoutError> refused) {
    refused_layouts_ = std::move(refused);
    const Timestamp now = services_.clock.now();
    for (auto& [instance, conference] : conferences_) conference.bridge->draw_anew(now);
}

std::size_t Node::session_count() const {
    std::size_t count = 0;
    for (const auto& [instance, conference] : conferences_)
        count += conference.bridge->state().sessions.size();
    return count;
}

std::vector<ConferenceOwner> Node::conferences() const {
    std::vector<ConferenceOwner> owners;
    for (const auto& [instance, conference] : conferences_) owners.push_back(conference.owner);
    return owners;
}

Bridge* Node::find(const std::string& instance) const {
    const auto found = conferences_.find(instance);
    return found == conferences_.end() ? nullptr : found->second.bridge.get();
}

Node::Encoded Node::encoded() const {
    Encoded all;
    for (const auto& [instance, conference] : conferences_) {
        const mixer::EncoderStageCounters counters = conference.bridge->encoders();
        all.pictures += counters.pictures_encoded;
        all.skipped += counters.pictures_skipped;
        all.time += counters.encode_time;
    }
    return all;
}

Node::Drawn Node::drawn() const {
    Drawn most;
    for (const auto& [instance, conference] : conferences_) {
        const std::vector<mixer::CanvasTask> tasks = conference.bridge->canvases();
        for (const mixer::CanvasTask& task : tasks) {
            const auto rungs = std::ranges::count(tasks, task.view, &mixer::CanvasTask::view);
            most.most_rungs_of_a_view =
                std::max(most.most_rungs_of_a_view, static_cast<int>(rungs));
            most.most_frames_per_second =
                std::max(most.most_frames_per_second, task.drawn_per_second);
            most.most_lines =
                std::max(most.most_lines, std::min(task.size.width, task.size.height));
        }
    }
    return most;
}

void Node::shed(const mixer::Shedding& shedding) {
    shedding_ = shedding;
    const Timestamp now = services_.clock.now();
    for (auto& [instance, conference] : conferences_) conference.bridge->shed(shedding, now);
}

void Node::poll(Timestamp now) {
    for (auto& [instance, conference] : conferences_) conference.bridge->poll(now);
}

void Node::check(Timestamp now) {
    for (auto& [instance, conference] : conferences_) conference.bridge->check(now);
    report_statistics(Counted::AtLastCheck);
    end_orphans(now);
}

std::vector<std::pair<std::string, ConferenceStatistics>> Node::statistics() const {
    std::vector<std::pair<std::string, ConferenceStatistics>> all;
    for (const auto& [instance, conference] : conferences_) {
        all.emplace_back(conference.owner.room,
                         conference.bridge->statistics(Counted::AtLastCheck));
    }
    return all;
}

void Node::report_statistics(Counted when) {
    if (!events_.watched()) return;
    for (auto& [instance, conference] : conferences_) {
        events_.on_statistics(instance, conference.bridge->statistics(when));
    }
}

void Node::end_orphans(Timestamp now) {
    for (auto it = conferences_.begin(); it != conferences_.end();) {
        Conference& conference = it->second;
        if (events_.watched_by(conference.owner.owner_boot_id)) conference.last_owned = now;
        if (now - conference.last_owned < limits_.orphan_timeout) {
            ++it;
            continue;
        }
        LOG_WARNING("ended conference={} room='{}': its owner {} is gone and nobody claimed it",
                    it->first, conference.owner.room, conference.owner.owner_boot_id);
        conference.bridge->end_all("no signalling daemon claimed the conference");
        it = conferences_.erase(it);
    }
}

void Node::close_all() {
    conferences_.clear();
}

}  // namespace mcu
