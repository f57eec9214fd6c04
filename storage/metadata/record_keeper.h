#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "common/result.h"
#include "storage/metadata/metadata_store.h"
#include "storage/metadata/record_pump.h"

namespace storage {

/// Where records are left by those who must not wait.
class RecordSink {
  public:
    virtual ~RecordSink() = default;
    /// Returns at once; records are written in the order of these calls.
    virtual void write(Record record) = 0;
};

/// What was kept, for those who must not wait: the answer comes to the asking thread's loop.
class RecordArchive {
  public:
    template <typename T>
    using Answer = std::function<void(common::Result<std::vector<T>>)>;

    virtual ~RecordArchive() = default;
    virtual void events(const EventQuery& query, Answer<EventRecord> done) = 0;
    virtual void calls(const CallQuery& query, Answer<CallRecord> done) = 0;
};

/// Keeps a store on a thread of its own, so that no meeting waits for a disk or a network.
///
/// Thread: every method any thread. Answers come through `post`, which is called on the store's
///         thread and is to run what it is given elsewhere.
/// Owner:  borrows the clock.
/// Errors: as class RecordPump; beyond RecordPump::kMostInMemory that nobody has looked at the
///         newest are dropped and counted. A question that was asked before the end is answered.
class RecordKeeper final : public RecordSink, public RecordArchive {
  public:
    using Post = std::function<void(std::function<void()>)>;

    /// `spool` may be null.
    RecordKeeper(std::unique_ptr<MetadataStore> store, std::unique_ptr<RecordSpool> spool,
                 const common::Clock& clock, Post post);
    /// Writes what is waiting, if the store takes it now; else it stays in the spool.
    ~RecordKeeper() override;
    RecordKeeper(const RecordKeeper&) = delete;
    RecordKeeper& operator=(const RecordKeeper&) = delete;

    void write(Record record) override EXCLUDES(mutex_);
    void events(const EventQuery& query, Answer<EventRecord> done) override;
    void calls(const CallQuery& query, Answer<CallRecord> done) override;

    /// Records that are lost: there was no room for them, or the store will never take them.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_.load() + dropped_here_.load(); }
    [[nodiscard]] std::uint64_t written() const { return written_.load(); }
    /// The store does not take records now.
    [[nodiscard]] bool away() const { return away_.load(); }

  private:
    using Question = std::function<void(MetadataStore&)>;
    void ask(Question question) EXCLUDES(mutex_);
    void wait() REQUIRES(mutex_);
    void run() EXCLUDES(mutex_);

    const common::Clock& clock_;
    std::unique_ptr<MetadataStore> store_;  // of the thread
    RecordPump pump_;                       // of the thread
    Post post_;
    common::Mutex mutex_;
    common::CondVar something_to_do_;
    std::deque<Record> waiting_ GUARDED_BY(mutex_);
    std::deque<Question> questions_ GUARDED_BY(mutex_);
    bool stop_ GUARDED_BY(mutex_) = false;
    std::atomic<std::uint64_t> dropped_{0}, dropped_here_{0}, written_{0};
    std::atomic<bool> away_{false};
    std::thread thread_;
};

}  // namespace storage
