#include "mcu/transport/udp_port_range.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>
#include <vector>

#include "tests/support/udp_peer.h"

using mcu::SocketAddress;
using mcu::TrafficClass;
using mcu::UdpPort;
using mcu::UdpPortPair;
using mcu::UdpPortRange;

namespace {

// Below the range that the system gives to others (net.ipv4.ip_local_port_range).
constexpr std::uint16_t kFirst = 21000;

SocketAddress loopback() {
    return *SocketAddress::parse("127.0.0.1", 0);
}

std::unique_ptr<UdpPortRange> make(std::uint16_t first, std::uint16_t last) {
    auto range = UdpPortRange::create(first, last);
    REQUIRE(range);
    return std::move(*range);
}

}  // namespace

TEST_CASE("RTP gets an even port and RTCP the next") {
    auto range = make(kFirst, kFirst + 9);

    const auto pair = range->open_pair(loopback(), TrafficClass::Video);

    REQUIRE(pair);
    CHECK((*pair)->rtp().port() % 2 == 0);
    CHECK((*pair)->rtcp().port() == (*pair)->rtp().port() + 1);
    CHECK(range->pairs_in_use() == 1);
}

TEST_CASE("An odd first port and a lone last one are left out") {
    auto range = make(kFirst + 1, kFirst + 6);

    CHECK(range->pairs_in_all() == 2);
    CHECK((*range->open_pair(loopback(), TrafficClass::Audio))->rtp().port() == kFirst + 2);
}

TEST_CASE("Any start is a place in the range, and the rest of it follows") {
    auto range = *UdpPortRange::create(kFirst, kFirst + 5, 3'000'000'002);  // the last of 3 pairs

    const auto first = range->open_pair(loopback(), TrafficClass::Audio);
    const auto second = range->open_pair(loopback(), TrafficClass::Audio);

    CHECK((*first)->rtp().port() == kFirst + 4);
    CHECK((*second)->rtp().port() == kFirst);
}

TEST_CASE("A range without a pair is refused, and named") {
    for (const auto& [first, last] : {std::pair{0, 10}, {5, 6}, {10, 9}, {65535, 65535}}) {
        const auto range = UdpPortRange::create(static_cast<std::uint16_t>(first),
                                                static_cast<std::uint16_t>(last));
        REQUIRE_FALSE(range);
        CHECK(range.error().message.find(std::to_string(last)) != std::string::npos);
    }
}

TEST_CASE("A port that another program took is skipped, be it for RTP or RTCP") {
    auto range = make(kFirst + 20, kFirst + 25);
    const auto first = UdpPort::open(loopback().with_port(kFirst + 20), UdpPort::Families::OwnOnly,
                                     TrafficClass::Audio);
    const auto second = UdpPort::open(loopback().with_port(kFirst + 23), UdpPort::Families::OwnOnly,
                                      TrafficClass::Audio);
    REQUIRE(first);
    REQUIRE(second);

    const auto pair = range->open_pair(loopback(), TrafficClass::Audio);
    const auto none = range->open_pair(loopback(), TrafficClass::Audio);

    REQUIRE(pair);
    CHECK((*pair)->rtp().port() == kFirst + 24);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == common::ErrorCode::LimitReached);
    CHECK(none.error().message ==
          "no free RTP port in 21020-21025: 1 of 3 pairs in use, 2 taken by other programs");
}

TEST_CASE("Closed ports come back, the one just freed last") {
    auto range = make(kFirst + 30, kFirst + 33);
    auto first = range->open_pair(loopback(), TrafficClass::Audio);
    REQUIRE(first);
    const std::uint16_t freed = (*first)->rtp().port();
    first->reset();

    const auto second = range->open_pair(loopback(), TrafficClass::Audio);
    const auto third = range->open_pair(loopback(), TrafficClass::Audio);

    REQUIRE(second);
    REQUIRE(third);
    CHECK((*second)->rtp().port() != freed);
    CHECK((*third)->rtp().port() == freed);
    CHECK(range->pairs_in_use() == 2);
}

TEST_CASE("An address that is not ours is an error at once and takes no port") {
    auto range = make(kFirst + 40, kFirst + 49);

    const auto pair = range->open_pair(*SocketAddress::parse("192.0.2.1", 0), TrafficClass::Audio);

    REQUIRE_FALSE(pair);
    CHECK(pair.error().code == common::ErrorCode::Io);
    CHECK(range->pairs_in_use() == 0);
}

TEST_CASE("Without an address a pair listens on every one, IPv4 and IPv6") {
    auto range = make(kFirst + 50, kFirst + 51);
    const auto pair = range->open_pair({}, TrafficClass::Audio);
    REQUIRE(pair);

    CHECK_FALSE(UdpPort::open(loopback().with_port(kFirst + 50), UdpPort::Families::OwnOnly,
                              TrafficClass::Audio));
    CHECK_FALSE(UdpPort::open(*SocketAddress::parse("::1", kFirst + 50), UdpPort::Families::OwnOnly,
                              TrafficClass::Audio));
}

TEST_CASE("Threads that open and close pairs never share one") {
    auto range = make(kFirst + 60, kFirst + 99);
    const std::size_t descriptors = tests::open_descriptors();
    std::atomic<int> opened{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 100; ++i) {
                std::vector<std::unique_ptr<UdpPortPair>> pairs;
                std::set<std::uint16_t> ports;
                for (int p = 0; p < 4; ++p) {
                    auto pair = range->open_pair(loopback(), TrafficClass::Audio);
                    if (!pair) continue;
                    ports.insert((*pair)->rtp().port());
                    pairs.push_back(std::move(*pair));
                }
                if (ports.size() == pairs.size()) opened += static_cast<int>(pairs.size());
            }
        });
    }
    for (std::thread& thread : threads) thread.join();

    // A port both tried by two threads at the same moment cannot be: numbers are taken under the
    // lock.
    CHECK(opened == 1600);
    CHECK(range->pairs_in_use() == 0);
    CHECK(tests::open_descriptors() == descriptors);
}
