#include "signaling/api/http_server.h"

#include <libsoup/soup.h>

#include <string_view>
#include <utility>

#include "signaling/api/token_file.h"

namespace signaling {
namespace {

constexpr goffset kLargestBodyBytes = 64 * 1024;

using AnswerCounts = std::map<int, std::uint64_t>;  // by status

// "127.0.0.1:8060", "[::1]:8060", "localhost": whatever else stands there was resolved by somebody
// else's name server.
bool is_loopback_host(std::string_view host) {
    const std::size_t bracket = host.rfind(']');
    const std::size_t colon = host.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    if (has_port) host = host.substr(0, colon);
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

void answer(SoupServerMessage* message, const ApiResponse& response) {
    soup_server_message_set_status(message, static_cast<guint>(response.status), nullptr);
    SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
    soup_message_headers_append(headers, "Cache-Control", "no-store");
    soup_message_headers_append(headers, "Connection", "close");  // see HttpListener
    if (!response.allow.empty())
        soup_message_headers_append(headers, "Allow", response.allow.c_str());
    if (response.status == 401) soup_message_headers_append(headers, "WWW-Authenticate", "Bearer");
    if (response.status == 503) {
        soup_message_headers_append(headers, "Retry-After",
                                    std::to_string(response.retry_after_s).c_str());
    }
    soup_server_message_set_response(message, response.content_type.c_str(), SOUP_MEMORY_COPY,
                                     response.body.data(), response.body.size());
}

// Answers later, unless the client is gone by then: the message is held until it is finished.
struct PendingAnswer {
    PendingAnswer(SoupServerMessage* m, std::shared_ptr<AnswerCounts> c)
        : message(SOUP_SERVER_MESSAGE(g_object_ref(m))), counts(std::move(c)) {
        using OnMessage = void (*)(SoupServerMessage*, PendingAnswer*);
        const OnMessage gone = [](SoupServerMessage*, PendingAnswer* self) {
            self->answered = true;
        };
        g_signal_connect(message, "disconnected", G_CALLBACK(gone), this);
    }
    ~PendingAnswer() {
        finish(api_error(500, "internal", "no answer"));
        g_signal_handlers_disconnect_by_data(message, this);
        g_object_unref(message);
    }
    PendingAnswer(const PendingAnswer&) = delete;
    PendingAnswer& operator=(const PendingAnswer&) = delete;
    void finish(const ApiResponse& response) {
        if (std::exchange(answered, true)) return;
        answer(message, response);
        ++(*counts)[response.status];
        soup_server_message_unpause(message);
    }
    SoupServerMessage* message;
    std::shared_ptr<AnswerCounts> counts;  ///< outlives the server, as an answer may
    bool answered = false;                 ///< or nobody is left to answer
};

}  // namespace

struct HttpServer::Private {
    SoupServer* server = nullptr;
    std::unique_ptr<common::HttpListener> listener;
    std::string token;
    const Router* router = nullptr;
    std::shared_ptr<AnswerCounts> answers = std::make_shared<AnswerCounts>();

    // What is wrong with a request before its body is read; status 0: nothing.
    [[nodiscard]] ApiResponse obstacle(SoupServerMessage* message, std::string_view path) const {
        SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
        const char* host = soup_message_headers_get_one(headers, "Host");
        if (host == nullptr || !is_loopback_host(host)) {
            return api_error(421, "wrong_host", "Host must be localhost, 127.0.0.1 or [::1]");
        }
        const bool open = path == "/healthz" || path == "/readyz";
        const char* authorization = soup_message_headers_get_one(headers, "Authorization");
        constexpr std::string_view kScheme = "Bearer ";
        const std::string_view given = authorization == nullptr ? "" : authorization;
        if (!open &&
            (!given.starts_with(kScheme) || !token_matches(given.substr(kScheme.size()), token))) {
            return api_error(401, "unauthorized",
                             "Authorization: Bearer TOKEN is missing or wrong");
        }
        if (soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CHUNKED) {
            return api_error(411, "length_required", "Content-Length is missing");
        }
        if (soup_message_headers_get_content_length(headers) > kLargestBodyBytes) {
            return api_error(413, "too_large", "the body is larger than 64 KiB");
        }
        return {0, "", "", ""};
    }

    void handle(SoupServerMessage* message, const char* path, GHashTable* query) const {
        ApiRequest request;
        request.method = soup_server_message_get_method(message);
        request.path = path;
        if (query != nullptr) {
            g_hash_table_foreach(
                query,
                [](gpointer key, gpointer value, gpointer into) {
                    (*static_cast<std::map<std::string, std::string>*>(
                        into))[static_cast<const char*>(key)] =
                        value == nullptr ? "" : static_cast<const char*>(value);
                },
                &request.query);
        }
        SoupMessageBody* body = soup_server_message_get_request_body(message);
        request.body.assign(body->data == nullptr ? "" : body->data,
                            static_cast<std::size_t>(body->length));
        soup_server_message_pause(message);
        const auto pending = std::make_shared<PendingAnswer>(message, answers);
        router->dispatch(request,
                         [pending](const ApiResponse& response) { pending->finish(response); });
    }
};

HttpServer::HttpServer(std::unique_ptr<Private> d) : d_(std::move(d)) {}

HttpServer::~HttpServer() {
    d_->listener.reset();
    soup_server_disconnect(d_->server);
    g_object_unref(d_->server);
}

common::Result<std::unique_ptr<HttpServer>> HttpServer::listen(
    const ListenAddress& at, std::string token, const Router& router,
    const common::HttpListener::Limits& limits) {
    auto d = std::make_unique<Private>();
    d->token = std::move(token);
    d->router = &router;
    d->server = soup_server_new("server-header", "tessera", nullptr);
    soup_server_add_early_handler(
        d->server, nullptr,
        [](SoupServer*, SoupServerMessage* message, const char* path, GHashTable*, gpointer self) {
            const auto& server = *static_cast<Private*>(self);
            const ApiResponse refusal = server.obstacle(message, path);
            if (refusal.status == 0) return;
            answer(message, refusal);
            ++(*server.answers)[refusal.status];
        },
        d.get(), nullptr);
    soup_server_add_handler(
        d->server, nullptr,
        [](SoupServer*, SoupServerMessage* message, const char* path, GHashTable* query,
           gpointer self) { static_cast<Private*>(self)->handle(message, path, query); },
        d.get(), nullptr);
    auto listener = common::HttpListener::open(at.host, at.port, limits, d->server);
    auto server = std::make_unique<HttpServer>(std::move(d));
    if (!listener) return common::fail_in("API", listener.error());
    server->d_->listener = *std::move(listener);
    return server;
}

const std::map<int, std::uint64_t>& HttpServer::answers() const {
    return *d_->answers;
}

std::size_t HttpServer::connections() const {
    return d_->listener->connections();
}

}  // namespace signaling
