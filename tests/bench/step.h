#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>

#include "tests/support/allocation_counter.h"

namespace bench {

/// Times one step of a walk, `batch` at a time: `prepare` is not counted, `step(i)` is. Tells the
/// nanoseconds and the heap allocations of each step ("ns_each", "allocations_each").
template <typename Prepare, typename Step>
void run_step(benchmark::State& state, std::size_t batch, Prepare prepare, Step step) {
    using Clock = std::chrono::steady_clock;
    std::uint64_t allocations = 0;
    double seconds_in_all = 0;
    for (int warm_up = 0; warm_up < 3; ++warm_up) {
        prepare();
        for (std::size_t i = 0; i < batch; ++i) step(i);
    }
    for (auto _ : state) {
        prepare();
        const tests::AllocationCounter allocated;
        const auto begin = Clock::now();
        for (std::size_t i = 0; i < batch; ++i) step(i);
        const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        allocations += allocated.count();
        seconds_in_all += seconds;
        state.SetIterationTime(seconds);
    }
    const auto steps = static_cast<double>(state.iterations()) * static_cast<double>(batch);
    state.counters["ns_each"] = 1e9 * seconds_in_all / steps;
    state.counters["allocations_each"] = static_cast<double>(allocations) / steps;
}

/// Where nothing is to be prepared.
template <typename Step>
void run_step(benchmark::State& state, std::size_t batch, Step step) {
    run_step(
        state, batch, [] {}, step);
}

}  // namespace bench

#define WALK_STEP(name) BENCHMARK(name)->UseManualTime()
