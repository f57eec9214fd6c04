#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <thread>

#include "tools/endpoint/participant.h"

namespace endpoint {

/// Wakes when the next picture or sound of any participant is due: one thread for all of them.
class SendingThread {
  public:
    /// Borrows the participants.
    explicit SendingThread(std::span<const std::unique_ptr<Participant>> participants);
    ~SendingThread();

  private:
    void run();

    std::span<const std::unique_ptr<Participant>> participants_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace endpoint
