#include "signaling/sip/session_timer.h"

#include <catch2/catch.hpp>

using namespace signaling;
using namespace std::chrono_literals;
using Refresher = SipAbilities::Refresher;

namespace {

SipAbilities asks(common::Duration interval, Refresher refresher = Refresher::NotSaid) {
    SipAbilities abilities;
    abilities.timer = true;
    abilities.session_expires = interval;
    abilities.refresher = refresher;
    return abilities;
}

}  // namespace

TEST_CASE("A caller that knows timers and leaves the refresher open is the one to refresh") {
    SessionTimer timer({});
    SipResponse answer;

    timer.accept(asks(600s), answer);

    CHECK(answer.session_expires == "600;refresher=uac");
    CHECK(answer.require_timer);
    CHECK_FALSE(timer.we_refresh());
    CHECK(timer.expire_after() == 568s);
}

TEST_CASE("A caller that wants us to refresh gets it") {
    SessionTimer timer({});
    SipResponse answer;

    timer.accept(asks(600s, Refresher::Uas), answer);

    CHECK(answer.session_expires == "600;refresher=uas");
    CHECK_FALSE(answer.require_timer);
    CHECK(timer.we_refresh());
    CHECK(timer.refresh_after() == 300s);
}

TEST_CASE("For a caller that knows no timers we refresh at our own pace") {
    SessionTimer timer({});
    SipResponse answer;

    timer.accept({}, answer);

    CHECK(answer.session_expires == "1800;refresher=uas");
    CHECK_FALSE(answer.require_timer);
    CHECK(timer.we_refresh());
}

TEST_CASE("A caller that knows timers and names no interval gets ours, and refreshes") {
    SessionTimer timer({});
    SipAbilities request;
    request.timer = true;
    SipResponse answer;

    timer.accept(request, answer);

    CHECK(answer.session_expires == "1800;refresher=uac");
}

TEST_CASE("Too short an interval is refused, unless a proxy wrote it for a caller without timers") {
    const SessionTimer timer({});
    SipAbilities by_proxy = asks(60s);
    by_proxy.timer = false;

    CHECK(timer.too_short(asks(89s)));
    CHECK_FALSE(timer.too_short(asks(90s)));
    CHECK_FALSE(timer.too_short(by_proxy));
    CHECK(timer.min_se_s() == 90);
}

TEST_CASE("A long interval is shortened to ours, never below the request's Min-SE") {
    SessionTimer timer({});
    SipResponse answer;
    timer.accept(asks(7200s), answer);
    CHECK(timer.interval() == 1800s);

    SipAbilities strict = asks(7200s);
    strict.min_se = 3600s;
    timer.accept(strict, answer);
    CHECK(answer.session_expires == "3600;refresher=uac");
}

TEST_CASE("Our own requests keep the roles, and obey the answer") {
    SessionTimer timer({});
    SipResponse answer;
    timer.accept(asks(600s), answer);
    // The peer refreshes; in a request of ours it is the server.
    CHECK(timer.proposal() == "600;refresher=uas");

    timer.settle(asks(300s, Refresher::Uac));
    CHECK(timer.we_refresh());
    CHECK(timer.interval() == 300s);
    CHECK(timer.proposal() == "300;refresher=uac");

    timer.settle({});
    CHECK(timer.we_refresh());
    CHECK(timer.interval() == 300s);
}

TEST_CASE("A 422 lengthens the interval once to what the peer bears") {
    SessionTimer timer({});
    SipAbilities answer;
    answer.min_se = 3000s;

    CHECK(timer.lengthen(answer));
    CHECK(timer.proposal() == "3000;refresher=uac");
    CHECK_FALSE(timer.lengthen(answer));
}

TEST_CASE("Sessions of 90 s end a third before their time, long ones 32 s") {
    SessionTimer timer({});
    SipResponse answer;
    timer.accept(asks(90s), answer);
    CHECK(timer.expire_after() == 60s);
    timer.accept(asks(1800s), answer);
    CHECK(timer.expire_after() == 1768s);
}

TEST_CASE("Nobody has a session of more than a day") {
    constexpr auto kAge = std::chrono::seconds(1'073'741'825);
    SessionTimer timer({});
    SipAbilities peer;
    peer.timer = true;
    peer.min_se = kAge;
    SipResponse answer;

    timer.accept(peer, answer);
    CHECK(timer.interval() == SessionTimer::kLongest);
    CHECK_FALSE(timer.lengthen(peer));
    peer.session_expires = kAge;
    timer.settle(peer);
    CHECK(timer.interval() == SessionTimer::kLongest);
}
