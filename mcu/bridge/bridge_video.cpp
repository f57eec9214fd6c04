#include "mcu/bridge/bridge_video.h"

#include <algorithm>

#include "common/thread_cpu.h"

namespace mcu {

using common::SourceId;
using common::Timestamp;
using mixer::FrameRef;

namespace {
constexpr std::size_t kMostSources = 512;  // reserved ahead, so that a tick never allocates
}

BridgeVideo::TickPictures::TickPictures() {
    entries_.reserve(kMostSources);
}

void BridgeVideo::TickPictures::take(const VideoPlan& plan, Timestamp now) {
    entries_.clear();
    for (const VideoPlan::Shown& shown : plan.sources) {
        entries_.push_back({shown.source, &shown.playout->take_due(now)});
    }
}

const mixer::DuePicture* BridgeVideo::TickPictures::find(SourceId source) const {
    const auto found = std::ranges::lower_bound(entries_, source, {}, &Entry::source);
    return found != entries_.end() && found->source == source ? found->picture : nullptr;
}

BridgeVideo::BridgeVideo(mixer::FramePool& frames, mixer::EncoderStage& stage)
    : stage_(stage), compositor_(frames), requests_(4, common::WhenFull::DropNewest) {}

BridgeVideo::~BridgeVideo() {
    while (auto request = requests_.pop()) request->done({});
}

std::uint64_t BridgeVideo::publish(VideoPlan plan) {
    INVARIANT(plan.sources.size() <= kMostSources);
    plan.revision = ++last_revision_;
    plan.slots = 0;
    for (const VideoPlan::Drawing& drawing : plan.drawings) plan.slots |= 1U << drawing.slot;
    plans_.push_back(std::make_unique<const VideoPlan>(std::move(plan)));
    published_.store(plans_.back().get(), std::memory_order_release);
    reclaim();
    return last_revision_;
}

void BridgeVideo::reclaim() {
    const std::uint64_t adopted = adopted_revision();
    while (plans_.size() > 1 && plans_.front()->revision < adopted) plans_.pop_front();
}

bool BridgeVideo::request_picture(std::shared_ptr<const mixer::Scene> scene,
                                  std::function<void(FrameRef)> done) {
    if (!requests_.push({std::move(scene), std::move(done)})) return false;
    requests_waiting_.fetch_add(1, std::memory_order_release);
    return true;
}

const VideoPlan* BridgeVideo::adopt() {
    const VideoPlan* plan = published_.load(std::memory_order_acquire);
    if (plan == nullptr) return nullptr;
    adopted_.store(plan->revision, std::memory_order_release);
    slots_ = plan->slots;
    return plan;
}

void BridgeVideo::tick(Timestamp now, std::uint64_t index) {
    const VideoPlan* plan = adopt();
    if (plan == nullptr) return;
    const common::ThreadCpuScope cpu(cpu_ns_);
    compositor_.begin_tick(now);
    draw(*plan, now, index, 0);
    draw_requested_pictures(now);
}

void BridgeVideo::slot(Timestamp now, std::uint64_t index, int slot) {
    const VideoPlan* plan = adopt();
    if (plan == nullptr) return;
    const common::ThreadCpuScope cpu(cpu_ns_);
    draw(*plan, now, index, slot);
}

/// Who is drawn twice within a tick, on two canvases, may show a newer picture on the second.
void BridgeVideo::draw(const VideoPlan& plan, Timestamp now, std::uint64_t index, int slot) {
    pictures_.take(plan, now);
    for (const VideoPlan::Drawing& drawing : plan.drawings) {
        if (drawing.slot != slot) continue;
        // Those drawn at every other tick take turns, so that ticks have equal work.
        const std::uint64_t turn = index + drawing.canvas.value;
        if (turn % static_cast<std::uint64_t>(drawing.tick_divisor) != 0) continue;
        const FrameRef picture = compositor_.compose(*drawing.scene, pictures_, now);
        if (picture) stage_.encode(drawing.canvas, picture, now);
    }
}

void BridgeVideo::done(common::Duration after_due) {
    constexpr std::int64_t kSmoothing = 16;
    const std::int64_t before = done_after_ns_.load(std::memory_order_relaxed);
    done_after_ns_.store(before + (after_due.count() - before) / kSmoothing,
                         std::memory_order_relaxed);
}

void BridgeVideo::draw_requested_pictures(Timestamp now) {
    // Somebody asked for a snapshot: rare, so its callback may allocate.
    while (requests_waiting_.load(std::memory_order_acquire) > 0) {
        auto request = requests_.pop();
        requests_waiting_.fetch_sub(1, std::memory_order_relaxed);
        request->done(compositor_.compose(*request->scene, pictures_, now));
    }
}

}  // namespace mcu
