#include "mcu/control/control_thread.h"

#include <pthread.h>

#include <algorithm>

namespace mcu {

using common::Duration;
using common::MutexLock;
using common::Timestamp;

namespace {
constexpr std::size_t kMostTasks = 4096;
constexpr Duration kLongestWait = std::chrono::seconds(1);
}  // namespace

ControlThread::ControlThread(const common::Clock& clock) : clock_(clock) {}

ControlThread::~ControlThread() {
    stop();
}

void ControlThread::every(Duration period, std::function<void(Timestamp)> task) {
    timers_.push_back({period, clock_.now() + period, std::move(task)});
}

void ControlThread::start() {
    thread_ = std::thread([this] { run(); });
}

void ControlThread::stop(std::function<void()> last) {
    {
        MutexLock lock(mutex_);
        stopping_ = true;
        last_ = std::move(last);
        wake_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

bool ControlThread::post(std::function<void()> task) {
    MutexLock lock(mutex_);
    if (stopping_ || tasks_.size() >= kMostTasks) {
        ++dropped_;
        return false;
    }
    tasks_.push_back(std::move(task));
    wake_.notify_one();
    return true;
}

std::uint64_t ControlThread::dropped() const {
    MutexLock lock(mutex_);
    return dropped_;
}

void ControlThread::run() {
    pthread_setname_np(pthread_self(), "control");
    while (true) {
        run_tasks();
        const Duration wait = run_timers();
        MutexLock lock(mutex_);
        if (!tasks_.empty()) continue;
        if (stopping_) break;
        wake_.wait_for(mutex_, wait);
    }
    std::function<void()> last;
    {
        MutexLock lock(mutex_);
        last = std::move(last_);
    }
    if (last) last();
}

void ControlThread::run_tasks() {
    std::deque<std::function<void()>> tasks;
    {
        MutexLock lock(mutex_);
        tasks.swap(tasks_);
    }
    for (auto& task : tasks) task();
}

Duration ControlThread::run_timers() {
    const Timestamp now = clock_.now();
    Duration wait = kLongestWait;
    for (Timer& timer : timers_) {
        if (now >= timer.due) {
            timer.task(now);
            timer.due = std::max(timer.due + timer.period,
                                 now);  // after a stall: once, not once for each missed
        }
        wait = std::min(wait, timer.due - now);
    }
    return std::max(wait, Duration(std::chrono::milliseconds(1)));
}

}  // namespace mcu
