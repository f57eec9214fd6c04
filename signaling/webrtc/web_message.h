#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signaling {

/// What a client asks by HTTPS.
struct WebRequest {
    std::string method;  ///< "GET"
    std::string path;    ///< percent-decoded
    std::string source;  ///< numeric address of the client
    /// By lower-case name; of several of one name all, joined by ", ".
    std::map<std::string, std::string, std::less<>> headers;
    std::map<std::string, std::string, std::less<>> query;  ///< of the address, decoded
    std::string body;                                       ///< 1 MB at most

    /// Empty where it is not there.
    [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
};

struct WebResponse {
    int status = 200;
    std::string content_type;  ///< empty: no body
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// Brings the answer, once; from within the handler or later, on the same thread.
using WebRespond = std::function<void(WebResponse)>;
using WebHandler = std::function<void(const WebRequest&, WebRespond)>;

/// A refusal as RFC 9457 writes it (application/problem+json): `code` is a word for programs, that
/// stays; `detail` a sentence for people.
[[nodiscard]] WebResponse web_problem(int status, const std::string& code,
                                      const std::string& detail);

}  // namespace signaling
