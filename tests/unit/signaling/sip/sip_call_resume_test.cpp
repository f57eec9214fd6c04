#include <catch2/catch.hpp>

#include "tests/unit/signaling/sip/sip_bench.h"

using namespace sip_bench;

namespace {

/// A call that another process has begun, taken up by a new one.
struct Resumed {
    Bench before;
    tests::FakeClock clock;
    RecordingDialog dialog;
    FakeRooms rooms;
    std::shared_ptr<SipCall> call = std::make_shared<SipCall>(dialog, rooms, clock, "1");

    Resumed() {
        before.establish();
        rooms.media = before.rooms.media;
        call->resume(*before.call->state());
    }
};

}  // namespace

TEST_CASE("A resumed call waits for its room: changes come later, goodbye at once") {
    Resumed bench;

    bench.call->on_reinvite(kHold);
    bench.call->on_update({});

    CHECK(bench.dialog.statuses() == std::vector<int>{500, 500});
    CHECK(bench.dialog.responses.front().retry_after_s > 0);
    CHECK(bench.call->on_info({"application/dtmf-relay", "", "Signal=5\r\n"}).status == 500);
    bench.call->on_ended({Ending::Cause::PeerHungUp, "BYE"});
    CHECK(bench.rooms.goodbyes.empty());
    bench.rooms.finish_resume(true);
    CHECK(bench.rooms.goodbyes.size() == 1);
}

TEST_CASE("A resumed call whose media is gone says BYE and leaves no room") {
    Resumed bench;

    bench.rooms.finish_resume(false);
    bench.dialog.run_timers();

    CHECK(bench.dialog.endings.size() == 1);
    CHECK(bench.rooms.goodbyes.empty());
}

TEST_CASE("A resumed call answers in the same session, one version on where something changes") {
    Resumed bench;
    bench.rooms.finish_resume(true);

    bench.call->on_reinvite(kOffer);
    bench.call->on_ack({});
    bench.call->on_reinvite(kHold);

    REQUIRE(bench.dialog.responses.size() == 2);
    CHECK(contains(bench.dialog.responses[0].body.text, "o=- 77 1 "));
    CHECK(contains(bench.dialog.responses[1].body.text, "o=- 77 2 "));
    CHECK(contains(bench.dialog.responses[1].body.text, "a=recvonly"));
}

TEST_CASE("A resumed call that nobody refreshes in time ends") {
    Resumed bench;
    bench.rooms.finish_resume(true);
    bench.call->on_update({}, [] {
        SipAbilities peer;
        peer.timer = true;
        peer.session_expires = 90s;
        peer.refresher = SipAbilities::Refresher::Uac;
        return peer;
    }());
    auto later = *bench.call->state();
    later.since_refresh = 89s;
    RecordingDialog dialog;
    FakeRooms rooms;
    auto call = std::make_shared<SipCall>(dialog, rooms, bench.clock, "2");
    call->resume(later);
    rooms.finish_resume(true);

    dialog.run_timers(1s);

    CHECK(dialog.endings.size() == 1);
    CHECK(rooms.goodbyes.size() == 1);
}
