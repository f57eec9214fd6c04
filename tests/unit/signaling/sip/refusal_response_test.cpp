#include "signaling/sip/refusal_response.h"

#include <catch2/catch.hpp>

using namespace signaling;

TEST_CASE("Each refusal has its SIP status") {
    const std::pair<RefusalReason, int> statuses[] = {
        {RefusalReason::UnknownRoom, 404},   {RefusalReason::Full, 486},
        {RefusalReason::NotAcceptable, 488}, {RefusalReason::MediaAway, 503},
        {RefusalReason::Overloaded, 503},    {RefusalReason::Forbidden, 403},
        {RefusalReason::Internal, 500}};

    for (const auto& [reason, status] : statuses) {
        CHECK(response_for({reason, "why", 0}).status == status);
    }
}

TEST_CASE("A refusal names its reason in a Warning") {
    const auto response =
        response_for({RefusalReason::NotAcceptable, "no common audio codec: offered G729", 0});
    const auto away = response_for({RefusalReason::MediaAway, "no media daemon", 7});

    CHECK(response.warning == "304 tessera \"no common audio codec: offered G729\"");
    CHECK(away.warning == "399 tessera \"no media daemon\"");
    CHECK(away.retry_after_s == 7);
}

TEST_CASE("A Warning cannot break out of its quotes or its line") {
    CHECK(warning_header(399, "a\"b\\c\r\nd") == "399 tessera \"a\\\"b\\\\c??d\"");
    CHECK(warning_header(399, std::string(5000, 'x')).size() == 14 + 400);
}

TEST_CASE("The peer's refusal is told in its own words") {
    CHECK(refusal_from(488, "Not Acceptable Here").reason == RefusalReason::NotAcceptable);
    CHECK(refusal_from(603, "Decline").text == "the peer answered 603 Decline");
}
