#include "tools/ctl/api_client.h"

#include <libsoup/soup.h>

#include <nlohmann/json.hpp>

namespace ctl {
namespace {

using common::ErrorCode;

// The API's sentence, or what little the answer says.
std::string sentence_of(const std::string& body, guint status) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    const nlohmann::json::json_pointer message("/error/message");
    if (json.is_object() && json.contains(message) && json.at(message).is_string()) {
        return json.at(message).get<std::string>();
    }
    return "HTTP status " + std::to_string(status);
}

ErrorCode code_of(guint status) {
    if (status == 404) return ErrorCode::NotFound;
    if (status == 503) return ErrorCode::Unavailable;
    return ErrorCode::InvalidArgument;
}

}  // namespace

common::Result<std::string> ApiClient::get(const std::string& path) const {
    return send("GET", path, "");
}

common::Result<std::string> ApiClient::post(const std::string& path,
                                            const std::string& json) const {
    return send("POST", path, json);
}

std::string ApiClient::segment(const std::string& text) {
    char* escaped = g_uri_escape_string(text.c_str(), nullptr, FALSE);
    std::string segment = escaped;
    g_free(escaped);
    return segment;
}

common::Result<std::string> ApiClient::send(const char* method, const std::string& path,
                                            const std::string& body) const {
    SoupMessage* message = soup_message_new(method, (base_ + path).c_str());
    if (message == nullptr)
        return common::fail(ErrorCode::InvalidArgument, "'" + base_ + "' is not a URL");
    SoupSession* session = soup_session_new_with_options("timeout", 10, nullptr);
    soup_message_headers_append(soup_message_get_request_headers(message), "Authorization",
                                ("Bearer " + token_).c_str());
    if (!body.empty()) {
        GBytes* bytes = g_bytes_new(body.data(), body.size());
        soup_message_set_request_body_from_bytes(message, "application/json", bytes);
        g_bytes_unref(bytes);
    }
    GError* error = nullptr;
    GBytes* reply = soup_session_send_and_read(session, message, nullptr, &error);
    const guint status = soup_message_get_status(message);
    std::string text;
    if (reply != nullptr) {
        gsize count = 0;
        const auto* data = static_cast<const char*>(g_bytes_get_data(reply, &count));
        text.assign(data == nullptr ? "" : data, count);
        g_bytes_unref(reply);
    }
    std::string why;
    if (error != nullptr) {
        why = error->message;
        g_error_free(error);
    }
    g_object_unref(message);
    g_object_unref(session);
    if (!why.empty())
        return common::fail(ErrorCode::Unavailable, "no answer from " + base_ + ": " + why);
    if (status >= 200 && status < 300) return text;
    return common::fail(code_of(status), sentence_of(text, status));
}

}  // namespace ctl
