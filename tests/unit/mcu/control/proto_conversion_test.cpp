#include "mcu/control/proto_conversion.h"

#include <catch2/catch.hpp>

namespace pb = tessera::control::v1;

namespace {

pb::ConferenceState two_callers() {
    pb::ConferenceState state;
    state.set_revision(7);
    state.set_default_layout("grid");
    state.add_pinned_sessions("b");
    state.set_max_width(1920);
    state.set_max_height(1080);
    for (const char* id : {"a", "b"}) {
        pb::SessionState& session = *state.add_sessions();
        session.set_session(id);
        session.set_display_name(std::string("Caller ") + id);
        session.set_audio_muted(true);
        session.add_pinned_sessions("a");
        pb::MediaState& media = *session.add_media();
        media.set_mid("0");
        media.set_kind(pb::VIDEO);
        media.set_direction(pb::SENDONLY);
        media.set_remote_address("127.0.0.1");
        media.set_remote_rtp_port(5004);
        media.set_remote_rtcp_port(5005);
        media.set_bandwidth_bps(768000);
        pb::PayloadFormat& format = *media.mutable_send();
        format.set_payload_type(97);
        format.set_codec("H264");
        format.set_fmtp("profile-level-id=42e01f");
        *media.add_receive() = format;
    }
    pb::MediaState& by_keys = *state.mutable_sessions(0)->mutable_media(0);
    by_keys.set_security(pb::SDES);
    by_keys.set_srtp_suite("AEAD_AES_128_GCM");
    by_keys.set_srtp_send_key(std::string(28, 's'));
    by_keys.set_srtp_receive_key(std::string(28, 'r'));
    pb::MediaState& by_dtls = *state.mutable_sessions(1)->mutable_media(0);
    by_dtls.set_security(pb::DTLS_SRTP);
    by_dtls.set_dtls_client(true);
    by_dtls.add_remote_fingerprints(
        common::Fingerprint{common::Fingerprint::Hash::Sha256, std::vector<std::uint8_t>(32, 5)}
            .text());
    return state;
}

}  // namespace

TEST_CASE("A state that came in goes out the same, so that an adopting owner loses nothing") {
    const pb::ConferenceState state = two_callers();

    const auto converted = mcu::from_proto(state);
    REQUIRE(converted);
    const auto again = mcu::from_proto(mcu::to_proto(*converted));
    REQUIRE(again);

    CHECK(mcu::to_proto(*again).SerializeAsString() ==
          mcu::to_proto(*converted).SerializeAsString());
    CHECK(converted->sessions[1].media[0].peer.rtp_port == 5004);
    CHECK(converted->sessions[0].media[0].direction == mcu::Direction::SendOnly);
    CHECK(converted->max_size == common::PictureSize{1920, 1080});
    const mcu::MediaSecurity& by_keys = converted->sessions[0].media[0].security;
    CHECK(by_keys.kind == mcu::MediaSecurity::Kind::Sdes);
    CHECK(by_keys.send.suite() == common::SrtpSuite::AeadAes128Gcm);
    CHECK(by_keys.send.bytes()[0] == 's');
    CHECK(by_keys.receive.bytes()[27] == 'r');
    const mcu::MediaSecurity& by_dtls = converted->sessions[1].media[0].security;
    CHECK(by_dtls.kind == mcu::MediaSecurity::Kind::Dtls);
    CHECK(by_dtls.role == mcu::DtlsRole::Client);
    CHECK(by_dtls.fingerprints.at(0).bytes.at(0) == 5);
}

TEST_CASE("What is not agreed on yet stays so through both conversions") {
    pb::ConferenceState state = two_callers();
    state.mutable_sessions(0)->mutable_media(0)->set_security(pb::PENDING);

    const auto converted = mcu::from_proto(state);

    REQUIRE(converted);
    CHECK(converted->sessions[0].media[0].security.kind == mcu::MediaSecurity::Kind::Pending);
    CHECK(mcu::to_proto(*converted).sessions(0).media(0).security() == pb::PENDING);
}

TEST_CASE("Voices are treated unless the owner says no") {
    pb::ConferenceState state = two_callers();
    CHECK(mcu::from_proto(state)->noise_suppression);
    CHECK(mcu::from_proto(state)->leveling);

    state.set_noise_suppression_off(true);
    state.set_leveling_off(true);
    const auto converted = mcu::from_proto(state);

    REQUIRE(converted);
    CHECK_FALSE(converted->noise_suppression);
    CHECK_FALSE(converted->leveling);
    CHECK(mcu::to_proto(*converted).noise_suppression_off());
    CHECK(mcu::to_proto(*converted).leveling_off());
}

TEST_CASE("A state that cannot be had is refused with the field that is wrong") {
    struct Case {
        const char* expected;
        void (*spoil)(pb::ConferenceState&);
    };
    for (const Case& c : {
             Case{"session 'a' stands twice in the state",
                  [](pb::ConferenceState& s) { s.mutable_sessions(1)->set_session("a"); }},
             Case{"a session has no id",
                  [](pb::ConferenceState& s) { s.mutable_sessions(1)->set_session(""); }},
             Case{"canvas limit 4096x2160 is not even and within 64..1920",
                  [](pb::ConferenceState& s) {
                      s.set_max_width(4096);
                      s.set_max_height(2160);
                  }},
         }) {
        pb::ConferenceState state = two_callers();
        c.spoil(state);

        const auto converted = mcu::from_proto(state);

        REQUIRE_FALSE(converted);
        CHECK(converted.error().message == c.expected);
    }
}

TEST_CASE("A session that cannot be understood is named with the field, and the others are taken") {
    struct Case {
        const char* expected;
        void (*spoil)(pb::MediaState&);
    };
    for (const Case& c : {Case{"mid '0': receive: video codec 'H265' is not one of H264, VP8",
                               [](pb::MediaState& m) { m.mutable_receive(0)->set_codec("H265"); }},
                          Case{"mid '0': send: payload type 200 is above 127",
                               [](pb::MediaState& m) { m.mutable_send()->set_payload_type(200); }},
                          Case{"mid '0': a remote port is above 65535",
                               [](pb::MediaState& m) { m.set_remote_rtp_port(70000); }},
                          Case{"mid '0': an SRTP key does not fit its suite",
                               [](pb::MediaState& m) {
                                   m.set_security(pb::SDES);
                                   m.set_srtp_suite("AEAD_AES_128_GCM");
                                   m.set_srtp_send_key("short");
                               }},
                          Case{"mid '0': no SRTP suite of ours is named",
                               [](pb::MediaState& m) { m.set_security(pb::SDES); }},
                          Case{"mid '0': a fingerprint cannot be read",
                               [](pb::MediaState& m) { m.add_remote_fingerprints("sha-1 00"); }}}) {
        pb::ConferenceState state = two_callers();
        c.spoil(*state.mutable_sessions(1)->mutable_media(0));

        const auto converted = mcu::from_proto(state);

        REQUIRE(converted);
        REQUIRE(converted->sessions.size() == 1);
        CHECK(converted->sessions[0].id == "a");
        REQUIRE(converted->unreadable.size() == 1);
        CHECK(converted->unreadable[0].session == "b");
        CHECK(converted->unreadable[0].reason == c.expected);
    }
}

TEST_CASE("A bundle and what its media say go out as they came in") {
    pb::ConferenceState state = two_callers();
    pb::Bundle& bundle = *state.mutable_sessions(1)->mutable_bundle();
    bundle.add_mids("0");
    bundle.set_local_ufrag("ours");
    bundle.set_local_pwd("ourpasswordourpassword");
    bundle.set_remote_ufrag("them");
    bundle.set_remote_pwd("theirpasswordtheirpass");
    bundle.mutable_extensions()->set_mid(4);
    bundle.mutable_extensions()->set_transport_sequence(3);
    pb::MediaState& media = *state.mutable_sessions(1)->mutable_media(0);
    media.set_feedback_transport_cc(true);
    media.set_feedback_remb(true);
    media.add_remote_ssrcs(7);

    const auto converted = mcu::from_proto(state);

    REQUIRE(converted);
    CHECK(!converted->sessions[0].bundle);
    REQUIRE(converted->sessions[1].bundle);
    CHECK(converted->sessions[1].bundle->extensions.transport_sequence == 3);
    CHECK(converted->sessions[1].media[0].remote_ssrcs == std::vector<std::uint32_t>{7});
    const pb::ConferenceState told = mcu::to_proto(*converted);
    CHECK(told.sessions(1).bundle().SerializeAsString() == bundle.SerializeAsString());
    CHECK(told.sessions(1).media(0).feedback_transport_cc());
    CHECK(told.sessions(1).media(0).feedback_remb());
}

TEST_CASE("A session with an extension's id beyond the one-byte form is not understood") {
    pb::ConferenceState state = two_callers();
    state.mutable_sessions(1)->mutable_bundle()->mutable_extensions()->set_mid(15);

    const auto converted = mcu::from_proto(state);

    REQUIRE(converted);
    CHECK(converted->sessions.size() == 1);
    REQUIRE(converted->unreadable.size() == 1);
    CHECK(converted->unreadable[0].session == "b");
}

TEST_CASE("Where a bundle is reached is told as ICE has it") {
    const auto address = *mcu::SocketAddress::parse("192.0.2.1", 5004);
    const pb::LocalBundle bundle = mcu::to_proto(
        "s", {{"1", 2130706431, address},
              {"2", 1518280447, address, mcu::IceHostCandidate::Transport::TcpPassive}});

    CHECK(bundle.session() == "s");
    REQUIRE(bundle.candidates_size() == 2);
    CHECK(bundle.candidates(0).transport() == pb::IceCandidate::UDP);
    CHECK(bundle.candidates(1).transport() == pb::IceCandidate::TCP_PASSIVE);
    CHECK(bundle.candidates(0).address() == "192.0.2.1");
    CHECK(bundle.candidates(0).port() == 5004);
    CHECK(bundle.candidates(0).priority() == 2130706431);
}
