#include "signaling/webrtc/web_message.h"

#include <nlohmann/json.hpp>

namespace signaling {

std::string_view WebRequest::header(std::string_view lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string_view() : found->second;
}

WebResponse web_problem(int status, const std::string& code, const std::string& detail) {
    const nlohmann::json body{
        {"type", "about:blank"}, {"status", status}, {"code", code}, {"detail", detail}};
    // What a peer wrote may be no UTF-8.
    return {status,
            "application/problem+json",
            body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
            {}};
}

}  // namespace signaling
