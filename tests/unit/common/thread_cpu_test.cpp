#include "common/thread_cpu.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

using common::thread_cpu_ns;
using common::ThreadCpuScope;

namespace {

/// Works until this thread has had so much more of a core.
void work_for(std::int64_t ns) {
    for (const std::int64_t end = thread_cpu_ns() + ns; thread_cpu_ns() < end;) {
    }
}

}  // namespace

TEST_CASE("A scope adds the CPU time that its thread had, to what was there") {
    std::atomic<std::int64_t> total{1'000};
    {
        const ThreadCpuScope scope(total);
        work_for(2'000'000);
        CHECK(total.load() == 1'000);  // only at its end
    }
    CHECK(total.load() >= 2'001'000);
    CHECK(total.load() < 1'000'000'000);
}

TEST_CASE("A scope does not count what another thread does meanwhile") {
    std::atomic<std::int64_t> waited{0}, worked{0};
    {
        const ThreadCpuScope scope(waited);
        std::thread other([&worked] {
            const ThreadCpuScope its(worked);
            work_for(50'000'000);
        });
        other.join();
    }
    CHECK(worked.load() >= 50'000'000);
    CHECK(waited.load() < worked.load());
}

TEST_CASE("Scopes of several threads add up") {
    std::atomic<std::int64_t> total{0};
    const auto work = [&total] {
        const ThreadCpuScope scope(total);
        work_for(3'000'000);
    };
    std::thread one(work), other(work);
    one.join();
    other.join();

    CHECK(total.load() >= 6'000'000);
}
