#include "mcu/control/snapshot_encoder.h"

#include <utility>

#include "mixer/video/png.h"

namespace mcu {

SnapshotEncoder::~SnapshotEncoder() {
    close();
    const common::MutexLock lock(mutex_);
    for (const Waiting& each : waiting_)
        each.done(common::fail(common::ErrorCode::Unavailable, "the media daemon goes down"));
}

bool SnapshotEncoder::encode(mixer::FrameRef picture, Done done) {
    {
        const common::MutexLock lock(mutex_);
        if (waiting_.size() >= kMostWaiting) return false;
        waiting_.push_back({std::move(picture), std::move(done)});
    }
    poke();
    return true;
}

void SnapshotEncoder::work() {
    // One a run: in between, the pool sees to the meetings' own pictures.
    Waiting next;
    bool more = false;
    {
        const common::MutexLock lock(mutex_);
        if (waiting_.empty()) return;
        next = std::move(waiting_.front());
        waiting_.pop_front();
        more = !waiting_.empty();
    }
    next.done(mixer::encode_png(*next.picture));
    if (more) poke();
}

}  // namespace mcu
