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

TickThread::TickThread(std::string name, std::int64_t ticks_per_second, const common::Clock& clock)
    : name_(std::move(name)),
      ticks_per_second_(ticks_per_second),
      clock_(clock),
      origin_(clock.now()) {}

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
    clients_.push_back(&client);
}

void TickThread::remove(TickClient& client) {
    MutexLock lock(mutex_);
    const auto found = std::ranges::find(clients_, &client);
    if (found != clients_.end()) {
        // Those behind move up, and a tick under way must not miss one of them for it.
        const auto place = static_cast<std::size_t>(found - clients_.begin());
        if (place < next_client_) --next_client_;
        clients_.erase(found);
    }
    while (ticking_ == &client) client_done_.wait(mutex_);
}

Timestamp TickThread::time_of(std::uint64_t index) const {
    const auto i = static_cast<std::int64_t>(index);
    return origin_ + std::chrono::seconds(i / ticks_per_second_) +
           Duration(i % ticks_per_second_ * kNsPerSecond / ticks_per_second_);
}

void TickThread::run_tick(std::uint64_t index) {
    const Timestamp now = time_of(index);
    // The lock is held between clients only, so that control may add or remove while others tick. A
    // client that was removed in between is simply not met.
    while (true) {
        TickClient* client = nullptr;
        {
            MutexLock lock(mutex_);
            if (next_client_ >= clients_.size()) {
                next_client_ = 0;
                return;
            }
            client = clients_[next_client_++];
            ticking_ = client;
        }
        client->tick(now, index);
        MutexLock lock(mutex_);
        ticking_ = nullptr;
        client_done_.notify_all();
    }
}

void TickThread::run(Priority priority) {
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    if (priority == Priority::Realtime) ask_for_realtime(name_);
    std::uint64_t index = 1;
    while (!stopping_.load(std::memory_order_relaxed)) {
        sleep_until(time_of(index));
        const Timestamp woke = clock_.now();
        // After a stall: go on with the newest grid point that has passed.
        while (time_of(index + 1) <= woke) {
            ++index;
            skipped_.fetch_add(1, std::memory_order_relaxed);
        }
        lateness_ns_.store((woke - time_of(index)).count(), std::memory_order_relaxed);
        run_tick(index);
        ++index;
    }
}

}  // namespace mcu
