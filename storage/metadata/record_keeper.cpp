#include "storage/metadata/record_keeper.h"

#include <chrono>
#include <utility>

#include "common/log.h"

namespace storage {

RecordKeeper::RecordKeeper(std::unique_ptr<MetadataStore> store, std::unique_ptr<RecordSpool> spool,
                           const common::Clock& clock, Post post)
    : clock_(clock),
      store_(std::move(store)),
      pump_(*store_, std::move(spool)),
      post_(std::move(post)),
      thread_([this] { run(); }) {}

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
        if (waiting_.size() >= RecordPump::kMostInMemory) {
            if (dropped_here_.fetch_add(1) == 0) LOG_ERROR("records are lost: too many wait");
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

void RecordKeeper::wait() {
    const auto nothing_to_do = [this]() REQUIRES(mutex_) {
        return waiting_.empty() && questions_.empty() && !stop_;
    };
    if (pump_.empty()) {
        while (nothing_to_do()) something_to_do_.wait(mutex_);
    } else if (nothing_to_do()) {
        something_to_do_.wait_for(mutex_, pump_.next_try() - clock_.now());
    }
}

void RecordKeeper::run() {
    while (true) {
        std::deque<Record> records;
        std::deque<Question> questions;
        bool stop = false;
        {
            common::MutexLock lock(mutex_);
            wait();
            records.swap(waiting_);
            questions.swap(questions_);
            stop = stop_;
        }
        for (Record& record : records) pump_.add(std::move(record));
        if (stop) {
            pump_.work_at_once(clock_.now());
        } else {
            pump_.work(clock_.now());
        }
        written_ = pump_.written();
        dropped_ = pump_.dropped();
        away_ = pump_.away();
        // Whoever asks sees what was written before.
        for (const Question& question : questions) question(*store_);
        if (!stop) continue;
        if (pump_.in_memory() > 0) LOG_ERROR("{} records are lost", pump_.in_memory());
        return;
    }
}

}  // namespace storage
