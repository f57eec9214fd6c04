#include "signaling/sip/refusal_response.h"

namespace signaling {
namespace {

int status_for(RefusalReason reason) {
    switch (reason) {
        case RefusalReason::UnknownRoom:
            return 404;
        case RefusalReason::Full:
            return 486;
        case RefusalReason::NotAcceptable:
            return 488;
        case RefusalReason::MediaAway:
        case RefusalReason::Overloaded:
            return 503;
        case RefusalReason::Forbidden:
            return 403;
        case RefusalReason::Internal:
            break;
    }
    return 500;
}

}  // namespace

SipResponse response_for(const Refusal& refusal) {
    SipResponse response;
    response.status = status_for(refusal.reason);
    response.retry_after_s = refusal.retry_after_s;
    if (!refusal.text.empty()) {
        response.warning = warning_header(response.status == 488 ? 304 : 399, refusal.text);
    }
    return response;
}

std::string warning_header(int code, const std::string& text) {
    constexpr std::size_t kMostBytes = 400;
    std::string header = std::to_string(code) + " tessera \"";
    for (const char c : text.substr(0, kMostBytes)) {
        if (c == '"' || c == '\\') header += '\\';
        header += (c >= ' ' && c <= '~') ? c : '?';
    }
    return header + '"';
}

Refusal refusal_from(int status, const std::string& phrase) {
    const std::string text = "the peer answered " + std::to_string(status) + " " + phrase;
    return {status == 488 || status == 606 ? RefusalReason::NotAcceptable : RefusalReason::Internal,
            text, 0};
}

}  // namespace signaling
