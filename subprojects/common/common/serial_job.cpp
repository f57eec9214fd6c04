#include "common/serial_job.h"

#include "common/invariant.h"

namespace common {

SerialJob::~SerialJob() {
    MutexLock lock(mutex_);
    INVARIANT(state_ == State::Idle);  // whoever derives calls close() first
}

void SerialJob::poke() {
    {
        MutexLock lock(mutex_);
        if (closed_) return;
        if (state_ == State::Running) state_ = State::RunningAndPoked;
        if (state_ != State::Idle) return;
        state_ = State::Queued;
    }
    executor_.submit(*this);
}

void SerialJob::close() {
    MutexLock lock(mutex_);
    closed_ = true;
    while (state_ != State::Idle) idle_.wait(mutex_);
}

void SerialJob::run() {
    bool closed = false;
    {
        MutexLock lock(mutex_);
        state_ = State::Running;
        closed = closed_;
    }
    if (!closed) work();

    bool again = false;
    {
        MutexLock lock(mutex_);
        again = state_ == State::RunningAndPoked && !closed_;
        state_ = again ? State::Queued : State::Idle;
        // Notified under the lock: whoever waits in close() may destroy us as soon as it holds it.
        if (!again) idle_.notify_all();
    }
    if (again) executor_.submit(*this);
}

}  // namespace common
