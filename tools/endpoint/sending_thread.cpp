#include "tools/endpoint/sending_thread.h"

#include <pthread.h>

#include <algorithm>
#include <ctime>

namespace endpoint {

SendingThread::SendingThread(std::span<const std::unique_ptr<Participant>> participants)
    : participants_(participants), thread_([this] { run(); }) {}

SendingThread::~SendingThread() {
    stop_ = true;
    thread_.join();
}

void SendingThread::run() {
    pthread_setname_np(pthread_self(), "sending");
    constexpr std::int64_t kSecond = 1'000'000'000;
    while (!stop_) {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        const std::int64_t now_ns = now.tv_sec * kSecond + now.tv_nsec;
        std::int64_t next = now_ns + kSecond / 20;
        for (const auto& participant : participants_) {
            participant->send_due(now_ns);
            next = std::min(next, participant->next_due_ns());
        }
        const timespec until{next / kSecond, next % kSecond};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    }
}

}  // namespace endpoint
