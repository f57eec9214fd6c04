#include "storage/metadata/record_pump.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "common/log.h"

namespace storage {
namespace {

constexpr std::size_t kBatch = 256;
constexpr common::Duration kFirstRest = std::chrono::milliseconds(50);
constexpr common::Duration kLongestRest = std::chrono::seconds(5);

}  // namespace

void RecordPump::add(Record record) {
    if (memory_.size() >= kMostInMemory) return drop("too many wait");
    memory_.push_back(std::move(record));
}

void RecordPump::drop(const std::string& why) {
    if (dropped_++ % kMostInMemory == 0) LOG_ERROR("records are lost: {}", why);
}

void RecordPump::work(common::Timestamp now) {
    if (away_ && now < next_try_) return spool_memory();
    work_at_once(now);
}

void RecordPump::work_at_once(common::Timestamp now) {
    Outcome outcome = Outcome::Done;
    while (outcome == Outcome::Done && !spool_empty()) {
        std::vector<Record> batch = spool_->front(kBatch);
        if (!batch.empty()) outcome = write(batch);
        if (outcome == Outcome::Done && !spool_->pop()) outcome = Outcome::Away;  // not readable
    }
    while (outcome == Outcome::Done && spool_empty() && !memory_.empty()) {
        const auto end =
            memory_.begin() + static_cast<std::ptrdiff_t>(std::min(kBatch, memory_.size()));
        std::vector<Record> batch(memory_.begin(), end);
        outcome = write(batch);
        // Those that were taken one by one before it went away come again: that changes nothing.
        if (outcome == Outcome::Done) memory_.erase(memory_.begin(), end);
    }
    if (outcome == Outcome::Done) return;
    rest_ = std::clamp(rest_ * 2, kFirstRest, kLongestRest);
    next_try_ = now + rest_;
    spool_memory();
}

RecordPump::Outcome RecordPump::write(std::vector<Record>& batch) {
    const auto outcome = store_.write(batch);
    if (outcome) {
        written_ += batch.size();
        come_back();
        return Outcome::Done;
    }
    if (outcome.error().code == common::ErrorCode::InvalidArgument) return write_one_by_one(batch);
    go_away(outcome.error());
    return Outcome::Away;
}

// One of them will never be taken: the others shall not wait for it.
RecordPump::Outcome RecordPump::write_one_by_one(std::vector<Record>& batch) {
    std::uint64_t taken = 0, refused = 0;
    for (Record& record : batch) {
        const auto outcome = store_.write(std::span(&record, 1));
        if (outcome) {
            ++taken;
        } else if (outcome.error().code == common::ErrorCode::InvalidArgument) {
            ++refused;
            LOG_ERROR("a record is lost: {}", outcome.error().message);
        } else {
            go_away(outcome.error());
            return Outcome::Away;
        }
    }
    written_ += taken;
    dropped_ += refused;
    come_back();
    return Outcome::Done;
}

void RecordPump::come_back() {
    rest_ = {};
    if (std::exchange(away_, false)) LOG_INFO("the store takes records again");
}

void RecordPump::go_away(const common::Error& why) {
    if (!std::exchange(away_, true))
        LOG_WARNING("records wait, the store does not take them: {}", why.message);
}

void RecordPump::spool_memory() {
    if (spool_ == nullptr || memory_.empty()) return;
    const auto spooled = spool_->append(std::vector<Record>(memory_.begin(), memory_.end()));
    if (spooled) {
        memory_.clear();
    } else {
        LOG_ERROR("records wait in memory: {}", spooled.error().message);
    }
}

}  // namespace storage
