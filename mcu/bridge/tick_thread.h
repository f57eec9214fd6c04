#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "common/units.h"
#include "mcu/bridge/tick_slots.h"

namespace mcu {

/// One conference's part of a tick.
class TickClient {
  public:
    virtual ~TickClient() = default;
    /// `now` is the tick's own time on a regular grid, `index` counts grid points, skipped ones
    /// included. Neither blocks, allocates, nor logs.
    virtual void tick(common::Timestamp now, std::uint64_t index) = 0;
    /// A later part of the tick of that `index`, with the slot's own time, where `slots` asks for
    /// it. The same rules.
    virtual void slot(common::Timestamp now, std::uint64_t index, int slot) {
        static_cast<void>(now), static_cast<void>(index), static_cast<void>(slot);
    }
    /// Bit s: call `slot` with s, from 1 on. Asked on the tick's thread after each call.
    [[nodiscard]] virtual std::uint32_t slots() const { return 0; }
    /// Right after `tick` or `slot`: how long after its time it was done. The same rules.
    virtual void done(common::Duration after_due) { static_cast<void>(after_due); }
};

/// Calls its clients on a regular grid of time: the audio tick (20 ms) or the video tick (1/30 s).
/// A tick may be divided into slots, on which clients do a part of its work each; the thread sleeps
/// through those that nobody wants.
///
/// Thread: a thread of its own, real-time (SCHED_RR) where the system allows and `realtime` asks
/// for it.
///         `add` and `remove` control thread. Tests make one without a thread and call `run_tick`.
///         The tick takes no lock: it names the list that it walks and the client that it calls,
///         and the others look (as TickPlan does).
/// Owner:  borrows clients; `remove` returns when no tick of that client is under way.
/// Stall:  ticks that were missed are skipped, never caught up (architecture.md, section 2), and
/// counted.
class TickThread {
  public:
    enum class Priority : std::uint8_t { Normal, Realtime };
    /// A rate rather than a period: 1/30 s keeps its grid without rounding drift.
    TickThread(std::string name, std::int64_t ticks_per_second, const common::Clock& clock,
               int slots_per_tick = 1);
    ~TickThread();

    void start(Priority priority);
    void stop();
    void add(TickClient& client) EXCLUDES(mutex_);
    void remove(TickClient& client) EXCLUDES(mutex_);

    /// One tick of all clients, with all its slots at once; for tests without a thread.
    void run_tick(std::uint64_t index);
    [[nodiscard]] common::Timestamp time_of(std::uint64_t index, int slot = 0) const;
    /// Whose drawing comes in which slot. Control thread.
    [[nodiscard]] TickSlots& slots() { return slots_; }

    [[nodiscard]] std::uint64_t skipped_ticks() const {
        return skipped_.load(std::memory_order_relaxed);
    }
    /// How late the latest tick began.
    [[nodiscard]] common::Duration lateness() const {
        return common::Duration(lateness_ns_.load(std::memory_order_relaxed));
    }

    /// How late the latest of all ticks began since this was asked last. One asks.
    [[nodiscard]] common::Duration take_worst_lateness() {
        return common::Duration(worst_lateness_ns_.exchange(0, std::memory_order_relaxed));
    }
    [[nodiscard]] std::int64_t ticks_per_second() const { return ticks_per_second_; }

  private:
    struct Entry {
        explicit Entry(TickClient& of) : client(of) {}
        TickClient& client;
        std::atomic<bool> removed{false};
        std::uint64_t last_run = 0;  // tick thread
        std::uint32_t slots = 0;     // tick thread
    };
    /// A point of the grid.
    struct Point {
        std::uint64_t index = 0;
        int slot = 0;
    };
    using List = std::vector<std::shared_ptr<Entry>>;

    void run(Priority priority);
    void run_point(const Point& point);
    [[nodiscard]] Point next_wanted(Point point);
    void publish(List next) REQUIRES(mutex_);
    const List& take_list();
    Entry* next_entry(int slot);

    const std::string name_;
    const std::int64_t ticks_per_second_;
    const common::Clock& clock_;
    const common::Timestamp origin_;
    const int slots_per_tick_;
    TickSlots slots_;      // control thread
    common::Mutex mutex_;  ///< of those who add and remove; no tick takes it
    std::vector<std::unique_ptr<const List>> lists_ GUARDED_BY(mutex_);  ///< the newest is last
    std::atomic<const List*> newest_{nullptr};
    std::atomic<const List*> walked_{nullptr};    ///< the tick reads it
    std::atomic<const Entry*> ticking_{nullptr};  ///< its client is in `tick`
    std::uint64_t runs_ = 0;                      // tick thread
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> skipped_{0};
    std::atomic<std::int64_t> lateness_ns_{0};
    std::atomic<std::int64_t> worst_lateness_ns_{0};
    std::thread thread_;
};

}  // namespace mcu
