#include "signaling/sip/local_route.h"

#include <catch2/catch.hpp>

using signaling::host_port;
using signaling::local_address_towards;

TEST_CASE("Our address towards a peer is the one its route leaves from") {
    CHECK(local_address_towards("127.0.0.1") == "127.0.0.1");
    CHECK(local_address_towards("::1") == "::1");
    CHECK(local_address_towards("not an address").empty());
}

TEST_CASE("An IPv6 address stands in brackets before its port") {
    CHECK(host_port("192.0.2.1", 5060) == "192.0.2.1:5060");
    CHECK(host_port("2001:db8::1", 5060) == "[2001:db8::1]:5060");
}
