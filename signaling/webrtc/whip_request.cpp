#include "signaling/webrtc/whip_request.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "signaling/conference/tokens.h"
#include "signaling/sdp/sdp_parser.h"

namespace signaling {
namespace {

constexpr std::string_view kSdp = "application/sdp";
constexpr std::string_view kFragment = "application/trickle-ice-sdpfrag";

/// Without parameters: "application/sdp; charset=utf-8" is SDP.
bool is_type(std::string_view header, std::string_view wanted) {
    return equal_no_case(trim(take_until(header, ';')), wanted);
}

bool accepts(std::string_view header, std::string_view wanted) {
    if (trim(header).empty()) return true;  // RFC 9110 12.5.1
    while (!header.empty()) {
        std::string_view range = take_until(header, ',');
        const std::string_view type = trim(take_until(range, ';'));
        if (equal_no_case(type, wanted) || type == "*/*" || equal_no_case(type, "application/*"))
            return true;
    }
    return false;
}

WebResponse wrong_type(std::string_view found, std::string_view wanted) {
    return web_problem(415, "wrong_type",
                       "Content-Type: found '" + std::string(found.substr(0, 100)) +
                           "', expected " + std::string(wanted));
}

struct Told {
    int status;
    const char* code;
};

Told told(RefusalReason reason) {
    switch (reason) {
        case RefusalReason::UnknownRoom:
            return {404, "unknown_room"};
        case RefusalReason::Full:
            return {503, "full"};
        case RefusalReason::NotAcceptable:
            return {406, "nothing_in_common"};
        case RefusalReason::MediaAway:
            return {503, "media_away"};
        case RefusalReason::Overloaded:
            return {503, "overloaded"};
        case RefusalReason::Forbidden:
            return {403, "forbidden"};
        case RefusalReason::Internal:
            break;
    }
    return {500, "internal"};
}

}  // namespace

tl::expected<BrowserOffer, WebResponse> read_whip_offer(const WebRequest& request, BrowserUse use) {
    const std::string_view type = request.header("content-type");
    if (!is_type(type, kSdp)) return tl::unexpected(wrong_type(type, kSdp));
    if (!accepts(request.header("accept"), kSdp)) {
        return tl::unexpected(web_problem(
            406, "not_acceptable", "Accept leaves out application/sdp, which the answer is"));
    }
    const auto description = parse_sdp(request.body);
    if (!description) {
        return tl::unexpected(web_problem(400, "bad_sdp", "SDP " + description.error().text()));
    }
    auto offer = read_browser_offer(*description, use);
    if (!offer) {
        return tl::unexpected(web_problem(400, code_name(offer.error().code), offer.error().text));
    }
    return *std::move(offer);
}

tl::expected<IceFragment, WebResponse> read_whip_patch(const WebRequest& request) {
    const std::string_view type = request.header("content-type");
    if (!is_type(type, kFragment)) return tl::unexpected(wrong_type(type, kFragment));
    auto fragment = parse_ice_fragment(request.body);
    if (!fragment) {
        return tl::unexpected(web_problem(400, "bad_sdp", "fragment " + fragment.error().text()));
    }
    return *std::move(fragment);
}

WebResponse web_refusal(const Refusal& refusal) {
    const auto [status, code] = told(refusal.reason);
    WebResponse response = web_problem(status, code, refusal.text);
    if (refusal.retry_after_s > 0) {
        response.headers.emplace_back("Retry-After", std::to_string(refusal.retry_after_s));
    }
    return response;
}

}  // namespace signaling
