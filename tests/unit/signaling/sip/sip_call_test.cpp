#include "signaling/sip/sip_call.h"

#include <catch2/catch.hpp>

#include "tests/unit/signaling/sip/sip_bench.h"

using namespace signaling;
using namespace sip_bench;
using namespace std::chrono_literals;

TEST_CASE("An INVITE with an offer rings and is answered") {
    Bench b;
    b.invite();

    CHECK(b.dialog.statuses() == std::vector{180, 200});
    CHECK(contains(b.dialog.responses[1].body.text, "m=audio 20000 RTP/AVP 0\r\n"));
    REQUIRE(b.rooms.request.offer);
    CHECK(b.rooms.request.offer->media[0].rtp_port == 4000);
}

TEST_CASE("An INVITE without an offer gets ours, and its ACK brings the answer") {
    Bench b;
    b.invite({});
    CHECK(contains(b.dialog.responses[1].body.text, "m=audio 20000 RTP/AVP 96 9 0 8 101\r\n"));

    b.call->on_ack(kOffer);

    REQUIRE(b.rooms.answers.size() == 1);
    CHECK(b.rooms.answers[0].media[0].address == "192.0.2.1");
    CHECK(b.dialog.endings.empty());
}

TEST_CASE("An ACK without the answer we wait for ends the call, with a reason") {
    Bench b;
    b.invite({});

    b.call->on_ack({});
    b.dialog.run_timers();

    CHECK(b.dialog.endings == std::vector<std::string>{"SIP;cause=200;text=\"no common media\""});
    REQUIRE(b.rooms.goodbyes.size() == 1);
    CHECK(b.rooms.goodbyes[0].second.text == "the ACK brought no answer to our offer");
}

TEST_CASE("An answer in the ACK with nothing in common ends the call") {
    Bench b;
    b.invite({});

    b.call->on_ack(kForeign);
    b.dialog.run_timers();

    CHECK(b.dialog.endings.size() == 1);
    CHECK(b.rooms.goodbyes.at(0).second.cause == Ending::Cause::MediaFailed);
}

TEST_CASE("A refusal of the rooms is the final answer and nobody has left") {
    Bench b;
    b.invite(kForeign);

    CHECK(b.dialog.statuses() == std::vector{180, 488});
    CHECK(b.dialog.responses[1].warning ==
          "304 tessera \"no common audio codec: offered G729, have opus G722 PCMU PCMA\"");
    b.call->on_ended({Ending::Cause::PeerLost, ""});
    CHECK(b.rooms.goodbyes.empty());
}

TEST_CASE("A body that is no description is refused before the rooms hear of it") {
    Bench text;
    text.invite({"text/plain", "", "hello"});
    CHECK(text.dialog.statuses() == std::vector{415});
    CHECK(text.dialog.responses[0].accept == "application/sdp");

    Bench packed;
    packed.invite({"application/sdp", "gzip", "x"});
    CHECK(packed.dialog.responses[0].warning ==
          "399 tessera \"expected application/sdp, got application/sdp in gzip\"");

    Bench broken;
    broken.invite({"application/sdp", "", "v=0\r\nm=audio"});
    CHECK(broken.dialog.statuses() == std::vector{400});
    CHECK(contains(broken.dialog.responses[0].warning, "SDP line 2"));
    CHECK(broken.rooms.call == nullptr);
}

TEST_CASE("An INVITE to nobody is told that a room is missing") {
    Bench b;
    b.call->on_invite(CallRequest{}, kOffer);

    CHECK(b.dialog.statuses() == std::vector{404});
}

TEST_CASE("Rooms that open no port are refused as our own fault, and hear that nobody stayed") {
    Bench b;
    b.rooms.port = 0;
    b.invite();

    CHECK(b.dialog.statuses() == std::vector{180, 500});
    CHECK(b.rooms.goodbyes.size() == 1);
}

TEST_CASE("A caller who gives up while the rooms think leaves as soon as they let in") {
    Bench b;
    b.rooms.hold = true;
    b.invite();
    b.call->on_ended({Ending::Cause::PeerGaveUp, "CANCEL"});
    b.call->detach();
    std::weak_ptr<SipCall> alive = b.call;
    b.call.reset();
    REQUIRE_FALSE(alive.expired());

    b.rooms.finish_admission();

    CHECK(b.dialog.statuses() == std::vector{180});
    REQUIRE(b.rooms.goodbyes.size() == 1);
    CHECK(b.rooms.goodbyes[0].second.cause == Ending::Cause::PeerGaveUp);
    CHECK(alive.expired());
}

TEST_CASE("A BYE is told to the rooms once") {
    Bench b;
    b.establish();

    b.call->on_ended({Ending::Cause::PeerHungUp, "BYE"});
    b.call->on_ended({Ending::Cause::PeerLost, "state"});

    REQUIRE(b.rooms.goodbyes.size() == 1);
    CHECK(b.rooms.goodbyes[0].second.cause == Ending::Cause::PeerHungUp);
}

TEST_CASE("Hanging up tells the rooms later, never from within") {
    Bench b;
    b.establish();

    b.call->hang_up({Ending::Cause::Kicked, "by anna"});

    CHECK(b.rooms.goodbyes.empty());
    CHECK(b.dialog.endings.size() == 1);
    b.dialog.run_timers();
    CHECK(b.rooms.goodbyes.at(0).second.text == "by anna");
}

TEST_CASE("Hold and resume are updates, answered from the rooms") {
    Bench b;
    b.establish();

    b.call->on_reinvite(kHold);

    REQUIRE(b.rooms.updates.size() == 1);
    CHECK(b.rooms.updates[0]->media[0].direction == MediaDirection::SendOnly);
    CHECK(b.dialog.statuses() == std::vector{200});
    CHECK(contains(b.dialog.responses[0].body.text, "a=recvonly\r\n"));
}

TEST_CASE("A refresh with the same description is answered without the rooms") {
    Bench b;
    b.establish();

    b.call->on_reinvite(kOffer);
    b.call->on_ack({});
    b.call->on_update(kOffer);
    b.call->on_update({});

    CHECK(b.rooms.updates.empty());
    CHECK(b.dialog.statuses() == std::vector{200, 200, 200});
    CHECK(contains(b.dialog.responses[1].body.text, "o=- 77 1 "));
    CHECK(b.dialog.responses[2].body.empty());
}

TEST_CASE("An UPDATE with another description is done with its answer") {
    Bench b;
    b.establish();

    b.call->on_update(kHold);
    b.call->on_update(kOffer);

    CHECK(b.dialog.statuses() == std::vector{200, 200});
    CHECK(b.rooms.updates.size() == 2);
}

TEST_CASE("A change that is refused leaves the call as it was") {
    Bench b;
    b.establish();

    b.call->on_reinvite(kForeign);
    b.call->on_reinvite(kOffer);

    CHECK(b.dialog.statuses() == std::vector{488, 200});
    CHECK(b.rooms.goodbyes.empty());
}

TEST_CASE(
    "An offerless re-INVITE gets our offer; when its ACK ignores it, what was agreed stands") {
    Bench b;
    b.establish();

    b.call->on_reinvite({});
    b.call->on_ack({});

    REQUIRE(b.rooms.updates.size() == 1);
    CHECK_FALSE(b.rooms.updates[0].has_value());
    REQUIRE(b.rooms.answers.size() == 1);
    CHECK(b.rooms.answers[0].media[0].rtp_port == 4000);
    CHECK(b.dialog.endings.empty());
}

TEST_CASE("A second offer while one is open is told to wait") {
    Bench b;
    b.establish();
    b.rooms.hold = true;
    b.call->on_reinvite(kHold);

    b.call->on_reinvite(kOffer);

    CHECK(b.dialog.statuses() == std::vector{500});
    CHECK(b.dialog.responses[0].retry_after_s > 0);
}

TEST_CASE("A re-offer goes out with all we have and brings the peer's answer") {
    Bench b;
    b.establish();

    b.re_offer();
    CHECK(b.dialog.reinvites.empty());
    b.dialog.run_timers();
    REQUIRE(b.dialog.reinvites.size() == 1);
    CHECK(contains(b.dialog.reinvites[0].text, "o=- 77 2 "));
    CHECK(contains(b.dialog.reinvites[0].text, "m=audio 20010 RTP/AVP 0\r\n"));
    b.call->on_reinvite_answered(100, "Trying", {});
    b.call->on_reinvite_answered(200, "OK", kOffer);

    CHECK(b.dialog.acks == 1);
    REQUIRE(b.results.size() == 1);
    CHECK(b.results[0]->media[0].rtp_port == 4000);
}

TEST_CASE("A re-offer waits for the first ACK and for the exchange that runs") {
    Bench b;
    b.invite();
    b.re_offer();
    b.dialog.run_timers();
    CHECK(b.dialog.reinvites.empty());

    b.call->on_ack({});

    CHECK(b.dialog.reinvites.size() == 1);
}

TEST_CASE("A re-offer that waited for the peer's change offers what holds after it") {
    Bench b;
    b.establish();
    b.call->on_reinvite(kHold);
    b.re_offer();
    b.dialog.run_timers();
    CHECK(b.dialog.reinvites.empty());

    b.rooms.port = 30000;
    b.call->on_ack({});

    REQUIRE(b.dialog.reinvites.size() == 1);
    CHECK(contains(b.dialog.reinvites[0].text, "m=audio 30000 "));
}

TEST_CASE("Of several re-offers that wait the last one goes and the others fail") {
    Bench b;
    b.establish();

    b.re_offer();
    b.re_offer();
    b.dialog.run_timers();

    REQUIRE(b.dialog.reinvites.size() == 1);
    CHECK(contains(b.dialog.reinvites[0].text, "m=audio 20020 "));
    REQUIRE(b.results.size() == 1);
    CHECK(b.results[0].error().text == "a newer offer took its turn");
}

TEST_CASE("After a glare the re-offer is tried again within two seconds, and not for ever") {
    Bench b;
    b.establish();
    b.re_offer();
    b.dialog.run_timers();

    for (int i = 0; i < 10; ++i) {
        b.call->on_reinvite_answered(491, "Request Pending", {});
        b.dialog.run_timers(2s);
    }

    CHECK(b.dialog.reinvites.size() == 6);
    REQUIRE(b.results.size() == 1);
    CHECK(b.results[0].error().text == "the peer answered 491 Request Pending");
    CHECK(b.rooms.goodbyes.empty());
}

TEST_CASE("A peer that offers while ours is out is told of the glare") {
    Bench b;
    b.establish();
    b.re_offer();
    b.dialog.run_timers();

    b.call->on_reinvite(kHold);

    CHECK(b.dialog.statuses() == std::vector{491});
}

TEST_CASE("A re-offer answered with nonsense ends the call") {
    Bench b;
    b.establish();
    b.re_offer();
    b.dialog.run_timers();

    b.call->on_reinvite_answered(200, "OK", {"application/sdp", "", "nonsense"});
    b.dialog.run_timers();

    CHECK(b.dialog.acks == 1);
    CHECK_FALSE(b.results.at(0).has_value());
    CHECK(b.rooms.goodbyes.at(0).second.cause == Ending::Cause::ProtocolError);
}

TEST_CASE("A call that ends fails the re-offers that run or wait, before the rooms hear of it") {
    Bench b;
    b.establish();
    b.re_offer();
    b.dialog.run_timers();
    b.re_offer();

    b.call->on_ended({Ending::Cause::PeerHungUp, "BYE"});

    REQUIRE(b.results.size() == 2);
    CHECK(b.results[1].error().text == "the call ended");
    CHECK(b.rooms.goodbyes.size() == 1);
}

TEST_CASE("Digits and picture updates by INFO reach the rooms") {
    Bench b;
    b.establish();

    CHECK(b.call->on_info({"application/dtmf-relay", "", "Signal=5\r\n"}).status == 200);
    CHECK(b.call
              ->on_info({"application/media_control+xml", "",
                         "<media_control><picture_fast_update/></media_control>"})
              .status == 200);
    CHECK(b.call->on_info({"application/dtmf", "", "x"}).status == 400);
    CHECK(b.call->on_info({"text/plain", "", "x"}).status == 415);

    CHECK(b.rooms.digits == "5");
    CHECK(b.rooms.updates_wanted == 1);
}

TEST_CASE("Key frames are asked for at most once a second") {
    Bench b;
    b.establish();

    b.call->request_key_frame("1");
    b.call->request_key_frame("1");
    b.clock.advance(1s);
    b.call->request_key_frame("1");

    CHECK(b.dialog.infos.size() == 2);
}

TEST_CASE("Shutting down hangs up who is in and refuses who is not yet") {
    Bench in;
    in.establish();
    in.call->shut_down();
    in.dialog.run_timers();
    CHECK(in.rooms.goodbyes.at(0).second.cause == Ending::Cause::Shutdown);

    Bench waiting;
    waiting.rooms.hold = true;
    waiting.invite();
    waiting.call->shut_down();
    waiting.rooms.finish_admission();
    CHECK(waiting.dialog.statuses() == std::vector{180, 503});
    CHECK(waiting.rooms.goodbyes.size() == 1);
}
