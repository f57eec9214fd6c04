#include "storage/metadata/record_keeper.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "common/log.h"

namespace storage {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBatch = 256;
constexpr milliseconds kFirstRest{50}, kLongestRest{5000};

}  // namespace

RecordKeeper::RecordKeeper(std::unique_ptr<MetadataStore> store, Post post)
    : store_(std::move(store)), post_(std::move(post)), thread_([this] { run(); }) {}

RecordKeeper::~RecordKeeper() {
    {
        common::MutexLock lock(mutex_);
        stop_ = true;
    }
    something_to_do_.notify_all();
    thread_.join();
}

void RecordKeeper::write(Record record) {
    {
        common::MutexLock lock(mutex_);
        if (waiting_.size() >= kMostWaiting) {
            if (dropped_.fetch_add(1) == 0) LOG_ERROR("records are lost: too many wait");
            return;
        }
        waiting_.push_back(std::move(record));
    }
    something_to_do_.notify_one();
}

void RecordKeeper::ask(Question question) {
    {
        common::MutexLock lock(mutex_);
        questions_.push_back(std::move(question));
    }
    something_to_do_.notify_one();
}

void RecordKeeper::events(const EventQuery& query, Answer<EventRecord> done) {
    ask([this, query, done = std::move(done)](MetadataStore& store) {
        post_([done, answer = store.events(query)] { done(answer); });
    });
}

void RecordKeeper::calls(const CallQuery& query, Answer<CallRecord> done) {
    ask([this, query, done = std::move(done)](MetadataStore& store) {
        post_([done, answer = store.calls(query)] { done(answer); });
    });
}

std::size_t RecordKeeper::waiting() const {
    common::MutexLock lock(mutex_);
    return waiting_.size() + in_hand_.load();
}

void RecordKeeper::run() {
    std::vector<Record> batch;
    milliseconds rest{0};
    for (;;) {
        std::deque<Question> questions;
        bool stop = false;
        {
            common::MutexLock lock(mutex_);
            // While the store is away only time, a question or the end is something to do.
            if (rest.count() > 0 && !stop_ && questions_.empty()) {
                something_to_do_.wait_for(mutex_, rest);
            }
            while (batch.empty() && waiting_.empty() && questions_.empty() && !stop_) {
                something_to_do_.wait(mutex_);
            }
            while (!waiting_.empty() && batch.size() < kBatch) {
                batch.push_back(std::move(waiting_.front()));
                waiting_.pop_front();
            }
            in_hand_ = batch.size();
            // Whoever asks sees what was written before.
            if (waiting_.empty()) questions.swap(questions_);
            stop = stop_;
        }
        const bool taken = batch.empty() || write_some(batch);
        if (taken) batch.clear();
        in_hand_ = batch.size();
        rest = taken ? milliseconds(0) : std::clamp(rest * 2, kFirstRest, kLongestRest);
        for (const Question& question : questions) question(*store_);
        if (stop && (!taken || waiting() == 0)) {
            if (!taken) LOG_ERROR("{} records are lost: the store is away at the end", waiting());
            return;
        }
    }
}

bool RecordKeeper::write_some(std::vector<Record>& batch) {
    auto outcome = store_->write(batch);
    note(outcome);
    if (outcome) {
        written_ += batch.size();
        return true;
    }
    if (outcome.error().code != common::ErrorCode::InvalidArgument) return false;
    return write_one_by_one(batch);
}

// One of them will never be taken: the others shall not wait for it.
bool RecordKeeper::write_one_by_one(std::vector<Record>& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto outcome = store_->write(std::span(&batch[i], 1));
        if (outcome) {
            ++written_;
        } else if (outcome.error().code == common::ErrorCode::InvalidArgument) {
            ++dropped_;
            LOG_ERROR("a record is lost: {}", outcome.error().message);
        } else {
            note(outcome);
            batch.erase(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(i));
            return false;
        }
    }
    return true;
}

void RecordKeeper::note(const common::Result<void>& outcome) {
    const bool away = !outcome && outcome.error().code != common::ErrorCode::InvalidArgument;
    if (away_.exchange(away) == away) return;
    if (away) {
        LOG_WARNING("records wait, the store does not take them: {}", outcome.error().message);
    } else {
        LOG_INFO("the store takes records again");
    }
}

}  // namespace storage
