#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

namespace mixer {

/// Hands a tick its finished plan, and tells the control thread when the tick has let go of an old
/// one. The tick never waits: it names the plan it uses (a hazard pointer), and the control thread
/// looks.
///
/// Thread: `publish` and `planned` control thread; `Use` one tick thread, one at a time.
/// Owner:  owns the plan in force; `publish` destroys the one before.
template <typename Plan>
class TickPlan {
  public:
    explicit TickPlan(std::unique_ptr<Plan> first) : owned_(std::move(first)) {
        current_.store(owned_.get());
    }

    /// Takes effect at the next tick. Returns when no tick uses the old plan any more: at once when
    /// none is running. Not from within a tick.
    void publish(std::unique_ptr<Plan> next) {
        Plan* const old = owned_.get();
        current_.store(next.get());
        while (in_use_.load() == old) std::this_thread::sleep_for(std::chrono::microseconds(50));
        owned_ = std::move(next);
    }
    [[nodiscard]] const Plan& planned() const { return *owned_; }

    /// The plan in force, for the length of one tick.
    class Use {
      public:
        explicit Use(TickPlan& plans) : plans_(plans) {
            // Named before it is touched, and looked up again: had it been replaced between the
            // two, the control thread might not have seen the name.
            do {
                plan_ = plans_.current_.load();
                plans_.in_use_.store(plan_);
            } while (plans_.current_.load() != plan_);
        }
        ~Use() { plans_.in_use_.store(nullptr); }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
        Plan& operator*() const { return *plan_; }
        Plan* operator->() const { return plan_; }

      private:
        TickPlan& plans_;
        Plan* plan_ = nullptr;
    };

  private:
    std::unique_ptr<Plan> owned_;
    std::atomic<Plan*> current_{nullptr};
    std::atomic<Plan*> in_use_{nullptr};
};

}  // namespace mixer
