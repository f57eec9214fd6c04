#include "tests/support/link_model.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using tests::LinkModel;

namespace {

constexpr auto kStart = common::Timestamp::from_ns(1'000'000'000'000);

/// Which of `count` datagrams, 10 ms apart, are lost.
std::vector<bool> losses(LinkModel& link, int count) {
    std::vector<bool> lost;
    for (int i = 0; i < count; ++i) lost.push_back(link.arrivals(1000, kStart + i * 10ms).empty());
    return lost;
}

}  // namespace

TEST_CASE("A bottleneck carries headers too") {
    LinkModel link({.rate_bps = 1'000'000, .header_bytes = 50});

    CHECK(link.arrivals(1200, kStart).front() == kStart + 10ms);
}

TEST_CASE("A link loses the share it was told, the same datagrams for the same seed") {
    LinkModel one({.loss = 0.05, .seed = 9}), same({.loss = 0.05, .seed = 9}),
        other({.loss = 0.05, .seed = 10});

    const auto lost = losses(one, 20'000);

    CHECK(one.counters().lost == Approx(1000).margin(100));
    CHECK(losses(same, 20'000) == lost);
    CHECK(losses(other, 20'000) != lost);
}

TEST_CASE("Bursts keep the share of losses and lengthen their runs") {
    LinkModel link({.loss = 0.05, .burst = 4, .seed = 3});

    const auto lost = losses(link, 50'000);

    int runs = 0;
    for (std::size_t i = 1; i < lost.size(); ++i) runs += lost[i] && !lost[i - 1] ? 1 : 0;
    const auto total = static_cast<double>(link.counters().lost);
    CHECK(total / 50'000 == Approx(0.05).margin(0.008));
    CHECK(total / runs == Approx(4).margin(0.5));
}

TEST_CASE("Jitter reorders, unless the link keeps order") {
    const auto reorders = [](bool keeps_order) {
        LinkModel link({.delay = 50ms, .jitter = 30ms, .keeps_order = keeps_order, .seed = 5});
        int overtaken = 0;
        common::Timestamp last;
        for (int i = 0; i < 1000; ++i) {
            const auto arrival = link.arrivals(200, kStart + i * 5ms).at(0);
            CHECK(arrival >= kStart + i * 5ms + 50ms);
            overtaken += arrival < last ? 1 : 0;
            last = std::max(last, arrival);
        }
        return overtaken;
    };

    CHECK(reorders(false) > 100);
    CHECK(reorders(true) == 0);
}

TEST_CASE("A bottleneck spaces datagrams out, and drops what would wait too long") {
    LinkModel link({.rate_bps = 800'000, .queue = 100ms});  // 10 ms for 1000 bytes

    std::vector<common::Timestamp> arrived;
    for (int i = 0; i < 20; ++i) {
        for (const auto at : link.arrivals(1000, kStart)) arrived.push_back(at);
    }

    REQUIRE(arrived.size() == 11);  // one is being sent, 100 ms of others wait
    CHECK(arrived.front() == kStart + 10ms);
    CHECK(arrived.back() == kStart + 110ms);
    CHECK(link.counters().overflowed == 9);
    CHECK(link.arrivals(1000, kStart + 1s).at(0) == kStart + 1010ms);
}

TEST_CASE("Conditions change on the way") {
    LinkModel link({.delay = 10ms});
    CHECK(link.arrivals(100, kStart).at(0) == kStart + 10ms);

    link.change({.loss = 1});

    CHECK(link.arrivals(100, kStart).empty());
}
