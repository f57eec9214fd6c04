#include "common/serial_job.h"

#include "common/invariant.h"

namespace common {

SerialJob::~SerialJob() {
    INVARIANT((state_.load() & ~kClosed) == kIdle);  // whoever derives calls close() first
}

/// Exchanges the state even where it stays: what was written before the poke is then seen by the
/// run that it relies on.
void SerialJob::poke() {
    unsigned state = state_.load();
    unsigned next = 0;
    do {
        if ((state & kClosed) != 0) return;
        next = state == kIdle ? kQueued : state == kRunning ? kRunningAndPoked : state;
    } while (!state_.compare_exchange_weak(state, next));
    if (state == kIdle) executor_.submit(*this);
}

void SerialJob::close() {
    const unsigned before = state_.fetch_or(kClosed);
    if ((before & ~kClosed) == kIdle) return;
    MutexLock lock(mutex_);
    while ((state_.load() & ~kClosed) != kIdle) idle_.wait(mutex_);
}

void SerialJob::run() {
    unsigned state = state_.load();
    while (!state_.compare_exchange_weak(state, (state & kClosed) | kRunning)) {
    }
    if ((state & kClosed) == 0) work();
    finish();
}

void SerialJob::finish() {
    unsigned state = state_.load();
    while ((state & kClosed) == 0) {
        const bool again = state == kRunningAndPoked;
        if (!state_.compare_exchange_weak(state, again ? kQueued : kIdle)) continue;
        // Idle, it may be closed and destroyed at once: nothing of it is touched any more.
        if (again) executor_.submit(*this);
        return;
    }
    // Under the lock: whoever waits in close() may destroy us as soon as it holds it.
    MutexLock lock(mutex_);
    state_.store(kClosed | kIdle);
    idle_.notify_all();
}

}  // namespace common
