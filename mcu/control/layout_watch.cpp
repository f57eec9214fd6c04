#include "mcu/control/layout_watch.h"

#include <pthread.h>

#include <utility>

#include "common/log.h"

namespace mcu {
namespace {

// A file is read at the second look after it was saved: within 0.2 s.
constexpr auto kBetweenLooks = std::chrono::milliseconds(100);

}  // namespace

void LayoutWatch::start(OnFound found) {
    thread_ = std::thread([this, found = std::move(found)] {
        pthread_setname_np(pthread_self(), "layouts");
        run(found);
    });
}

void LayoutWatch::stop() {
    {
        const common::MutexLock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void LayoutWatch::run(const OnFound& found) {
    std::optional<LayoutFolder::Found> waiting;
    while (true) {
        {
            const common::MutexLock lock(mutex_);
            if (!stopping_) wake_.wait_for(mutex_, kBetweenLooks);
            if (stopping_) return;
        }
        if (auto changed = folder_.look()) waiting = std::move(changed);
        if (waiting && found(*waiting)) waiting.reset();
    }
}

void log_refused(const std::vector<mixer::LayoutError>& errors) {
    for (const mixer::LayoutError& error : errors) LOG_ERROR("layout refused: {}", error.text());
}

}  // namespace mcu
