#include "mcu/transport/socket_address.h"

#include <catch2/catch.hpp>

#include "mcu/transport/udp_port.h"

using mcu::SocketAddress;

TEST_CASE("Numeric addresses are read and written back") {
    CHECK(SocketAddress::parse("192.0.2.7", 5004)->to_string() == "192.0.2.7:5004");
    CHECK(SocketAddress::parse("2001:db8::7", 5004)->to_string() == "[2001:db8::7]:5004");
    CHECK(SocketAddress().to_string() == "none");
}

TEST_CASE("A name is no address, and the error says which") {
    const auto parsed = SocketAddress::parse("example.org", 5004);

    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.find("example.org") != std::string::npos);
    CHECK_FALSE(SocketAddress::parse("", 5004));
}

TEST_CASE("IPv4 inside IPv6 is the same address as plain IPv4") {
    const SocketAddress plain = *SocketAddress::parse("192.0.2.7", 5004);

    CHECK(*SocketAddress::parse("::ffff:192.0.2.7", 5004) == plain);
    CHECK(SocketAddress::from_native(plain.as_ipv6().native()) == plain);
    CHECK(plain.as_ipv6().is_ipv6());
}

TEST_CASE("Addresses differ by family, host and port") {
    const SocketAddress address = *SocketAddress::parse("192.0.2.7", 5004);

    CHECK_FALSE(address == *SocketAddress::parse("192.0.2.7", 5005));
    CHECK_FALSE(address == *SocketAddress::parse("192.0.2.8", 5004));
    CHECK_FALSE(address == *SocketAddress::parse("2001:db8::7", 5004));
    CHECK_FALSE(address == SocketAddress());
    CHECK(SocketAddress() == SocketAddress());
}

TEST_CASE("The local address follows the route to the peer") {
    CHECK(mcu::local_address_towards(*SocketAddress::parse("127.0.0.9", 5004))->address() ==
          "127.0.0.1");
    CHECK(mcu::local_address_towards(*SocketAddress::parse("::1", 0))->address() == "::1");
}

TEST_CASE("Our own addresses are concrete, without a port, and can be bound") {
    const std::vector<SocketAddress> all = mcu::host_addresses();

    REQUIRE(!all.empty());
    for (const SocketAddress& address : all) {
        CHECK(address.valid());
        CHECK(address.port() == 0);
        CHECK(
            mcu::UdpPort::open(address, mcu::UdpPort::Families::OwnOnly, mcu::TrafficClass::Audio));
    }
}
