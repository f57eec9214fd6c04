#include "signaling/sip/recent_requests.h"

#include <catch2/catch.hpp>

using signaling::RecentRequests;
using namespace std::chrono_literals;

namespace {

const common::Timestamp kStart = common::Timestamp() + 1000s;

}  // namespace

TEST_CASE("Requests are recent for 32 seconds, and no longer") {
    RecentRequests recent;

    CHECK(recent.look(kStart, 0) == 0);
    CHECK(recent.look(kStart + 1s, 500) == 500);
    CHECK(recent.look(kStart + 2s, 510) == 510);
    CHECK(recent.look(kStart + 32s, 510) == 510);
    CHECK(recent.look(kStart + 33s, 510) == 10);
    CHECK(recent.look(kStart + 34s, 510) == 0);
}

TEST_CASE("What came before the first look is recent until it is old") {
    RecentRequests recent;

    CHECK(recent.look(kStart, 70) == 70);
    CHECK(recent.look(kStart + 31s, 71) == 71);
    CHECK(recent.look(kStart + 32s, 71) == 1);
}

TEST_CASE("A steady stream has as many recent requests at any time") {
    RecentRequests recent;
    std::uint64_t total = 0;
    for (int second = 0; second < 100; ++second)
        (void)recent.look(kStart + std::chrono::seconds(second), total += 20);

    CHECK(recent.look(kStart + 100s, total + 20) == 32 * 20);
}

TEST_CASE("A loop that hung for a minute remembers nothing of before") {
    RecentRequests recent;
    (void)recent.look(kStart, 100);
    (void)recent.look(kStart + 1s, 200);

    CHECK(recent.look(kStart + 61s, 205) == 5);
}
