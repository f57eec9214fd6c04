#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace common {

/// A table that one thread reads while another replaces it: the reader never waits.
///
/// The reader names the table that it reads; who publishes looks at that name before it frees
/// anything.
/// Thread: `publish` one thread at a time; `Reading` one thread at a time, one alive at most.
/// Owner:  tables are freed by `publish` and by the destructor, never by the reader.
template <typename T>
class Published {
  public:
    Published() { publish({}); }

    /// Returns when nobody reads an older one any more.
    void publish(T value) {
        tables_.push_back(std::make_unique<const T>(std::move(value)));
        const T* const newest = tables_.back().get();
        newest_.store(newest);
        const auto is_old = [newest](const T* table) { return table && table != newest; };
        while (is_old(read_.load())) std::this_thread::sleep_for(kGlance);
        tables_.erase(tables_.begin(), tables_.end() - 1);
    }

    /// The newest table, for as long as this lives: briefly, for `publish` waits.
    class Reading {
      public:
        explicit Reading(Published& of) : of_(of) {
            // Named before it is read, and looked up again: had another come between the two,
            // nobody might have seen the name.
            do {
                table_ = of_.newest_.load();
                of_.read_.store(table_);
            } while (of_.newest_.load() != table_);
        }
        ~Reading() { of_.read_.store(nullptr); }
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        const T& operator*() const { return *table_; }

      private:
        Published& of_;
        const T* table_ = nullptr;
    };

  private:
    static constexpr std::chrono::microseconds kGlance{50};
    std::vector<std::unique_ptr<const T>> tables_;  // of who publishes; the newest is last
    std::atomic<const T*> newest_{nullptr};
    std::atomic<const T*> read_{nullptr};
};

}  // namespace common
