#include <catch2/catch.hpp>

#include "signaling/sip/sip_call.h"
#include "tests/unit/signaling/sip/sip_bench.h"

using namespace signaling;
using namespace sip_bench;
using namespace std::chrono_literals;

namespace {

SipAbilities knows_timers(common::Duration interval = 600s) {
    SipAbilities abilities;
    abilities.timer = true;
    abilities.session_expires = interval;
    return abilities;
}

SipAbilities knows_update() {
    SipAbilities abilities;
    abilities.update = true;
    return abilities;
}

/// A call whose caller can do this.
struct Session : Bench {
    explicit Session(const SipAbilities& peer) {
        CallRequest request;
        request.room = "blue";
        call->on_invite(request, kOffer, peer);
        call->on_ack({});
    }
    /// Timers run at their time, and those that they set.
    void pass(common::Duration time) {
        const common::Duration end = dialog.now + time;
        while (!dialog.timers.empty() && dialog.timers.begin()->first <= end) {
            const auto next = dialog.timers.begin()->first;
            move_to(next);
            const auto run = std::move(dialog.timers.begin()->second);
            dialog.timers.erase(dialog.timers.begin());
            run();
        }
        move_to(end);
    }
    void move_to(common::Duration time) {
        clock.advance(time - dialog.now);
        dialog.now = time;
    }
};

}  // namespace

TEST_CASE("Too short a session is refused with the least we bear, and nobody hears of the call") {
    Bench b;
    CallRequest request;
    request.room = "blue";
    b.call->on_invite(request, kOffer, knows_timers(30s));

    CHECK(b.dialog.statuses() == std::vector{422});
    CHECK(b.dialog.responses[0].min_se_s == 90);
    CHECK(b.rooms.call == nullptr);
}

TEST_CASE("A session that its caller does not refresh ends with BYE before its time is over") {
    Session s(knows_timers());
    CHECK(s.dialog.responses[1].session_expires == "600;refresher=uac");

    s.pass(568s);

    REQUIRE(s.dialog.endings.size() == 1);
    s.dialog.run_timers();
    CHECK(s.rooms.goodbyes.at(0).second.cause == Ending::Cause::PeerLost);
    CHECK(s.rooms.goodbyes.at(0).second.text == "the session was not refreshed in time");
}

TEST_CASE("A refresh by the caller starts the session's time anew") {
    Session s(knows_timers());
    s.pass(300s);

    s.call->on_update({}, knows_timers());
    s.dialog.responses.clear();
    s.call->on_reinvite(kOffer, knows_timers(90s));

    CHECK(s.dialog.responses.at(0).session_expires == "90;refresher=uac");
    s.pass(60s);
    CHECK(s.dialog.endings.size() == 1);
}

TEST_CASE("A caller without timers is refreshed by UPDATE where it knows that") {
    Session s(knows_update());

    s.pass(900s);

    CHECK(s.dialog.updates == 1);
    CHECK(s.dialog.proposals == std::vector<std::string>{"1800;refresher=uac"});
    CHECK(s.dialog.reinvites.empty());
    s.call->on_update_answered(200, "OK", knows_update());
    s.pass(900s);
    CHECK(s.dialog.updates == 2);
    CHECK(s.dialog.endings.empty());
}

TEST_CASE("Without UPDATE the refresh is a re-INVITE that says what stands, never an empty one") {
    Session s({});
    const std::string said = s.dialog.responses[1].body.text;

    s.pass(900s);

    REQUIRE(s.dialog.reinvites.size() == 1);
    CHECK(s.dialog.reinvites[0].text == said);
    s.call->on_reinvite_answered(200, "OK", kOffer);
    CHECK(s.dialog.acks == 1);
    CHECK(s.rooms.answers.empty());
    s.pass(900s);
    CHECK(s.dialog.reinvites.size() == 2);
}

TEST_CASE("An answer to a refresh that says something new reaches the rooms") {
    Session s({});
    s.pass(900s);

    s.call->on_reinvite_answered(200, "OK", kHold);

    REQUIRE(s.rooms.answers.size() == 1);
    CHECK(s.rooms.answers[0].media[0].direction == MediaDirection::SendOnly);
}

TEST_CASE("A refresh that nobody answers ends the call when the session's time is over") {
    Session s(knows_update());
    s.pass(900s);
    CHECK(s.dialog.endings.empty());

    s.pass(868s);

    CHECK(s.dialog.endings.size() == 1);
}

TEST_CASE("A peer that lost the dialog is hung up at once, one that is busy asked again") {
    Session lost(knows_update());
    lost.pass(900s);
    lost.call->on_update_answered(481, "Gone");
    CHECK(lost.dialog.endings.size() == 1);

    Session busy(knows_update());
    busy.pass(900s);
    busy.call->on_update_answered(500, "Busy");
    busy.pass(10s);
    CHECK(busy.dialog.updates == 2);
    CHECK(busy.dialog.endings.empty());
}

TEST_CASE("A peer that knows no UPDATE after all is refreshed by re-INVITE") {
    Session s(knows_update());
    s.pass(900s);

    s.call->on_update_answered(405, "Method Not Allowed");
    s.pass(0s);

    CHECK(s.dialog.reinvites.size() == 1);
}

TEST_CASE("A refresh that is too soon for the peer comes again with its interval") {
    Session s(knows_update());
    s.pass(900s);
    SipAbilities answer;
    answer.min_se = 3600s;

    s.call->on_update_answered(422, "Session Interval Too Small", answer);
    s.pass(0s);

    CHECK(s.dialog.proposals.back() == "3600;refresher=uac");
}

TEST_CASE("The peer may become the refresher by its answer") {
    Session s(knows_update());
    s.pass(900s);
    SipAbilities answer = knows_timers(300s);
    answer.refresher = SipAbilities::Refresher::Uas;

    s.call->on_update_answered(200, "OK", answer);
    s.pass(150s);

    CHECK(s.dialog.updates == 1);
    s.pass(268s);
    CHECK(s.dialog.endings.size() == 1);
}

TEST_CASE("An UPDATE while the INVITE waits gets its own answer; the INVITE keeps its turn") {
    Bench b;
    b.rooms.hold = true;
    b.invite();

    b.call->on_update(kHold);
    b.call->on_update({});
    b.rooms.finish_admission();

    CHECK(b.dialog.statuses() == std::vector{180, 500, 500, 200});
    CHECK(b.dialog.methods ==
          std::vector{SipMethod::Invite, SipMethod::Update, SipMethod::Update, SipMethod::Invite});
    CHECK(b.dialog.responses[1].retry_after_s >= 1);
    CHECK(b.dialog.responses[1].retry_after_s <= 10);
}

TEST_CASE("An UPDATE that offers while our offer is out meets 491; an empty one is answered") {
    Bench b;
    b.establish();
    b.re_offer();
    b.dialog.run_timers();

    b.call->on_update(kHold);
    b.call->on_update({});

    CHECK(b.dialog.statuses() == std::vector{491, 200});
}
