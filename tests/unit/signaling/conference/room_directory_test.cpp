#include "signaling/conference/room_directory.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "tests/support/fake_call.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_media_node.h"

using namespace signaling;
using namespace std::chrono_literals;

namespace {

constexpr const char* kConfiguration = R"(
[[room]]
id = "board"
layout = "1+5"
max_participants = 3
self_view = "hide"
[[room]]
id = "other"
)";

// signald without its doors: the test is the door.
struct House {
    House() { node.start(directory), node.run_all(); }

    tl::expected<Admitted, Refusal> admit(tests::FakeCall& call, const std::string& room = "board",
                                          std::optional<MediaOffer> offer = tests::usual_offer(),
                                          bool tls = false) {
        std::optional<tl::expected<Admitted, Refusal>> outcome;
        CallRequest request;
        request.room = room;
        request.display_name = "Anna";
        request.remote_uri = "sip:anna@example.org";
        request.protocol = "sip";
        request.local_address = "192.0.2.9";
        request.public_address = public_address;
        request.layout = layout;
        request.secure_signalling = tls;
        request.cleared = cleared;
        request.authenticated = authenticated;
        request.offer = std::move(offer);
        directory.admit(request, call, [&](auto result) { outcome = std::move(result); });
        node.run_all();
        REQUIRE(outcome);
        return *outcome;
    }
    tl::expected<MediaAnswer, Refusal> update(const ParticipantId& id,
                                              const std::optional<MediaOffer>& offer) {
        std::optional<tl::expected<MediaAnswer, Refusal>> outcome;
        directory.update(id, offer, [&](auto result) { outcome = std::move(result); });
        node.run_all();
        REQUIRE(outcome);
        return *outcome;
    }
    void leave(const ParticipantId& id) {
        directory.left(id, {});
        node.run_all();
    }
    void pass(int seconds) {
        for (int i = 0; i < seconds; ++i) {
            clock.advance(1s);
            directory.tick();
            node.run_all();
        }
    }
    void event(const ParticipantId& session, decltype(NodeEvent::what) what) {
        directory.node_event({directory.conference("board")->instance(), session, std::move(what)});
    }
    const SessionSpec& session(const ParticipantId& id) {
        for (const auto& [instance, running] : node.conferences) {
            for (const SessionSpec& spec : running.state.sessions) {
                if (spec.id == id) return spec;
            }
        }
        FAIL("no session " + id);
        std::abort();
    }

    std::string public_address;  ///< of who calls
    std::string layout;
    bool cleared = false;
    bool authenticated = false;
    tests::FakeClock clock;
    tests::FakeMediaNode node;
    IdMaker ids{1, [] { return 1'700'000'000'000ULL; }};
    RoomDirectory directory{node, clock, ids, *parse_settings(kConfiguration, "t.toml")};
};

std::size_t running_sessions(const tests::FakeMediaNode& node) {
    std::size_t count = 0;
    for (const auto& [instance, running] : node.conferences) count += running.state.sessions.size();
    return count;
}

const common::SrtpKey kPeersKey = make_srtp_key(common::SrtpSuite::AeadAes256Gcm);

MediaOffer with_keys() {
    MediaOffer offer = tests::usual_offer();
    for (OfferedMedia& medium : offer.media) {
        medium.security.profile = OfferedSecurity::Profile::Secure;
        medium.security.sdes = {{4, kPeersKey}};
    }
    return offer;
}

MediaOffer with_dtls(std::optional<DtlsSetup> setup = DtlsSetup::ActPass) {
    MediaOffer offer = tests::usual_offer();
    for (OfferedMedia& medium : offer.media) {
        medium.security.profile = OfferedSecurity::Profile::SecureByDtls;
        medium.security.fingerprints = {
            {common::Fingerprint::Hash::Sha256, std::vector<std::uint8_t>(32, 0x77)}};
        medium.security.setup = setup;
    }
    return offer;
}

}  // namespace

TEST_CASE("Keys of both sides reach the media daemon, each in its direction") {
    House house;
    tests::FakeCall call;

    const auto admitted = house.admit(call, "board", with_keys(), true);

    REQUIRE(admitted);
    const SessionSecurity& run = house.session(admitted->participant).media[0].security;
    const AnsweredSecurity& told = admitted->media.media[0].security;
    CHECK(run.kind == SessionSecurity::Kind::Sdes);
    CHECK(run.receive == kPeersKey);
    CHECK(run.send == told.sdes.at(0).key);
    CHECK(told.sdes.at(0).tag == 4);
    CHECK_FALSE(admitted->media.media[1].security.sdes.at(0).key == told.sdes.at(0).key);
}

TEST_CASE("A caller with keys in the open is refused in words") {
    House house;
    tests::FakeCall call;

    const Refusal refusal = house.admit(call, "board", with_keys(), false).error();

    CHECK(refusal.reason == RefusalReason::NotAcceptable);
    CHECK(refusal.text == "keys in a=crypto are taken over TLS signalling only");
}

TEST_CASE("A caller with DTLS is told our fingerprint, and its own reaches the media daemon") {
    House house;
    tests::FakeCall call;

    const auto admitted = house.admit(call, "board", with_dtls());

    REQUIRE(admitted);
    CHECK(admitted->media.media[0].security.fingerprint.starts_with("sha-256 "));
    CHECK(admitted->media.media[0].security.setup == DtlsSetup::Passive);
    const SessionSecurity& run = house.session(admitted->participant).media[0].security;
    CHECK(run.kind == SessionSecurity::Kind::Dtls);
    CHECK_FALSE(run.dtls_client);
    CHECK(run.fingerprints == with_dtls().media[0].security.fingerprints);
}

TEST_CASE("While our offer is not answered nothing of it flows, and the answer settles how") {
    House house;
    tests::FakeCall call;
    const auto admitted = house.admit(call, "board", std::nullopt, true);
    REQUIRE(admitted);
    const auto security = [&] { return house.session(admitted->participant).media[0].security; };
    CHECK(security().kind == SessionSecurity::Kind::Pending);
    CHECK(admitted->media.media[0].security.sdes.size() == 3);

    MediaOffer answer = tests::usual_offer();
    answer.media[0].security.sdes = {{1, kPeersKey}};
    house.directory.answered(admitted->participant, answer, [](const auto& settled) {
        REQUIRE(settled);
        CHECK(settled->media[0].security.agreed == KeyExchange::Sdes);
        CHECK(settled->media[1].security.agreed == KeyExchange::None);
    });
    house.node.run_all();

    CHECK(security().kind == SessionSecurity::Kind::Sdes);
    CHECK(security().receive == kPeersKey);
    CHECK(security().send == admitted->media.media[0].security.sdes[0].key);
}

TEST_CASE("After the media daemon was restarted no key of before is used again") {
    House house;
    tests::FakeCall keyed, shaken;
    const auto a = house.admit(keyed, "board", with_keys(), true);
    const auto b = house.admit(shaken, "board", with_dtls());
    const common::SrtpKey before = house.session(a->participant).media[0].security.send;

    house.node.restart(house.directory);
    house.node.run_all();

    REQUIRE(keyed.re_offers.size() == 1);
    REQUIRE(shaken.re_offers.size() == 1);
    CHECK(house.session(a->participant).media[0].security.kind == SessionSecurity::Kind::Pending);
    CHECK(house.session(b->participant).media[0].security.kind == SessionSecurity::Kind::Pending);
    const AnsweredSecurity& offered = keyed.re_offers[0].media[0].security;
    CHECK_FALSE(offered.sdes.at(0).key == before);
    CHECK(shaken.re_offers[0].media[0].security.setup == DtlsSetup::ActPass);
    CHECK_FALSE(shaken.re_offers[0].media[0].security.fingerprint ==
                b->media.media[0].security.fingerprint);

    keyed.answer_re_offer(with_keys());
    shaken.answer_re_offer(with_dtls(DtlsSetup::Passive));
    house.node.run_all();
    CHECK(house.session(a->participant).media[0].security.send == offered.sdes[0].key);
    CHECK(house.session(b->participant).media[0].security.dtls_client);
}

TEST_CASE("Who agrees to new keys and goes on with the old ones is asked to call again") {
    House house;
    tests::FakeCall deaf, unheard, follows;
    const auto a = house.admit(deaf, "board", with_keys(), true)->participant;
    const auto b = house.admit(unheard, "board", with_dtls())->participant;
    const auto c = house.admit(follows, "board", with_keys(), true)->participant;
    const auto tell = [&](std::uint64_t heard_of_b, double round_trip_of_a) {
        const auto one = [](const ParticipantId& id, std::uint64_t packets, double round_trip_ms) {
            StreamStatistics stream;
            stream.mid = "0";
            stream.packets_heard = packets;
            stream.round_trip_ms = round_trip_ms;
            SessionStatistics session;
            session.session = id;
            session.streams = {stream};
            return session;
        };
        ConferenceStatistics told;
        told.per_session = {one(a, 50, round_trip_of_a), one(b, heard_of_b, 0), one(c, 50, 1)};
        house.event("", told);
    };
    tell(50, 1);
    house.node.restart(house.directory);
    house.node.run_all();
    deaf.answer_re_offer(with_keys());
    unheard.answer_re_offer(with_dtls());
    follows.answer_re_offer(with_keys());
    house.node.run_all();

    for (int second = 0; second < 12; ++second) {
        tell(0, 0);
        house.pass(1);
    }
    REQUIRE(unheard.hung_up);
    CHECK(unheard.hung_up->cause == Ending::Cause::KeysNotRenewed);
    CHECK_FALSE(deaf.hung_up);
    for (int second = 0; second < 15; ++second) {
        tell(0, 0);
        house.pass(1);
    }
    REQUIRE(deaf.hung_up);
    CHECK(deaf.hung_up->cause == Ending::Cause::KeysNotRenewed);
    CHECK_FALSE(follows.hung_up);
}

TEST_CASE("Who was encrypted and answers a re-offer plainly is not kept") {
    House house;
    tests::FakeCall call;
    house.admit(call, "board", with_keys(), true);
    house.node.restart(house.directory);
    house.node.run_all();

    call.answer_re_offer(tests::usual_offer());
    house.node.run_all();

    REQUIRE(call.hung_up);
    CHECK(call.hung_up->cause == Ending::Cause::MediaFailed);
}

TEST_CASE("The first caller makes the conference and is told where to send") {
    House house;
    tests::FakeCall call;

    const auto admitted = house.admit(call);

    REQUIRE(admitted);
    REQUIRE(admitted->media.media.size() == 2);
    CHECK(admitted->media.media[0].accepted);
    CHECK(admitted->media.media[0].address == "192.0.2.9");
    CHECK(admitted->media.media[0].rtp_port == 40002);
    CHECK(admitted->media.media[1].rtp_port == 40004);
    CHECK(admitted->media.media[1].ssrc != 0);
    REQUIRE(house.node.conferences.size() == 1);
    const auto& running = house.node.conferences.begin()->second;
    CHECK(running.room == "board");
    CHECK(running.state.default_layout == "1+5");
    CHECK(running.state.default_self_view == SelfView::Hide);
    REQUIRE(running.state.sessions.size() == 1);
    CHECK(running.state.sessions[0].display_name == "Anna");
    CHECK(running.state.sessions[0].media[1].remote_rtp_port == 5002);
    CHECK(running.state.sessions[0].media[1].send.payload_type == 97);
}

TEST_CASE("Behind a NAT the peer is told the public address, and not told anew for it") {
    House house;
    house.public_address = "203.0.113.5";
    tests::FakeCall call;

    const auto admitted = house.admit(call);

    REQUIRE(admitted);
    CHECK(admitted->media.media[0].address == "203.0.113.5");
    CHECK(house.session(admitted->participant).local_address == "192.0.2.9");
    tests::FakeCall other;
    REQUIRE(house.admit(other));
    CHECK(call.re_offers.empty());
}

TEST_CASE("A public address of the other family does not stand for ours") {
    House house;
    house.public_address = "2001:db8::5";
    tests::FakeCall call;

    CHECK(house.admit(call)->media.media[0].address == "192.0.2.9");
}

TEST_CASE("A layout may be dialled; one that does not exist leaves the room's") {
    House house;
    tests::FakeCall call;
    house.layout = "grid";
    CHECK(house.session(house.admit(call)->participant).layout == "grid");

    tests::FakeCall other;
    house.layout = "mosaic";
    CHECK(house.session(house.admit(other)->participant).layout.empty());
}

TEST_CASE("A conference ends when the last one leaves, and the next caller begins a new one") {
    House house;
    tests::FakeCall first, second, third;
    const auto a = house.admit(first), b = house.admit(second);
    const std::string instance = house.directory.conference("board")->instance();

    house.leave(a->participant);
    CHECK(running_sessions(house.node) == 1);
    house.leave(b->participant);

    CHECK(house.node.conferences.empty());
    CHECK(house.directory.conference("board") == nullptr);
    REQUIRE(house.admit(third));
    CHECK(house.directory.conference("board")->instance() != instance);
}

TEST_CASE("Who cannot come in is told why") {
    House house;
    tests::FakeCall calls[4];

    CHECK(house.admit(calls[0], "nowhere").error().reason == RefusalReason::UnknownRoom);
    MediaOffer foreign = tests::usual_offer();
    foreign.media[0].codecs = {{"iLBC", 96, 8000, 1, ""}};
    foreign.media[1].codecs = {{"VP8", 97, 90000, 1, ""}};
    const Refusal refusal = house.admit(calls[0], "board", foreign).error();
    CHECK(refusal.reason == RefusalReason::NotAcceptable);
    CHECK(refusal.text.find("VP8") != std::string::npos);
    CHECK(house.node.conferences.empty());
    for (int i = 0; i < 3; ++i) REQUIRE(house.admit(calls[i]));
    const Refusal full = house.admit(calls[3]).error();
    CHECK(full.reason == RefusalReason::Full);
    CHECK(full.text == "room 'board' is full: it takes 3");
}

TEST_CASE("While the media daemon is away callers are asked to try again") {
    House house;
    tests::FakeCall call;
    house.node.lose(house.directory);

    const auto outcome = house.admit(call);

    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason == RefusalReason::MediaAway);
    CHECK(outcome.error().retry_after_s > 0);
    CHECK_FALSE(house.directory.ready());
}

TEST_CASE(
    "A caller on the way in when the media daemon goes is refused and leaves nothing behind") {
    House house;
    tests::FakeCall call;
    std::optional<tl::expected<Admitted, Refusal>> outcome;
    CallRequest request;
    request.room = "board";
    request.offer = tests::usual_offer();
    house.directory.admit(request, call, [&](auto result) { outcome = std::move(result); });

    house.node.lose(house.directory);

    REQUIRE(outcome);
    CHECK(outcome->error().reason == RefusalReason::MediaAway);
    house.node.find_again(house.directory);
    house.node.run_all();
    house.pass(2);
    CHECK(running_sessions(house.node) == 0);
}

TEST_CASE("A session that the media daemon cannot make is refused with its reason") {
    House house;
    tests::FakeCall call;
    house.node.refuse_sessions = "no port free";

    const auto outcome = house.admit(call);

    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason == RefusalReason::Overloaded);
    CHECK(outcome.error().text == "no port free");
    house.pass(1);
    CHECK(house.node.conferences.empty());
}

TEST_CASE("The node's own limit holds over all rooms") {
    House house;
    house.node.max_sessions = 1;
    house.node.restart(house.directory);
    house.node.run_all();
    tests::FakeCall first, second;

    REQUIRE(house.admit(first));
    CHECK(house.admit(second, "other").error().reason == RefusalReason::Overloaded);
}

TEST_CASE("A loaded node's refusal is told to whoever comes, and who is in stays") {
    House house;
    tests::FakeCall first, second;
    REQUIRE(house.admit(first));

    house.node.refuse_newcomers("the media daemon is overloaded", 30);
    const auto refused = house.admit(second, "other");

    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason == RefusalReason::Overloaded);
    CHECK(refused.error().text == "the media daemon is overloaded");
    CHECK(refused.error().retry_after_s == 30);
    CHECK(house.directory.participant_count() == 1);
    house.node.refuse_newcomers("", 0);
    CHECK(house.admit(second, "other"));
}

TEST_CASE("Hold stops what is sent, resume learns the peer's address anew") {
    House house;
    tests::FakeCall call;
    const auto id = house.admit(call)->participant;
    MediaOffer held = tests::usual_offer();
    for (auto& medium : held.media) medium.direction = MediaDirection::Inactive;

    REQUIRE(house.update(id, held));
    CHECK(house.session(id).media[0].direction == MediaDirection::Inactive);
    REQUIRE(house.update(id, tests::usual_offer()));

    CHECK(house.session(id).media[0].direction == MediaDirection::SendRecv);
    CHECK(house.session(id).media[0].relearn == 1);
    CHECK(call.re_offers.empty());
}

TEST_CASE("A change of media that cannot be agreed on changes nothing") {
    House house;
    tests::FakeCall call;
    const auto id = house.admit(call)->participant;
    const SessionSpec before = house.session(id);
    MediaOffer foreign = tests::usual_offer();
    foreign.media[0].codecs.clear();
    foreign.media[1].codecs.clear();

    CHECK(house.update(id, foreign).error().reason == RefusalReason::NotAcceptable);

    CHECK(house.session(id) == before);
}

TEST_CASE("A change that the media daemon refuses is undone and does not hold up the room") {
    House house;
    house.node.unreadable_fmtp = "odd=1";
    tests::FakeCall call, other;
    const auto id = house.admit(call)->participant;
    const auto before = house.session(id).media;
    MediaOffer odd = tests::usual_offer("192.0.2.77");
    odd.media[0].codecs[0].fmtp = "odd=1";

    const auto outcome = house.update(id, odd);

    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().text == "unreadable");
    REQUIRE(house.admit(other));
    CHECK(house.session(id).media == before);
}

TEST_CASE("A caller without an offer gets ours, and its answer settles the codecs") {
    House house;
    tests::FakeCall call;
    const auto admitted = house.admit(call, "board", std::nullopt);
    REQUIRE(admitted);
    CHECK(admitted->media.media[0].receive.size() == 4);
    CHECK(house.session(admitted->participant).media[0].send.name.empty());
    std::optional<tl::expected<MediaAnswer, Refusal>> settled;

    house.directory.answered(admitted->participant, tests::usual_offer(),
                             [&](auto r) { settled = std::move(r); });
    house.node.run_all();

    REQUIRE(settled);
    REQUIRE(*settled);
    CHECK(house.session(admitted->participant).media[0].send.name == "opus");
    CHECK(house.session(admitted->participant).media[0].remote_address == "192.0.2.1");
    CHECK(settled->value().media[0].rtp_port == admitted->media.media[0].rtp_port);
}

TEST_CASE("When the media daemon was restarted every caller is re-offered its new addresses") {
    House house;
    tests::FakeCall first, second;
    const auto a = house.admit(first), b = house.admit(second);

    house.node.restart(house.directory);
    house.node.run_all();

    REQUIRE(first.re_offers.size() == 1);
    REQUIRE(second.re_offers.size() == 1);
    CHECK(first.re_offers[0].media[0].ssrc != a->media.media[0].ssrc);
    CHECK(first.re_offers[0].media[0].rtp_port != a->media.media[0].rtp_port);
    CHECK(running_sessions(house.node) == 2);
    first.answer_re_offer(tests::usual_offer("192.0.2.77"));
    house.node.run_all();
    CHECK(house.session(a->participant).media[0].remote_address == "192.0.2.77");
    CHECK(first.re_offers.size() == 1);
    CHECK_FALSE(first.hung_up);
}

TEST_CASE("When the media daemon was only out of reach nobody is re-offered anything") {
    House house;
    tests::FakeCall call;
    const auto id = house.admit(call)->participant;

    house.node.lose(house.directory);
    REQUIRE(house.update(id, tests::usual_offer("192.0.2.55")));  // the dialog goes on meanwhile
    house.node.find_again(house.directory);
    house.node.run_all();

    CHECK(call.re_offers.empty());
    CHECK(house.session(id).media[0].remote_address == "192.0.2.55");
}

TEST_CASE("A refused re-offer ends the call: it would send to addresses that are no more") {
    House house;
    tests::FakeCall call;
    REQUIRE(house.admit(call));
    house.node.restart(house.directory);
    house.node.run_all();

    call.answer_re_offer(tl::unexpected(Refusal{RefusalReason::Internal, "488", 0}));

    REQUIRE(call.hung_up);
    CHECK(call.hung_up->cause == Ending::Cause::MediaFailed);
}

TEST_CASE("A restarted signalling daemon goes on with the conferences that run") {
    House house;
    tests::FakeCall first, second, third;
    const auto a = house.admit(first), b = house.admit(second);
    const std::string instance = house.directory.conference("board")->instance();
    const auto ports_before = house.node.conferences.at(instance).local;
    RoomDirectory reborn(house.node, house.clock, house.ids,
                         *parse_settings(kConfiguration, "t.toml"));

    reborn.node_up(*house.node.info());
    house.node.run_all();

    REQUIRE(reborn.conference("board") != nullptr);
    CHECK(reborn.conference("board")->instance() == instance);
    CHECK(reborn.conference("board")->participants().size() == 2);
    CHECK(house.node.conferences.at(instance).epoch == 2);
    CHECK(house.node.conferences.at(instance).local == ports_before);
    std::optional<tl::expected<Admitted, Refusal>> outcome;
    CallRequest request;
    request.room = "board";
    request.offer = tests::usual_offer();
    reborn.admit(request, third, [&](auto result) { outcome = std::move(result); });
    house.node.run_all();
    REQUIRE(*outcome);
    CHECK(running_sessions(house.node) == 3);

    for (int i = 0; i < 59; ++i) {  // the first one's media goes on, the second one's stopped
        house.clock.advance(1s);
        ConferenceStatistics statistics;
        statistics.per_session.resize(2);
        statistics.per_session[0].session = a->participant;
        statistics.per_session[0].streams.resize(1);
        statistics.per_session[0].streams[0].packets_heard = static_cast<std::uint64_t>(i + 1);
        statistics.per_session[1].session = b->participant;
        reborn.node_event({instance, "", statistics});
        reborn.tick();
    }
    house.clock.advance(2s);
    reborn.tick();
    house.node.run_all();
    CHECK(reborn.conference("board")->participants().contains(a->participant));
    CHECK_FALSE(reborn.conference("board")->participants().contains(b->participant));
}

TEST_CASE("A first caller that is faster than the adoption meets those who are in the room") {
    House house;
    tests::FakeCall first, second;
    REQUIRE(house.admit(first));
    RoomDirectory reborn(house.node, house.clock, house.ids,
                         *parse_settings(kConfiguration, "t.toml"));
    std::optional<tl::expected<Admitted, Refusal>> outcome;
    CallRequest request;
    request.room = "board";
    request.offer = tests::usual_offer();

    reborn.node_up(*house.node.info());
    house.node.run_one();  // the list came, the claim has not
    reborn.admit(request, second, [&](auto result) { outcome = std::move(result); });
    house.node.run_all();

    REQUIRE(outcome);
    REQUIRE(*outcome);
    CHECK(house.node.conferences.size() == 1);
    CHECK(running_sessions(house.node) == 2);
}

TEST_CASE(
    "Adopted participants are gone when the media daemon is restarted: nobody can re-offer them") {
    House house;
    tests::FakeCall call;
    REQUIRE(house.admit(call));
    RoomDirectory reborn(house.node, house.clock, house.ids,
                         *parse_settings(kConfiguration, "t.toml"));
    reborn.node_up(*house.node.info());
    house.node.run_all();
    REQUIRE(reborn.participant_count() == 1);

    house.node.restart(reborn);
    house.node.run_all();

    CHECK(reborn.participant_count() == 0);
}

TEST_CASE("A conference that another daemon took is given up and its calls are ended") {
    House house;
    tests::FakeCall call;
    const auto id = house.admit(call)->participant;
    house.node.conferences.begin()->second.epoch = 9;

    house.directory.picture_fast_update(id, "");
    house.node.run_all();

    REQUIRE(call.hung_up);
    CHECK(call.hung_up->cause == Ending::Cause::RoomEnded);
    house.directory.left(id, {});
    CHECK(house.node.conferences.begin()->second.epoch == 9);
}

TEST_CASE("A call whose media stopped is ended, one on hold is not") {
    House house;
    tests::FakeCall silent, held, talking;
    const auto a = house.admit(silent)->participant;
    const auto b = house.admit(held)->participant;
    const auto c = house.admit(talking)->participant;
    MediaOffer hold = tests::usual_offer();
    for (auto& medium : hold.media) medium.direction = MediaDirection::RecvOnly;
    REQUIRE(house.update(b, hold));
    house.event(a, MediaFlow{"0", MediaFlow::State::Started});
    house.event(c, MediaFlow{"0", MediaFlow::State::Started});
    house.event(a, MediaFlow{"0", MediaFlow::State::Stopped});

    house.pass(60);
    CHECK_FALSE(silent.hung_up);
    house.pass(1);

    REQUIRE(silent.hung_up);
    CHECK(silent.hung_up->text == "no media for 60 s");
    CHECK_FALSE(held.hung_up);
    CHECK_FALSE(talking.hung_up);
    REQUIRE(house.update(b, tests::usual_offer()));
    house.pass(60);
    CHECK_FALSE(held.hung_up);
    house.pass(1);
    CHECK(held.hung_up);
}

TEST_CASE("A call whose media never began is ended too: its BYE or ACK may be lost") {
    House house;
    tests::FakeCall with_offer, without;
    const auto a = house.admit(with_offer)->participant;
    const auto b = house.admit(without, "board", std::nullopt)->participant;

    house.pass(60);
    CHECK_FALSE(with_offer.hung_up);
    house.pass(1);

    REQUIRE(with_offer.hung_up);
    CHECK(with_offer.hung_up->cause == Ending::Cause::MediaFailed);
    REQUIRE(without.hung_up);
    house.leave(a);
    house.leave(b);
    CHECK(house.node.conferences.empty());
}

TEST_CASE("A caller who is refused at once leaves no conference behind") {
    House house;
    tests::FakeCall call;
    MediaOffer strange = tests::usual_offer();
    for (auto& medium : strange.media) medium.codecs = {{"GSM", 3, 8000, 1, ""}};

    CHECK(house.admit(call, "other", strange).error().reason == RefusalReason::NotAcceptable);

    CHECK(house.directory.conference("other") == nullptr);
    CHECK(house.directory.rooms().size() == 2);
}

TEST_CASE("A caller who is refused at once does not disturb an adoption") {
    House house;
    tests::FakeCall first, second;
    REQUIRE(house.admit(first));
    RoomDirectory reborn(house.node, house.clock, house.ids,
                         *parse_settings(kConfiguration, "t.toml"));
    CallRequest request;
    request.room = "board";
    request.offer = MediaOffer{};

    reborn.node_up(*house.node.info());
    house.node.run_one();  // the list came, the claim has not
    reborn.admit(request, second, [](auto result) { CHECK_FALSE(result); });
    house.node.run_all();

    REQUIRE(reborn.conference("board") != nullptr);
    CHECK(reborn.conference("board")->participants().size() == 1);
}

TEST_CASE(
    "A resumed call is joined to its participant once it is known who runs, or told of none") {
    House house;
    tests::FakeCall first, again, stray;
    const auto id = house.admit(first)->participant;
    RoomDirectory reborn(house.node, house.clock, house.ids,
                         *parse_settings(kConfiguration, "t.toml"));
    Resumption former, unknown;
    former.participant = id;
    former.request.remote_uri = "sip:anna@example.org";
    unknown.participant = "nobody";
    std::optional<bool> found, found_stray;

    reborn.resume(former, again, [&](bool result) { found = result; });
    reborn.resume(unknown, stray, [&](bool result) { found_stray = result; });
    CHECK_FALSE(found);
    reborn.node_up(*house.node.info());
    house.node.run_all();

    CHECK(found == true);
    CHECK(found_stray == false);
    const Participant& resumed = reborn.conference("board")->participants().at(id);
    CHECK_FALSE(resumed.adopted());
    CHECK(resumed.request.remote_uri == "sip:anna@example.org");
    reborn.conference("board")->kick(id, "enough", [](const auto&) {});
    CHECK(again.hung_up);
}

TEST_CASE("Who comes to a conference that another daemon took is asked to try again") {
    House house;
    tests::FakeCall call, late;
    const auto id = house.admit(call)->participant;
    house.node.conferences.begin()->second.epoch = 9;
    house.directory.picture_fast_update(id, "");
    house.node.run_all();
    REQUIRE(call.hung_up);

    CHECK(house.admit(late).error().reason == RefusalReason::MediaAway);

    house.leave(id);
    CHECK(house.admit(late));
    CHECK(house.node.conferences.size() == 2);
}

TEST_CASE("A conference that is lost before it could be adopted makes room for the next one") {
    House house;
    tests::FakeCall first, second;
    REQUIRE(house.admit(first));
    RoomDirectory reborn(house.node, house.clock, house.ids,
                         *parse_settings(kConfiguration, "t.toml"));
    reborn.node_up(*house.node.info());
    house.node.run_one();  // the list came, the claim has not
    house.node.conferences.begin()->second.epoch = 9;
    house.node.run_all();
    CallRequest request;
    request.room = "board";
    request.offer = tests::usual_offer();
    std::optional<tl::expected<Admitted, Refusal>> outcome;

    reborn.admit(request, second, [&](auto result) { outcome = std::move(result); });
    house.node.run_all();

    REQUIRE(outcome);
    CHECK(*outcome);
}

TEST_CASE("Of two conferences that run in one room both are adopted, and end with their media") {
    House house;
    tests::FakeCall first;
    const auto a = house.admit(first)->participant;
    const std::string instance = house.directory.conference("board")->instance();
    auto& other = house.node.conferences["ffffffff-other"];
    other.room = "board";
    other.epoch = 1;
    other.state.sessions.resize(1);
    other.state.sessions[0].id = "left-over";
    other.state.sessions[0].media = house.session(a).media;
    RoomDirectory reborn(house.node, house.clock, house.ids,
                         *parse_settings(kConfiguration, "t.toml"));

    reborn.node_up(*house.node.info());
    house.node.run_all();

    CHECK(reborn.participant_count() == 2);
    CHECK(reborn.conference("board")->instance() == instance);
    CHECK(other.epoch == 2);
    for (int i = 0; i < 61; ++i) {  // the other's media goes on
        reborn.node_event(
            {"ffffffff-other", "left-over", MediaFlow{"0", MediaFlow::State::Started}});
        house.clock.advance(1s);
        reborn.tick();
        house.node.run_all();
    }
    CHECK(reborn.participant_count() == 1);
    CHECK(house.node.conferences.size() == 1);
    reborn.node_event({"ffffffff-other", "left-over", MediaFlow{"0", MediaFlow::State::Stopped}});
    for (int i = 0; i < 61; ++i) {
        house.clock.advance(1s);
        reborn.tick();
        house.node.run_all();
    }
    CHECK(reborn.participant_count() == 0);
    CHECK(house.node.conferences.empty());
    CHECK(reborn.idle());
}

TEST_CASE("A peer that holds by sendonly may be silent, one that only ever sent may not") {
    House house;
    tests::FakeCall held, camera;
    MediaOffer send_only = tests::usual_offer();
    for (auto& medium : send_only.media) medium.direction = MediaDirection::SendOnly;
    const auto b = house.admit(held)->participant;
    const auto c = house.admit(camera)->participant;

    REQUIRE(house.update(b, send_only));
    house.pass(61);
    CHECK_FALSE(held.hung_up);
    REQUIRE(camera.hung_up);
    house.leave(c);

    REQUIRE(house.update(b, tests::usual_offer()));
    house.pass(61);
    CHECK(held.hung_up);
}

TEST_CASE("A call on hold that gives no sign of life for half an hour is ended") {
    House house;
    tests::FakeCall gone, alive;
    MediaOffer hold = tests::usual_offer();
    for (auto& medium : hold.media) medium.direction = MediaDirection::Inactive;
    const auto a = house.admit(gone)->participant;
    const auto b = house.admit(alive)->participant;
    REQUIRE(house.update(a, hold));
    REQUIRE(house.update(b, hold));
    // RTCP, every five seconds, of one of them.
    const auto pass_with_rtcp = [&](int seconds) {
        static std::uint64_t heard = 0;
        for (int i = 0; i < seconds; i += 5) {
            ConferenceStatistics statistics;
            statistics.per_session.resize(1);
            statistics.per_session[0].session = b;
            statistics.per_session[0].streams.resize(1);
            statistics.per_session[0].streams[0].packets_heard = ++heard;
            house.event("", statistics);
            house.pass(5);
        }
    };

    pass_with_rtcp(1800);
    CHECK_FALSE(gone.hung_up);
    pass_with_rtcp(5);

    REQUIRE(gone.hung_up);
    CHECK(gone.hung_up->text == "no media for 1800 s");
    CHECK_FALSE(alive.hung_up);
}

TEST_CASE("A stream that the media daemon made anew does not count as flowing for its forerunner") {
    House house;
    tests::FakeCall call;
    const auto id = house.admit(call)->participant;
    house.event(id, MediaFlow{"0", MediaFlow::State::Started});
    house.node.make_anew(id);
    house.directory.picture_fast_update(id, "");  // any command: its answer brings the new streams
    house.node.run_all();
    REQUIRE(call.re_offers.size() == 1);
    call.answer_re_offer(tests::usual_offer());
    house.node.run_all();

    house.pass(61);

    CHECK(call.hung_up);
}

TEST_CASE("A change that one session cannot follow is refused, and its call goes on as it was") {
    House house;
    tests::FakeCall call, other;
    const auto id = house.admit(call)->participant;
    REQUIRE(house.admit(other));
    const auto before = house.session(id).media;
    house.node.odd_fmtp = "odd=1";
    MediaOffer odd = tests::usual_offer("192.0.2.77");
    odd.media[0].codecs[0].fmtp = "odd=1";

    const auto outcome = house.update(id, odd);

    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason == RefusalReason::NotAcceptable);
    CHECK(outcome.error().text == "odd");
    CHECK(house.session(id).media == before);
    CHECK_FALSE(call.hung_up);
    CHECK_FALSE(other.hung_up);
    CHECK(house.update(id, tests::usual_offer("192.0.2.78")));
}

TEST_CASE("A re-offer says what holds when it goes out, not when it was wanted") {
    House house;
    tests::FakeCall call;
    const auto id = house.admit(call)->participant;
    house.node.restart(house.directory);
    house.node.run_all();
    REQUIRE(call.re_offers.size() == 1);
    REQUIRE(call.offer_now().media[0].direction == MediaDirection::SendRecv);

    MediaOffer hold = tests::usual_offer();
    hold.media[0].direction = MediaDirection::SendOnly;
    REQUIRE(house.update(id, hold));  // the peer was faster

    CHECK(call.offer_now().media[0].direction == MediaDirection::RecvOnly);
    CHECK(call.offer_now().media[0].rtp_port == call.re_offers[0].media[0].rtp_port);
}

TEST_CASE("What is not sent though it should be is known of its participant") {
    House house;
    tests::FakeCall call;
    const auto id = house.admit(call)->participant;
    ConferenceStatistics statistics;
    statistics.per_session.resize(1);
    statistics.per_session[0].session = id;
    statistics.per_session[0].streams.resize(1);
    statistics.per_session[0].streams[0].mid = "1";
    statistics.per_session[0].streams[0].failure = "no rung fits";

    house.event("", statistics);
    const Participant& told = house.directory.conference("board")->participants().at(id);
    CHECK(told.failure_of("1") == "no rung fits");
    CHECK(told.failure_of("0").empty());
    CHECK_FALSE(call.hung_up);

    statistics.per_session[0].streams[0].failure.clear();
    house.event("", statistics);
    CHECK(told.failure_of("1").empty());
}

TEST_CASE("A kicked participant loses its media at once and its call is ended") {
    House house;
    tests::FakeCall first, second;
    const auto a = house.admit(first)->participant;
    REQUIRE(house.admit(second));
    std::optional<common::Result<void>> done;

    house.directory.conference("board")->kick(a, "removed by the host", [&](auto r) { done = r; });
    house.node.run_all();

    REQUIRE(done);
    CHECK(*done);
    CHECK(running_sessions(house.node) == 1);
    REQUIRE(first.hung_up);
    CHECK(first.hung_up->cause == Ending::Cause::Kicked);
    CHECK_FALSE(second.hung_up);
    house.leave(a);
    CHECK(house.directory.participant_count() == 1);
}

TEST_CASE("Who comes while the last one is being removed is let in") {
    House house;
    tests::FakeCall first, second;
    const auto a = house.admit(first)->participant;
    house.directory.conference("board")->kick(std::nullopt, "closing", [](auto) {});
    house.node.run_all();
    REQUIRE(house.node.conferences.empty());

    REQUIRE(house.admit(second));
    house.leave(a);

    CHECK(running_sessions(house.node) == 1);
    CHECK_FALSE(second.hung_up);
}

TEST_CASE("Layout, self-view and muting reach the media daemon before they are confirmed") {
    House house;
    tests::FakeCall first, second;
    const auto a = house.admit(first)->participant;
    const auto b = house.admit(second)->participant;
    Conference& conference = *house.directory.conference("board");
    int confirmed = 0;
    const auto count = [&](const common::Result<void>& result) { confirmed += result ? 1 : 0; };

    conference.set_layout(std::nullopt, "grid", count);
    conference.set_layout(a, "1+5", count);
    conference.set_self_view(std::nullopt, SelfView::Show, count);
    conference.set_self_view(b, SelfView::Hide, count);
    conference.mute(std::nullopt, {true, std::nullopt}, count);
    conference.mute(b, {false, true}, count);
    CHECK(confirmed == 0);
    house.node.run_all();

    CHECK(confirmed == 6);
    const ConferenceSpec& state = house.node.conferences.begin()->second.state;
    CHECK(state.default_layout == "grid");
    CHECK(state.default_self_view == SelfView::Show);
    CHECK(house.session(a).layout == "1+5");
    CHECK(house.session(a).audio_muted);
    CHECK_FALSE(house.session(b).audio_muted);
    CHECK(house.session(b).video_muted);
    CHECK(house.session(b).self_view == SelfView::Hide);
}

TEST_CASE("A command for somebody who is not there says so") {
    House house;
    tests::FakeCall call;
    REQUIRE(house.admit(call));
    std::vector<common::ErrorCode> errors;
    const auto note = [&](const common::Result<void>& result) {
        errors.push_back(result.error().code);
    };

    house.directory.conference("board")->mute("nobody", {true, {}}, note);
    house.directory.conference("board")->kick("nobody", "", note);

    CHECK(errors == std::vector{common::ErrorCode::NotFound, common::ErrorCode::NotFound});
}

TEST_CASE("Wishes for a decodable picture travel both ways") {
    House house;
    tests::FakeCall call;
    const auto id = house.admit(call)->participant;

    house.directory.picture_fast_update(id, "");
    house.node.run_all();
    house.event(id, KeyFrameWanted{"1"});

    CHECK(house.session(id).media[0].start_asked == 0);
    CHECK(house.session(id).media[1].start_asked == 1);
    CHECK(call.key_frames_wanted == std::vector<std::string>{"1"});
}

TEST_CASE("A session that the media daemon ended ends its call") {
    House house;
    tests::FakeCall call;
    const auto id = house.admit(call)->participant;

    house.event(id, SessionEnded{"decoder failed"});

    REQUIRE(call.hung_up);
    CHECK(call.hung_up->text == "decoder failed");
}

TEST_CASE("A reload changes the rooms, and leaves what was changed by hand") {
    House house;
    tests::FakeCall call;
    REQUIRE(house.admit(call));
    house.directory.conference("board")->set_layout(std::nullopt, "grid", [](auto) {});

    house.directory.reload(*parse_settings(
        "[[room]]\nid = \"board\"\nlayout = \"1+5\"\nself_view = \"show\"\nmax_participants = 1\n",
        "t.toml"));
    house.node.run_all();

    const ConferenceSpec& state = house.node.conferences.begin()->second.state;
    CHECK(state.default_layout == "grid");
    CHECK(state.default_self_view == SelfView::Show);
    tests::FakeCall second;
    CHECK(house.admit(second).error().reason == RefusalReason::Full);
    CHECK(house.admit(second, "other").error().reason == RefusalReason::UnknownRoom);
}

TEST_CASE("A room with a PIN or tokens lets in who showed one, and who is known by digest") {
    House house;
    house.directory.reload(*parse_settings(
        "[[room]]\nid = \"board\"\ntoken_required = true\n[[room]]\nid = \"other\"\npin = "
        "\"4711\"\n",
        "t.toml"));
    tests::FakeCall stranger, shown, known;

    CHECK(house.admit(stranger).error().reason == RefusalReason::Forbidden);
    CHECK(house.admit(stranger, "other").error().reason == RefusalReason::Forbidden);
    CHECK(house.directory.conference_count() == 0);
    house.cleared = true;
    CHECK(house.admit(shown));
    house.cleared = false;
    house.authenticated = true;
    CHECK(house.admit(known));
}

TEST_CASE("Shutting down refuses newcomers and ends every call") {
    House house;
    tests::FakeCall call, late;
    const auto id = house.admit(call)->participant;

    house.directory.shut_down();

    REQUIRE(call.hung_up);
    CHECK(call.hung_up->cause == Ending::Cause::Shutdown);
    CHECK(house.admit(late).error().reason == RefusalReason::Overloaded);
    house.leave(id);
    CHECK(house.directory.participant_count() == 0);
}

TEST_CASE("Ids are UUIDs of version 7 that differ") {
    IdMaker ids(7, [] { return 0x0123456789abULL; });

    const std::string a = ids.next(), b = ids.next();

    CHECK(a.size() == 36);
    CHECK(a.starts_with("01234567-89ab-7"));
    CHECK(std::string("89ab").find(a[19]) != std::string::npos);
    CHECK(a != b);
}
