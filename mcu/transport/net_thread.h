#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <typeindex>
#include <utility>

#include "common/clock.h"
#include "common/units.h"

namespace mcu {

class ReceiveBatch;

/// Told when a watched descriptor can be read. Net thread.
class FdHandler {
  public:
    virtual ~FdHandler() = default;
    virtual void on_readable() = 0;
};

/// A thread that owns sockets and everything behind them: a GMainContext of its own, in which one
/// epoll set stands for all descriptors, timers and posted work. (One poll(2) entry a socket would
/// cost O(sockets) a wake; a library with sources of its own still finds the context here.)
///
/// Thread: `post`, `call` any thread; the rest the net thread alone.
/// Owner:  outlives what is attached to it. Its destruction runs what was posted before, then ends.
/// Tests:  `Runs::WhenTold` starts no thread: the creating thread is the net thread, and work is
///         done inside `run_ready` and `run_until`, with timers by the injected clock.
class NetThread {
  public:
    enum class Runs : std::uint8_t { OnItsOwnThread, WhenTold };
    /// Bound of waiting posts; beyond it a post is refused.
    static constexpr std::size_t kMaxPosts = 4096;
    /// Between two wakes: a busy thread serves what came meanwhile together. `call` does not wait
    /// for it.
    static constexpr std::chrono::milliseconds kLeastBetweenWakes{2};

    NetThread(const std::string& name, const common::Clock& clock,
              Runs runs = Runs::OnItsOwnThread);
    ~NetThread();
    NetThread(const NetThread&) = delete;
    NetThread& operator=(const NetThread&) = delete;

    /// False, and nothing will run, when `kMaxPosts` wait already.
    [[nodiscard]] bool post(std::function<void()> task);
    /// Runs the task on the net thread and returns when it has run; at once when already there.
    void call(const std::function<void()>& task);
    [[nodiscard]] bool is_current() const;

    /// `WhenTold` only: does all that is ready now, timers that are due included.
    void run_ready();
    /// `WhenTold` only: works until `done`, at most `max_wait` of real time (sockets are real even
    /// where the clock is not). Returns what `done` said last.
    bool run_until(const std::function<bool()>& done, common::Duration max_wait);

    void watch(int fd, FdHandler& handler);
    /// No callback after it returns.
    void unwatch(int fd);

    [[nodiscard]] const common::Clock& clock() const { return clock_; }
    /// Scratch that all ports of this thread read into, one batch at a time.
    [[nodiscard]] ReceiveBatch& receive_batch();
    /// What all users of this thread share, made for the first who asks and destroyed with it.
    template <typename T, typename... Args>
    [[nodiscard]] T& shared(Args&&... args) {
        std::shared_ptr<void>& place = shared_place(typeid(T));
        if (!place) place = std::make_shared<T>(std::forward<Args>(args)...);
        return *static_cast<T*>(place.get());
    }

  private:
    friend class Timer;
    friend class Wakeup;
    struct Impl;
    std::shared_ptr<void>& shared_place(std::type_index type);
    const common::Clock& clock_;
    std::unique_ptr<Impl> impl_;
};

/// Calls back once at a media time, or soon after. Net thread alone, destruction too.
class Timer {
  public:
    Timer(NetThread& net, std::function<void()> on_due);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void start_at(common::Timestamp due);  ///< restarts when running
    void stop();
    [[nodiscard]] bool running() const { return running_; }
    [[nodiscard]] common::Timestamp due() const { return due_; }  ///< of the last start

  private:
    friend class NetThread;
    NetThread& net_;
    std::function<void()> on_due_;
    common::Timestamp due_;
    std::uint64_t order_ = 0;  ///< among timers of equal due
    bool running_ = false;
};

/// Calls back on the net thread soon after `notify`, which neither blocks, nor takes a lock, nor
/// allocates, so that a tick may use it. Notifications before the callback are one.
///
/// Thread: `notify` any thread; made and destroyed on the net thread, and by then nobody notifies.
class Wakeup {
  public:
    Wakeup(NetThread& net, std::function<void()> on_wake);
    ~Wakeup();
    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    void notify();

  private:
    friend class NetThread;
    NetThread& net_;
    std::function<void()> on_wake_;
    Wakeup* next_ = nullptr;            ///< of those notified; whoever set `pending_` may write it
    std::atomic<bool> pending_{false};  ///< notified, and not called back yet
};

}  // namespace mcu
