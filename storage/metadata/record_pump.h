#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "common/units.h"
#include "storage/metadata/metadata_store.h"
#include "storage/metadata/record_spool.h"

namespace storage {

/// Brings records into a store in the order in which they came, each exactly once however often the
/// store goes away. While it is away they wait in a spool, and the store is tried again after 50 ms
/// to 5 s.
///
/// Thread: one at a time; may wait for the store and the disk.
/// Owner:  borrows the store; the spool may be null: then they wait in memory.
class RecordPump {
  public:
    static constexpr std::size_t kMostInMemory = 100'000;

    RecordPump(MetadataStore& store, std::unique_ptr<RecordSpool> spool)
        : store_(store), spool_(std::move(spool)) {}

    /// Comes after those that wait. Dropped and counted when neither disk nor memory have room.
    void add(Record record);
    /// Writes what the store takes, and keeps the rest safe.
    void work(common::Timestamp now);
    /// The same, however lately the store was tried.
    void work_at_once(common::Timestamp now);

    /// When to call `work` again; only while something waits.
    [[nodiscard]] common::Timestamp next_try() const { return next_try_; }
    [[nodiscard]] bool empty() const { return memory_.empty() && spool_empty(); }
    /// Records that would be lost if the process ended now.
    [[nodiscard]] std::size_t in_memory() const { return memory_.size(); }
    [[nodiscard]] bool away() const { return away_; }
    [[nodiscard]] std::uint64_t written() const { return written_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    enum class Outcome : std::uint8_t { Done, Away };
    [[nodiscard]] bool spool_empty() const { return spool_ == nullptr || spool_->empty(); }
    Outcome write(std::vector<Record>& batch);
    Outcome write_one_by_one(std::vector<Record>& batch);
    void come_back();
    void go_away(const common::Error& why);
    void spool_memory();
    void drop(const std::string& why);

    MetadataStore& store_;
    std::unique_ptr<RecordSpool> spool_;
    std::deque<Record> memory_;  // younger than those in the spool
    common::Timestamp next_try_;
    common::Duration rest_{};
    bool away_ = false;
    std::uint64_t written_ = 0, dropped_ = 0;
};

}  // namespace storage
