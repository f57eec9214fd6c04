#include "signaling/sip/peer_flow.h"

#include <catch2/catch.hpp>

using namespace signaling;

TEST_CASE("A UDP peer that is where it says is reached at its Contact") {
    CHECK(flow_to({"udp", "192.0.2.7", 5060, "192.0.2.7", "192.0.2.7", false}).empty());
    CHECK(flow_to({"udp", "2001:db8::7", 5060, "[2001:db8::7]", "[2001:db8::7]", false}).empty());
}

TEST_CASE("A UDP peer behind a NAT is reached where it was seen") {
    const PeerPlace place{"udp", "203.0.113.9", 40123, "10.0.0.5", "10.0.0.5", false};

    CHECK(is_behind_nat(place));
    CHECK(flow_to(place) == "sip:203.0.113.9:40123;transport=udp");
}

TEST_CASE("A peer on a connection is reached over it, whatever its Contact says") {
    CHECK(flow_to({"tls", "203.0.113.9", 40123, "10.0.0.5", "10.0.0.5", false}) ==
          "sip:203.0.113.9:40123;transport=tls");
    CHECK(flow_to({"tcp", "2001:db8::7", 40123, "[2001:db8::7]", "[2001:db8::7]", false}) ==
          "sip:[2001:db8::7]:40123;transport=tcp");
}

TEST_CASE("A proxy that records its route is asked, and one that does not is passed over") {
    CHECK(flow_to({"udp", "192.0.2.1", 5060, "192.0.2.1", "10.0.0.5", true}).empty());
    CHECK(flow_to({"tcp", "192.0.2.1", 5060, "192.0.2.1", "10.0.0.5", true}).empty());
    // The Via is the proxy's, the Contact the caller's: it wants to be asked itself.
    CHECK(flow_to({"udp", "192.0.2.1", 5060, "192.0.2.1", "192.0.2.44", false}).empty());
}

TEST_CASE("A Contact by name is believed") {
    CHECK_FALSE(is_behind_nat({"udp", "192.0.2.1", 5060, "pc33", "pc33.example.org", false}));
}

TEST_CASE("Without a source there is nothing to learn") {
    CHECK(flow_to({"tcp", "", 0, "10.0.0.5", "10.0.0.5", false}).empty());
}

TEST_CASE("The connection of a flow is its other end; a datagram has none") {
    CHECK(connection_of("sip:203.0.113.9:40123;transport=tls") == "203.0.113.9:40123");
    CHECK(connection_of("sip:[2001:db8::7]:40123;transport=tcp") == "[2001:db8::7]:40123");
    CHECK(connection_of("sip:203.0.113.9:40123;transport=udp").empty());
    CHECK(connection_of("").empty());
}
