#include "signaling/sip/source_limiter.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace std::chrono_literals;
using signaling::MessageSource;
using signaling::SourceLimiter;

namespace {

MessageSource v4(std::uint8_t last, std::uint8_t third = 0) {
    const std::array<std::uint8_t, 4> address{192, 0, third, last};
    return MessageSource::of(address);
}

MessageSource v6(std::uint8_t subnet, std::uint8_t host) {
    std::array<std::uint8_t, 16> address{0x20, 0x01, 0x0d, 0xb8};
    address[7] = subnet;
    address[15] = host;
    return MessageSource::of(address);
}

int taken(SourceLimiter& limiter, const MessageSource& source, common::Timestamp now, int asked) {
    int count = 0;
    for (int i = 0; i < asked; ++i) count += limiter.take(source, now) ? 1 : 0;
    return count;
}

}  // namespace

TEST_CASE("A source may send a burst, and then as many a second as the limit says") {
    tests::FakeClock clock;
    SourceLimiter limiter({.per_second = 20, .burst = 60});

    CHECK(taken(limiter, v4(1), clock.now(), 100) == 60);
    clock.advance(1s);
    CHECK(taken(limiter, v4(1), clock.now(), 100) == 20);
    clock.advance(50ms);
    CHECK(taken(limiter, v4(1), clock.now(), 100) == 1);
}

TEST_CASE("A silent source saves up no more than a burst") {
    tests::FakeClock clock;
    SourceLimiter limiter({.per_second = 20, .burst = 60});
    REQUIRE(limiter.take(v4(1), clock.now()));

    clock.advance(24h);

    CHECK(taken(limiter, v4(1), clock.now(), 100) == 60);
}

TEST_CASE("One may ask whether a source has a token left without taking it") {
    tests::FakeClock clock;
    SourceLimiter limiter({.per_second = 0.1, .burst = 2});

    CHECK(limiter.has_token(v4(1), clock.now()));
    CHECK(limiter.source_count() == 0);
    CHECK(taken(limiter, v4(1), clock.now(), 2) == 2);
    CHECK_FALSE(limiter.has_token(v4(1), clock.now()));
    clock.advance(10s);
    CHECK(limiter.has_token(v4(1), clock.now()));
    CHECK(taken(limiter, v4(1), clock.now(), 2) == 1);
}

TEST_CASE("What one source sends costs another nothing") {
    tests::FakeClock clock;
    SourceLimiter limiter({.per_second = 1, .burst = 2});
    CHECK(taken(limiter, v4(1), clock.now(), 100) == 2);

    CHECK(taken(limiter, v4(2), clock.now(), 100) == 2);
}

TEST_CASE("All addresses of a /64 are one source, two of them are two") {
    tests::FakeClock clock;
    SourceLimiter limiter({.per_second = 1, .burst = 3});
    CHECK(taken(limiter, v6(1, 1), clock.now(), 2) == 2);
    CHECK(taken(limiter, v6(1, 2), clock.now(), 2) == 1);

    CHECK(taken(limiter, v6(2, 1), clock.now(), 2) == 2);
}

TEST_CASE("An IPv4 address that came over an IPv6 socket is the same source") {
    std::array<std::uint8_t, 16> mapped{};
    mapped[10] = mapped[11] = 0xff;
    mapped[12] = 192;
    mapped[15] = 7;

    CHECK(MessageSource::of(mapped) == v4(7));
    CHECK_FALSE(MessageSource::of(mapped) == v4(8));
}

TEST_CASE("The table of sources keeps its size and forgets who was silent longest") {
    tests::FakeClock clock;
    SourceLimiter limiter({.per_second = 1, .burst = 1, .max_sources = 3});
    for (std::uint8_t i = 1; i <= 3; ++i) REQUIRE(limiter.take(v4(i), clock.now()));
    CHECK_FALSE(limiter.take(v4(1), clock.now()));  // heard: now 2 is the oldest

    CHECK(limiter.take(v4(4), clock.now()));

    CHECK(limiter.source_count() == 3);
    CHECK_FALSE(limiter.take(v4(1), clock.now()));
    CHECK(limiter.take(v4(2), clock.now()));
    for (int i = 0; i < 10'000; ++i) {
        static_cast<void>(limiter.take(
            v4(static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)), clock.now()));
    }
    CHECK(limiter.source_count() == 3);
}
