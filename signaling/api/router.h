#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace signaling {

struct ApiRequest {
    std::string method;  ///< "GET"
    std::string path;    ///< percent-decoded
    std::map<std::string, std::string> query;
    std::string body;
};

struct ApiResponse {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::string allow;      ///< with 405: what the path takes
    int retry_after_s = 2;  ///< with 503
};

/// Brings the answer, once; from within the handler or later, on the same thread.
using Respond = std::function<void(ApiResponse)>;

/// `{"error": {"code": "...", "message": "..."}}`: a word for programs, a sentence for people.
[[nodiscard]] ApiResponse api_error(int status, const std::string& code,
                                    const std::string& message);
[[nodiscard]] ApiResponse api_error(const common::Error& error);

/// Leads a request to its handler by method and path. A path's `{name}` stands for one segment,
/// handed over by name. Answers 404 and 405 itself. Thread: one.
class Router {
  public:
    using Parameters = std::map<std::string, std::string>;
    using Handler = std::function<void(const ApiRequest&, const Parameters&, Respond)>;

    void add(std::string method, std::string path, Handler handler);
    void dispatch(const ApiRequest& request, const Respond& respond) const;

    struct Route {
        std::string method;
        std::string path;
    };
    /// In the order of `add`.
    [[nodiscard]] std::vector<Route> routes() const;

  private:
    struct Entry {
        Route route;
        std::vector<std::string> segments;
        Handler handler;
    };
    std::vector<Entry> entries_;
};

}  // namespace signaling
