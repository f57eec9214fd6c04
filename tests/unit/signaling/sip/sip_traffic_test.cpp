#include "signaling/sip/sip_traffic.h"

#include <catch2/catch.hpp>

using signaling::SipTraffic;

TEST_CASE("Requests are counted by method, and whatever a peer makes up as one") {
    SipTraffic traffic;

    for (const char* method : {"INVITE", "BYE", "INVITE", "invite", "DROP TABLE", ""})
        traffic.add_request(method);

    CHECK(traffic.requests() ==
          std::map<std::string, std::uint64_t>{{"BYE", 1}, {"INVITE", 2}, {"other", 3}});
}

TEST_CASE("Responses are counted by class, and those of none apart") {
    SipTraffic traffic;

    for (const int status : {100, 180, 200, 486, 503, 699, 700, 99, -200}) {
        traffic.add_response(status);
    }

    CHECK(traffic.responses(1) == 2);
    CHECK(traffic.responses(2) == 1);
    CHECK(traffic.responses(4) == 1);
    CHECK(traffic.responses(5) == 1);
    CHECK(traffic.responses(6) == 1);
    CHECK(traffic.responses(0) == 3);
}
