#include "common/serial_job.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "common/media_pool.h"
#include "tests/support/fake_clock.h"
#include "tests/support/manual_executor.h"

namespace {

class CountingJob final : public common::SerialJob {
  public:
    using SerialJob::SerialJob;
    std::atomic<int> runs{0};
    std::atomic<int> inside{0};
    std::atomic<bool> overlapped{false};

  private:
    void work() override {
        if (++inside > 1) overlapped = true;
        ++runs;
        --inside;
    }
};

}  // namespace

TEST_CASE("Pokes before a run are served by one run") {
    tests::ManualExecutor executor;
    CountingJob job(executor);

    job.poke();
    job.poke();
    executor.run_all();

    CHECK(job.runs == 1);
    job.close();
}

TEST_CASE("A SerialJob never runs on two threads at once and misses no last poke") {
    const tests::FakeClock clock;
    common::MediaPool pool(4, clock);
    CountingJob job(pool);

    for (int i = 0; i < 10000; ++i) job.poke();
    // A closed job does not begin a run, and on a busy machine none may have begun by now.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (job.runs == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    job.close();

    CHECK_FALSE(job.overlapped);
    CHECK(job.runs >= 1);
}

TEST_CASE("A closed SerialJob ignores pokes") {
    tests::ManualExecutor executor;
    CountingJob job(executor);
    job.close();

    job.poke();
    executor.run_all();

    CHECK(job.runs == 0);
}
