#include "signaling/sdp/ice_attributes.h"

#include <catch2/catch.hpp>

using namespace signaling;

namespace {

SessionDescription sdp(const std::string& session, const std::string& media) {
    const auto parsed = parse_sdp("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n" + session + media);
    REQUIRE(parsed);
    return *parsed;
}

std::optional<IceDescription> ice(const std::string& session, const std::string& media) {
    const auto description = sdp(session, "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + media);
    return ice_of(description.media.at(0), description);
}

const std::string kCredentials = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n";

}  // namespace

TEST_CASE("A candidate is read with its extensions, and said again without") {
    const auto candidate = IceCandidate::parse(
        "candidate:1387637174 1 UDP 2122260223 192.0.2.1 61764 typ srflx raddr 10.0.0.1 rport 9 "
        "generation 0 ufrag EsAw network-id 1");

    REQUIRE(candidate);
    CHECK(candidate->foundation == "1387637174");
    CHECK(candidate->priority == 2122260223);
    CHECK(candidate->port == 61764);
    CHECK(candidate->type == IceCandidate::Type::ServerReflexive);
    CHECK(candidate->is_numeric());
    CHECK(candidate->text() == "1387637174 1 udp 2122260223 192.0.2.1 61764 typ srflx");
    CHECK(IceCandidate::parse(candidate->text()) == candidate);
}

TEST_CASE("A candidate over TCP says who connects") {
    const auto candidate = IceCandidate::parse(
        "1410574017 1 tcp 1518214911 2001:db8::2 9 typ host tcptype active generation 0");

    REQUIRE(candidate);
    CHECK(candidate->tcp_type == IceCandidate::TcpType::Active);
    CHECK(candidate->text() == "1410574017 1 tcp 1518214911 2001:db8::2 9 typ host tcptype active");
    CHECK_FALSE(IceCandidate::parse("1 1 tcp 1518214911 192.0.2.2 9 typ host"));
}

TEST_CASE("An address that a browser hides is a name") {
    const auto candidate = IceCandidate::parse(
        "0 1 UDP 2122187007 0d68be61-78e0-4ab4-8c0d-01ae8d201b06.local 48311 typ host");

    REQUIRE(candidate);
    CHECK_FALSE(candidate->is_numeric());
}

TEST_CASE("What is no candidate of ours is not read") {
    for (const char* text : {
             "",
             "1 1 udp 1 192.0.2.1 5004 typ",
             "1 1 udp 1 192.0.2.1 5004 type host",
             "1 0 udp 1 192.0.2.1 5004 typ host",
             "1 257 udp 1 192.0.2.1 5004 typ host",
             "1 1 sctp 1 192.0.2.1 5004 typ host",
             "1 1 udp 0 192.0.2.1 5004 typ host",
             "1 1 udp 2147483648 192.0.2.1 5004 typ host",
             "1 1 udp 1 192.0.2.1 65536 typ host",
             "1 1 udp 1 192.0.2.1 5004 typ lost",
             "1 1 udp 1 <script> 5004 typ host",
             "a_b 1 udp 1 192.0.2.1 5004 typ host",
             "123456789012345678901234567890123 1 udp 1 192.0.2.1 5004 typ host",
         }) {
        INFO(text);
        CHECK_FALSE(IceCandidate::parse(text));
    }
}

TEST_CASE("Credentials may stand in the session's part, and the medium's own count before") {
    const auto own = "a=ice-ufrag:mine\r\na=ice-pwd:1234567890123456789012\r\n";

    CHECK(ice(kCredentials, "")->credentials.ufrag == "EsAw");
    CHECK(ice(kCredentials, own)->credentials.ufrag == "mine");
}

TEST_CASE("ICE without credentials, or with poor ones, is none") {
    CHECK_FALSE(ice("", ""));
    CHECK_FALSE(ice("", "a=ice-ufrag:EsAw\r\n"));
    CHECK_FALSE(ice("", "a=ice-ufrag:EsA\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"));
    CHECK_FALSE(ice("", "a=ice-ufrag:EsAw\r\na=ice-pwd:tooshort\r\n"));
    CHECK_FALSE(ice("", "a=ice-ufrag:Es-w\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"));
}

TEST_CASE("Options and the end of candidates are read") {
    const auto full = ice("a=ice-lite\r\na=ice-options:ice2 trickle\r\n" + kCredentials,
                          "a=candidate:1 1 udp 1 192.0.2.1 5004 typ host\r\n"
                          "a=candidate:rubbish\r\na=end-of-candidates\r\n");

    REQUIRE(full);
    CHECK(full->lite);
    CHECK(full->trickle);
    CHECK(full->candidates.size() == 1);
    CHECK(full->end_of_candidates);
    CHECK_FALSE(ice("a=ice-options:tricklest\r\n" + kCredentials, "")->trickle);
}

TEST_CASE("Of a flood of candidates the first ones count") {
    std::string many;
    for (int i = 0; i < 200; ++i) {
        many += "a=candidate:" + std::to_string(i) + " 1 udp 1 192.0.2.1 5004 typ host\r\n";
    }

    const auto flooded = ice(kCredentials, many);

    REQUIRE(flooded);
    CHECK(flooded->candidates.size() == kMostCandidates);
    CHECK(flooded->candidates[0].foundation == "0");
}

TEST_CASE("The fragment of RFC 9725 is read") {
    const auto fragment = parse_ice_fragment(
        "a=group:BUNDLE 0 1\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
        "a=mid:0\r\n" +
        kCredentials +
        "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw "
        "network-id 1\r\n"
        "a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag "
        "EsAw network-id 2\r\n"
        "a=end-of-candidates\r\n");

    REQUIRE(fragment);
    CHECK(fragment->credentials == IceCredentials{"EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"});
    REQUIRE(fragment->candidates.size() == 2);
    CHECK(fragment->candidates[1].address == "198.51.100.2");
    CHECK(fragment->end_of_candidates);
}

TEST_CASE("A fragment that cannot be obeyed is refused, by its own line") {
    const auto why = [](const std::string& text) {
        const auto fragment = parse_ice_fragment(text);
        return fragment ? "(read)" : fragment.error().text();
    };

    CHECK(why("a=ice-ufrag:EsAw\r\nrubbish") == "line 2: expected a letter and '=', got 'rubbish'");
    CHECK(why("a=ice-ufrag:EsAw\r\n") == "a=ice-ufrag and a=ice-pwd must stand together");
    CHECK(why("a=ice-ufrag:EsAw\r\na=ice-pwd:short\r\n") ==
          "a=ice-ufrag or a=ice-pwd is none of RFC 8839 5.4");
    CHECK(why(kCredentials + "m=audio 9 X 0\r\na=ice-ufrag:Else\r\n"
                             "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n") ==
          "a=ice-ufrag and a=ice-pwd differ between media that are bundled");
    CHECK(why("v=0\r\n") == "line 1: second v= line");
    CHECK(why("") == "(read)");
}

TEST_CASE(
    "A fragment of ours says credentials, candidates and their end, and reads back the same") {
    IceDescription ours{{"EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"}, true, true, {}, true};
    ours.candidates = {*IceCandidate::parse("1 1 udp 2130706431 192.0.2.1 5004 typ host")};

    const std::string text = write_ice_fragment(ours, "audio", "0");

    CHECK(text ==
          "a=ice-lite\r\n"
          "a=ice-ufrag:EsAw\r\n"
          "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
          "a=ice-options:ice2 trickle\r\n"
          "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
          "a=mid:0\r\n"
          "a=candidate:1 1 udp 2130706431 192.0.2.1 5004 typ host\r\n"
          "a=end-of-candidates\r\n");
    CHECK(parse_ice_fragment(text) == IceFragment{ours.credentials, ours.candidates, true});
}
