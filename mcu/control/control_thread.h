#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "common/units.h"
#include "mcu/bridge/bridge_services.h"

namespace mcu {

/// The one thread that makes and destroys everything: tasks in order, and a few timers.
///
/// Thread: `post` any thread. Timers are set before `start` and run here.
/// Full:   4096 tasks; more means that somebody floods us, and the task is dropped and counted.
class ControlThread final : public ControlPoster {
  public:
    explicit ControlThread(const common::Clock& clock);
    ~ControlThread() override;

    void every(common::Duration period, std::function<void(common::Timestamp)> task);
    void start();
    /// Runs what is queued, then `last` (never refused, however much waits), then ends.
    /// No task runs afterwards.
    void stop(std::function<void()> last = {}) EXCLUDES(mutex_);

    bool post(std::function<void()> task) override EXCLUDES(mutex_);

    [[nodiscard]] std::uint64_t dropped() const EXCLUDES(mutex_);

  private:
    struct Timer {
        common::Duration period;
        common::Timestamp due;
        std::function<void(common::Timestamp)> task;
    };
    void run() EXCLUDES(mutex_);
    void run_tasks() EXCLUDES(mutex_);
    common::Duration run_timers();

    const common::Clock& clock_;
    std::vector<Timer> timers_;
    mutable common::Mutex mutex_;
    common::CondVar wake_;
    std::deque<std::function<void()>> tasks_ GUARDED_BY(mutex_);
    bool stopping_ GUARDED_BY(mutex_) = false;
    std::function<void()> last_ GUARDED_BY(mutex_);
    std::uint64_t dropped_ GUARDED_BY(mutex_) = 0;
    std::thread thread_;
};

}  // namespace mcu
