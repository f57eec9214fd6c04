#include "common/media_pool.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <thread>

#include "tests/support/fake_clock.h"

namespace {

/// Calls what it was given, on the pool's thread.
class CallingJob final : public common::Job {
  public:
    explicit CallingJob(std::function<void()> call) : call_(std::move(call)) {}
    void run() override { call_(); }

  private:
    std::function<void()> call_;
};

void wait_for(const std::atomic<bool>& flag) {
    while (!flag) std::this_thread::yield();
}

}  // namespace

TEST_CASE("Urgent jobs go before all that wait, each kind in its order") {
    std::atomic<bool> begun{false};
    std::atomic<bool> go{false};
    std::atomic<bool> done{false};
    std::string order;  // one thread writes it; read after `done`
    CallingJob first([&] {
        begun = true;
        wait_for(go);
    });
    CallingJob encode_a([&] { order += 'a'; });
    CallingJob encode_b([&] {
        order += 'b';
        done = true;
    });
    CallingJob decode_1([&] { order += '1'; });
    CallingJob decode_2([&] { order += '2'; });
    const tests::FakeClock clock;
    common::MediaPool pool(1, clock);
    pool.submit(first);
    wait_for(begun);

    pool.submit(encode_a);
    pool.urgent().submit(decode_1);
    pool.submit(encode_b);
    pool.urgent().submit(decode_2);
    CHECK(pool.depth() == 4);
    go = true;
    wait_for(done);

    CHECK(order == "12ab");
}

TEST_CASE("A job that waited too long goes before urgent ones") {
    std::atomic<bool> begun{false};
    std::atomic<bool> go{false};
    std::atomic<bool> done{false};
    std::string order;
    CallingJob first([&] {
        begun = true;
        wait_for(go);
    });
    CallingJob encode([&] { order += 'a'; });
    CallingJob decode([&] {
        order += '1';
        done = true;
    });
    tests::FakeClock clock;
    common::MediaPool pool(1, clock);
    pool.submit(first);
    wait_for(begun);

    pool.submit(encode);
    clock.advance(common::MediaPool::kPatience + std::chrono::milliseconds(1));
    pool.urgent().submit(decode);
    go = true;
    wait_for(done);

    CHECK(order == "a1");
}

TEST_CASE("A pool runs all it was given before it goes, however many") {
    std::atomic<int> runs{0};
    std::vector<CallingJob> jobs(1000, CallingJob([&] { ++runs; }));
    {
        const tests::FakeClock clock;
        common::MediaPool pool(2, clock);
        for (std::size_t i = 0; i < jobs.size(); ++i)
            (i % 3 == 0 ? pool.urgent() : static_cast<common::Executor&>(pool)).submit(jobs[i]);
    }

    CHECK(runs == 1000);
}

TEST_CASE("A pool counts how long jobs waited for a thread") {
    std::atomic<bool> begun{false};
    std::atomic<bool> go{false};
    CallingJob first([&] {
        begun = true;
        wait_for(go);
    });
    CallingJob second([] {});
    CallingJob third([] {});
    std::atomic<bool> done{false};
    CallingJob last([&] { done = true; });
    tests::FakeClock clock;
    common::MediaPool pool(1, clock);
    pool.submit(first);
    wait_for(begun);

    pool.submit(second);
    clock.advance(std::chrono::milliseconds(40));
    pool.urgent().submit(third);
    clock.advance(std::chrono::milliseconds(3));
    pool.submit(last);
    go = true;
    wait_for(done);

    const auto waits = pool.waits();
    CHECK(waits.jobs[0] == 2);  // at once
    CHECK(waits.jobs[2] == 1);  // up to 4 ms
    CHECK(waits.jobs[6] == 1);  // up to 50 ms
}
