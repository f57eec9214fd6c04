#include "signaling/webrtc/whip_request.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/signaling/sdp/browser_offers.h"

using namespace signaling;

namespace {

WebRequest post(const std::string& body, const std::string& type = "application/sdp") {
    WebRequest request;
    request.method = "POST";
    request.headers["content-type"] = type;
    request.body = body;
    return request;
}

/// "400 bad_sdp: why"
std::string told(const WebResponse& response) {
    const auto body = nlohmann::json::parse(response.body);
    return std::to_string(response.status) + " " + body.at("code").get<std::string>() + ": " +
           body.at("detail").get<std::string>();
}

std::string refusal(const WebRequest& request, BrowserUse use = BrowserUse::Publish) {
    const auto offer = read_whip_offer(request, use);
    return offer ? "(taken)" : told(offer.error());
}

std::string with(std::string text, const std::string& old, const std::string& now) {
    for (auto at = text.find(old); at != std::string::npos; at = text.find(old, at + now.size())) {
        text.replace(at, old.size(), now);
    }
    return text;
}

}  // namespace

TEST_CASE("An offer is taken as application/sdp, in any case and with parameters") {
    for (const char* type :
         {"application/sdp", "Application/SDP", "application/sdp; charset=utf-8"}) {
        INFO(type);
        CHECK(refusal(post(browser_offers::kChromium, type)) == "(taken)");
    }
    CHECK(refusal(post(browser_offers::kChromium, "text/plain")) ==
          "415 wrong_type: Content-Type: found 'text/plain', expected application/sdp");
    CHECK(refusal(post(browser_offers::kChromium, "")).starts_with("415 wrong_type"));
}

TEST_CASE("An Accept that leaves SDP out is refused") {
    WebRequest request = post(browser_offers::kChromium);
    for (const char* accept : {"", "*/*", "text/html, application/sdp;q=0.5", "application/*"}) {
        INFO(accept);
        request.headers["accept"] = accept;
        CHECK(refusal(request) == "(taken)");
    }
    request.headers["accept"] = "application/json, text/*";
    CHECK(refusal(request).starts_with("406 not_acceptable"));
}

TEST_CASE("An offer that cannot be taken is refused with the line that is at fault") {
    const std::string& good = browser_offers::kChromium;
    CHECK(refusal(post("")).starts_with("400 bad_sdp: SDP "));
    CHECK(refusal(post("hello")).starts_with("400 bad_sdp: SDP line 1"));
    CHECK(refusal(post(with(good, "a=fingerprint", "a=x"))).starts_with("400 no_fingerprint"));
    CHECK(refusal(post(with(good, "a=ice-ufrag", "a=x"))).starts_with("400 no_ice"));
    CHECK(refusal(post(with(good, "a=rtcp-mux", "a=x"))).starts_with("400 no_rtcp_mux"));
    CHECK(refusal(post(with(good, "a=group:BUNDLE", "a=x"))).starts_with("400 not_bundled"));
}

TEST_CASE("Who publishes sends, who watches receives") {
    const std::string sends = with(browser_offers::kChromium, "a=sendrecv", "a=sendonly");
    const std::string receives = with(browser_offers::kChromium, "a=sendrecv", "a=recvonly");

    CHECK(refusal(post(sends), BrowserUse::Publish) == "(taken)");
    CHECK(refusal(post(receives), BrowserUse::Watch) == "(taken)");
    CHECK(refusal(post(receives), BrowserUse::Publish).starts_with("400 wrong_direction"));
    CHECK(refusal(post(sends), BrowserUse::Watch).starts_with("400 wrong_direction"));
}

TEST_CASE("A fragment tells candidates") {
    const std::string body =
        "a=ice-ufrag:xA9c\r\na=ice-pwd:Mdsg4VwF1nxjiGvexG5iiQgd\r\nm=audio 9 RTP/AVP 0\r\n"
        "a=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.7 5004 typ host\r\n"
        "a=end-of-candidates\r\n";

    const auto fragment = read_whip_patch(post(body, "application/trickle-ice-sdpfrag"));

    REQUIRE(fragment);
    CHECK(fragment->candidates.size() == 1);
    CHECK(fragment->end_of_candidates);
    CHECK(told(read_whip_patch(post(body)).error()) ==
          "415 wrong_type: Content-Type: found 'application/sdp', expected "
          "application/trickle-ice-sdpfrag");
    const auto broken = read_whip_patch(
        post("a=ice-ufrag:x\r\na=ice-pwd:y\r\n", "application/trickle-ice-sdpfrag"));
    CHECK(told(broken.error()).starts_with("400 bad_sdp: fragment "));
}

TEST_CASE("What the rooms say becomes a status, a code and a time to come again") {
    const WebResponse full = web_refusal({RefusalReason::Full, "room 'a' is full", 30});

    CHECK(told(full) == "503 full: room 'a' is full");
    CHECK(full.headers == std::vector<std::pair<std::string, std::string>>{{"Retry-After", "30"}});
    CHECK(told(web_refusal({RefusalReason::UnknownRoom, "x"})) == "404 unknown_room: x");
    CHECK(told(web_refusal({RefusalReason::NotAcceptable, "x"})) == "406 nothing_in_common: x");
    CHECK(told(web_refusal({RefusalReason::MediaAway, "x"})) == "503 media_away: x");
    CHECK(told(web_refusal({RefusalReason::Overloaded, "x"})) == "503 overloaded: x");
    CHECK(told(web_refusal({RefusalReason::Forbidden, "x"})) == "403 forbidden: x");
    CHECK(told(web_refusal({RefusalReason::Internal, "x"})) == "500 internal: x");
    CHECK(web_refusal({RefusalReason::Internal, "x"}).headers.empty());
}
