#include "signaling/mcu_client/loop_post.h"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/main_loop.h"

using signaling::LoopPost;
using tests::run_until;
using namespace std::chrono_literals;

TEST_CASE("What other threads post runs on the loop, each thread's in its order") {
    constexpr int kThreads = 3, kEach = 500;
    LoopPost loop;
    const std::thread::id here = std::this_thread::get_id();
    std::vector<int> next(kThreads, 0);
    int elsewhere = 0, out_of_order = 0;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i) {
                loop.post([&, t, i] {
                    if (std::this_thread::get_id() != here) ++elsewhere;
                    if (next[t]++ != i) ++out_of_order;
                });
            }
        });
    }
    CHECK(run_until([&] { return next == std::vector<int>(kThreads, kEach); }));
    for (std::thread& thread : threads) thread.join();
    CHECK(elsewhere == 0);
    CHECK(out_of_order == 0);
}

TEST_CASE("Work never runs within post, not even what work posts itself") {
    LoopPost loop;
    std::vector<int> ran;
    loop.post([&] {
        loop.post([&] { ran.push_back(2); });
        ran.push_back(1);
    });
    CHECK(ran.empty());
    CHECK(run_until([&] { return ran.size() == 2; }));
    CHECK(ran == std::vector<int>{1, 2});
}

TEST_CASE("What still waits when the way back goes is dropped, not run") {
    auto loop = std::make_unique<LoopPost>();
    const auto held = std::make_shared<int>(0);
    bool ran = false, later = false;
    loop->post([&ran, held] { ran = true; });
    // On another thread, as when gRPC lets go last.
    std::thread([&] { loop.reset(); }).join();

    LoopPost().post_after(1ms, [&] { later = true; });
    CHECK(run_until([&] { return later; }));
    CHECK_FALSE(ran);
    CHECK(held.use_count() == 1);
}

TEST_CASE("The last work of a way back may be what ends it") {
    auto loop = std::make_unique<LoopPost>();
    bool after = false;
    loop->post([&] { loop.reset(); });
    loop->post([&] { after = true; });  // taken from the queue before
    CHECK(run_until([&] { return after; }));
    CHECK(loop == nullptr);
}

TEST_CASE("A timer that was called off does not run") {
    LoopPost loop;
    bool called_off = false, other = false;
    const LoopPost::Timer timer = loop.post_after(1ms, [&] { called_off = true; });
    LoopPost::call_off(timer);
    loop.post_after(20ms, [&] { other = true; });
    CHECK(run_until([&] { return other; }));
    CHECK_FALSE(called_off);
}
