#include "mcu/bridge/tick_thread.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/log.h"

namespace mcu {

using common::Duration;
using common::MutexLock;
using common::Timestamp;

namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

void sleep_until(Timestamp t) {
    const timespec deadline{.tv_sec = t.ns() / kNsPerSecond, .tv_nsec = t.ns() % kNsPerSecond};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nullptr) == EINTR) {
    }
}

void ask_for_realtime(const std::string& name) {
    sched_param param{};
    param.sched_priority = 10;
    const int error = pthread_setschedparam(pthread_self(), SCHED_RR, &param);
    if (error != 0)
        LOG_INFO("tick={} runs without real-time priority: {}", name, std::strerror(error));
}

}  // namespace

TickThread::TickThread(std::string name, std::int64_t ticks_per_second, const common::Clock& clock,
                       int slots_per_tick)
    : name_(std::move(name)),
      ticks_per_second_(ticks_per_second),
      clock_(clock),
      origin_(clock.now()),
      slots_per_tick_(slots_per_tick),
      slots_(slots_per_tick) {
    MutexLock lock(mutex_);
    publish({});
}

TickThread::~TickThread() {
    stop();
}

void TickThread::start(Priority priority) {
    thread_ = std::thread([this, priority] { run(priority); });
}

void TickThread::stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

void TickThread::add(TickClient& client) {
    MutexLock lock(mutex_);
    List next = *lists_.back();
    next.push_back(std::make_shared<Entry>(client));
    publish(std::move(next));
}

void TickThread::remove(TickClient& client) {
    std::shared_ptr<Entry> removed;
    {
        MutexLock lock(mutex_);
        List next = *lists_.back();
        const auto found = std::ranges::find_if(
            next, [&](const std::shared_ptr<Entry>& entry) { return &entry->client == &client; });
        if (found == next.end()) return;
        removed = *found;
        next.erase(found);
        publish(std::move(next));
    }
    removed->removed.store(true);
    while (ticking_.load() == removed.get()) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
}

// What a tick still reads is kept until the next change.
void TickThread::publish(List next) {
    lists_.push_back(std::make_unique<const List>(std::move(next)));
    const List* const newest = lists_.back().get();
    newest_.store(newest);
    std::erase_if(lists_, [&](const std::unique_ptr<const List>& list) {
        return list.get() != newest && list.get() != walked_.load();
    });
}

const TickThread::List& TickThread::take_list() {
    const List* list = nullptr;
    // Named before it is read, and looked up again: had another come between the two, nobody might
    // have seen the name.
    do {
        list = newest_.load();
        walked_.store(list);
    } while (newest_.load() != list);
    return *list;
}

/// The first that wants this slot and has not had it in this run: those added meanwhile have theirs
/// as well.
TickThread::Entry* TickThread::next_entry(int slot) {
    for (const std::shared_ptr<Entry>& entry : take_list()) {
        if (entry->last_run == runs_) continue;
        if (slot == 0 || (entry->slots >> slot & 1U) != 0) return entry.get();
    }
    return nullptr;
}

Timestamp TickThread::time_of(std::uint64_t index, int slot) const {
    const auto i = static_cast<std::int64_t>(index);
    const std::int64_t slots_per_second = ticks_per_second_ * slots_per_tick_;
    return origin_ + std::chrono::seconds(i / ticks_per_second_) +
           Duration((i % ticks_per_second_ * slots_per_tick_ + slot) * kNsPerSecond /
                    slots_per_second);
}

void TickThread::run_tick(std::uint64_t index) {
    for (Point point{index, 0}; point.index == index; point = next_wanted(point)) run_point(point);
}

void TickThread::run_point(const Point& point) {
    const Timestamp now = time_of(point.index, point.slot);
    ++runs_;
    while (Entry* const entry = next_entry(point.slot)) {
        entry->last_run = runs_;
        ticking_.store(entry);
        // Asked after it was named: whoever removes it either is seen here or sees the name.
        if (!entry->removed.load()) {
            if (point.slot == 0) {
                entry->client.tick(now, point.index);
            } else {
                entry->client.slot(now, point.index, point.slot);
            }
            entry->client.done(clock_.now() - now);
            entry->slots = entry->client.slots();
        }
        ticking_.store(nullptr);
    }
    walked_.store(nullptr);
}

TickThread::Point TickThread::next_wanted(Point point) {
    std::uint32_t wanted = 0;
    for (const std::shared_ptr<Entry>& entry : take_list()) wanted |= entry->slots;
    walked_.store(nullptr);
    while (++point.slot < slots_per_tick_) {
        if ((wanted >> point.slot & 1U) != 0) return point;
    }
    return {point.index + 1, 0};
}

void TickThread::run(Priority priority) {
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    if (priority == Priority::Realtime) ask_for_realtime(name_);
    Point point{1, 0};
    while (!stopping_.load(std::memory_order_relaxed)) {
        sleep_until(time_of(point.index, point.slot));
        const Timestamp woke = clock_.now();
        // After a stall: go on with the newest tick in which this slot has passed. The other slots
        // of it follow at once.
        while (time_of(point.index + 1, point.slot) <= woke) {
            ++point.index;
            skipped_.fetch_add(1, std::memory_order_relaxed);
        }
        const std::int64_t lateness_ns = (woke - time_of(point.index, point.slot)).count();
        lateness_ns_.store(lateness_ns, std::memory_order_relaxed);
        // Asked for in between, the worst may be told twice: it is a figure, not a count.
        if (lateness_ns > worst_lateness_ns_.load(std::memory_order_relaxed))
            worst_lateness_ns_.store(lateness_ns, std::memory_order_relaxed);
        run_point(point);
        point = next_wanted(point);
    }
}

}  // namespace mcu
