#include "signaling/api/router.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace signaling {
namespace {

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> segments;
    std::size_t start = 1;
    while (start <= path.size()) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        segments.emplace_back(path.substr(start, end - start));
        start = end + 1;
    }
    return segments;
}

std::optional<Router::Parameters> match(const std::vector<std::string>& route,
                                        const std::vector<std::string>& segments) {
    if (route.size() != segments.size()) return std::nullopt;
    Router::Parameters parameters;
    for (std::size_t i = 0; i < route.size(); ++i) {
        if (route[i].starts_with('{')) {
            parameters[route[i].substr(1, route[i].size() - 2)] = segments[i];
        } else if (route[i] != segments[i]) {
            return std::nullopt;
        }
    }
    return parameters;
}

}  // namespace

ApiResponse api_error(int status, const std::string& code, const std::string& message) {
    const nlohmann::json body = {{"error", {{"code", code}, {"message", message}}}};
    // Text of others may not be UTF-8: it is shown as far as it can be.
    return {status, "application/json",
            body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), ""};
}

ApiResponse api_error(const common::Error& error) {
    using common::ErrorCode;
    switch (error.code) {
        case ErrorCode::InvalidArgument:
            return api_error(400, "invalid_argument", error.message);
        case ErrorCode::NotFound:
            return api_error(404, "not_found", error.message);
        case ErrorCode::AlreadyExists:
            return api_error(409, "already_exists", error.message);
        case ErrorCode::LimitReached:
            return api_error(503, "limit_reached", error.message);
        case ErrorCode::Unavailable:
        case ErrorCode::StaleFence:
            return api_error(503, "media_away", error.message);
        case ErrorCode::Unsupported:
            return api_error(501, "unsupported", error.message);
        case ErrorCode::Io:
        case ErrorCode::Internal:
            break;
    }
    return api_error(500, "internal", error.message);
}

void Router::add(std::string method, std::string path, Handler handler) {
    std::vector<std::string> segments = split(path);
    entries_.push_back(
        {{std::move(method), std::move(path)}, std::move(segments), std::move(handler)});
}

void Router::dispatch(const ApiRequest& request, const Respond& respond) const {
    const std::vector<std::string> segments = split(request.path);
    std::string allow;
    for (const Entry& entry : entries_) {
        const auto parameters = match(entry.segments, segments);
        if (!parameters) continue;
        if (entry.route.method == request.method)
            return entry.handler(request, *parameters, respond);
        allow += (allow.empty() ? "" : ", ") + entry.route.method;
    }
    if (allow.empty()) return respond(api_error(404, "not_found", "nothing at " + request.path));
    ApiResponse response = api_error(405, "method_not_allowed", request.path + " takes " + allow);
    response.allow = allow;
    respond(std::move(response));
}

std::vector<Router::Route> Router::routes() const {
    std::vector<Route> routes;
    for (const Entry& entry : entries_) routes.push_back(entry.route);
    return routes;
}

}  // namespace signaling
