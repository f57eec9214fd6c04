#include "mcu/load/new_people.h"

#include <catch2/catch.hpp>

using Catch::Matchers::Contains;
using mcu::NewPeople;
using mcu::NodeLoad;

namespace {

struct Node {
    explicit Node(const NewPeople::Limits& limits) : people(limits) {}
    NodeLoad look(double cpu_share, std::size_t sessions, int times = 1) {
        load.figures.cpu_share = cpu_share;
        for (int i = 0; i < times; ++i) people.look(sessions, refusing, load);
        return load;
    }
    NewPeople people;
    NodeLoad load;
    bool refusing = false;
};

constexpr int kLong = 100;

}  // namespace

TEST_CASE("Without a limit of its own a busy node takes people in") {
    Node node({.load = 1});

    CHECK(node.look(1.0, 10, kLong).refusal.empty());
    CHECK(node.load.capacity_left == 0);
}

TEST_CASE("At its limit a node refuses, says why, and when to ask again") {
    Node node({.load = 0.6});
    CHECK(node.look(0.59, 10, kLong).refusal.empty());

    const NodeLoad load = node.look(0.65, 10, kLong);

    CHECK_THAT(load.refusal, Contains("loaded to 65 %") && Contains("limit is 60 %"));
    CHECK(load.retry_after_s == 10);
    CHECK(load.capacity_left == 0);
}

TEST_CASE("A burst of half a second is not the load of a node") {
    Node node({.load = 0.6});
    node.look(0.3, 10, kLong);

    CHECK(node.look(1.0, 10).refusal.empty());
}

TEST_CASE("Who was refused is let in again well below the limit only") {
    Node node({.load = 0.6});
    node.look(0.7, 10, kLong);

    CHECK_FALSE(node.look(0.57, 10, kLong).refusal.empty());
    CHECK(node.look(0.5, 10, kLong).refusal.empty());
    CHECK(node.load.retry_after_s == 0);
}

TEST_CASE("A limit of nothing refuses everybody, from the first look on") {
    Node node({.load = 0});

    CHECK_FALSE(node.look(0, 0).refusal.empty());
}

TEST_CASE("The last step of the ladder refuses whatever the limit") {
    Node node({.load = 1});
    node.refusing = true;

    const NodeLoad load = node.look(0.97, 10);

    CHECK_THAT(load.refusal, Contains("overloaded") && Contains("CPU 97 %"));
    CHECK(load.retry_after_s == 30);
}

TEST_CASE("Capacity left is told by what those who are in cost") {
    Node node({.load = 1, .sessions = 100});

    CHECK(node.look(0, 0).capacity_left == 100);
    CHECK(node.look(0.3, 10, kLong).capacity_left == Approx(20).margin(1));
    CHECK(node.look(0.01, 99, kLong).capacity_left == 1);
}

TEST_CASE("A node that gives something up has no capacity left") {
    Node node({.load = 1, .sessions = 100});
    node.load.step = 1;

    CHECK(node.look(0.3, 10, kLong).capacity_left == 0);
}
