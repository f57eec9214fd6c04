#include "signaling/webrtc/web_server.h"

#include <libsoup/soup.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace signaling {
namespace {

// No script, style or picture but our own; media and blobs are what the page itself made. `wss:` of
// the same host is 'self' too.
constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob: mediastream:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";
constexpr const char* kPermissions =
    "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), geolocation=()";

void write(SoupServerMessage* message, const WebResponse& response) {
    soup_server_message_set_status(message, static_cast<guint>(response.status), nullptr);
    SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
    soup_message_headers_append(headers, "Connection", "close");  // see HttpListener
    soup_message_headers_append(headers, "X-Content-Type-Options", "nosniff");
    soup_message_headers_append(headers, "Referrer-Policy", "no-referrer");
    for (const auto& [name, value] : response.headers) {
        soup_message_headers_append(headers, name.c_str(), value.c_str());
    }
    if (response.content_type.empty()) return;
    soup_server_message_set_response(message, response.content_type.c_str(), SOUP_MEMORY_COPY,
                                     response.body.data(), response.body.size());
}

std::string lower(std::string_view text) {
    std::string made(text);
    for (char& c : made) c = g_ascii_tolower(c);
    return made;
}

/// Answers later, unless the client is gone by then: the message is held until it is finished.
class PendingResponse {
  public:
    explicit PendingResponse(SoupServerMessage* message)
        : message_(SOUP_SERVER_MESSAGE(g_object_ref(message))) {
        using OnMessage = void (*)(SoupServerMessage*, PendingResponse*);
        const OnMessage gone = [](SoupServerMessage*, PendingResponse* self) {
            self->finished_ = true;
        };
        g_signal_connect(message_, "disconnected", G_CALLBACK(gone), this);
        soup_server_message_pause(message_);
    }
    ~PendingResponse() {
        finish(web_problem(500, "internal", "no answer"));
        g_signal_handlers_disconnect_by_data(message_, this);
        g_object_unref(message_);
    }
    PendingResponse(const PendingResponse&) = delete;
    PendingResponse& operator=(const PendingResponse&) = delete;

    void finish(const WebResponse& response) {
        if (std::exchange(finished_, true)) return;
        write(message_, response);
        soup_server_message_unpause(message_);
    }

  private:
    SoupServerMessage* message_;
    bool finished_ = false;  // or nobody is left to answer
};

GInetAddress* address_of(SoupServerMessage* message) {
    GSocketAddress* remote = soup_server_message_get_remote_address(message);
    return g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(remote));
}

WebRequest request_of(SoupServerMessage* message, const char* path, GHashTable* query) {
    WebRequest request;
    if (query != nullptr) {
        g_hash_table_foreach(
            query,
            [](gpointer name, gpointer value, gpointer into) {
                static_cast<WebRequest*>(into)->query.emplace(static_cast<const char*>(name),
                                                              static_cast<const char*>(value));
            },
            &request);
    }
    request.method = soup_server_message_get_method(message);
    request.path = path;
    const std::unique_ptr<char, decltype(&g_free)> source(
        g_inet_address_to_string(address_of(message)), g_free);
    request.source = source.get();
    soup_message_headers_foreach(
        soup_server_message_get_request_headers(message),
        [](const char* name, const char* value, gpointer into) {
            auto& all = static_cast<WebRequest*>(into)->headers[lower(name)];
            all += (all.empty() ? "" : ", ") + std::string(value);
        },
        &request);
    const SoupMessageBody* body = soup_server_message_get_request_body(message);
    if (body->data != nullptr)
        request.body.assign(body->data, static_cast<std::size_t>(body->length));
    return request;
}

// RFC 9110 13.1.2, with the weak comparison: "*", or a list of tags.
bool names_tag(std::string_view list, std::string_view tag) {
    return list == "*" || list.find(tag) != std::string_view::npos;
}

}  // namespace

namespace {

// A page of our own is at the host that it was asked from (RFC 6454 7); programs say no Origin.
bool from_elsewhere(SoupMessageHeaders* headers) {
    const char* origin = soup_message_headers_get_one(headers, "Origin");
    const char* host = soup_message_headers_get_one(headers, "Host");
    if (origin == nullptr) return false;
    return host == nullptr || lower(origin) != "https://" + lower(host);
}

/// One connection, until it is closed.
class Socket final : public WebSocketLink {
  public:
    Socket(SoupWebsocketConnection* connection, std::size_t most_bytes,
           std::function<void(Socket*)> gone)
        : connection_(SOUP_WEBSOCKET_CONNECTION(g_object_ref(connection))),
          most_bytes_(most_bytes),
          gone_(std::move(gone)) {
        using OnMessage =
            void (*)(SoupWebsocketConnection*, SoupWebsocketDataType, GBytes*, Socket*);
        const OnMessage message = [](SoupWebsocketConnection*, SoupWebsocketDataType type,
                                     GBytes* bytes, Socket* self) { self->take(type, bytes); };
        using OnPong = void (*)(SoupWebsocketConnection*, GBytes*, Socket*);
        const OnPong pong = [](SoupWebsocketConnection*, GBytes*, Socket* self) {
            if (self->client_) self->client_->alive();
        };
        using OnClosed = void (*)(SoupWebsocketConnection*, Socket*);
        const OnClosed closed = [](SoupWebsocketConnection*, Socket* self) { self->leave(); };
        g_signal_connect(connection_, "message", G_CALLBACK(message), this);
        g_signal_connect(connection_, "pong", G_CALLBACK(pong), this);
        g_signal_connect(connection_, "closed", G_CALLBACK(closed), this);
    }
    ~Socket() override {
        if (leaving_ != 0) g_source_remove(leaving_);
        client_.reset();
        g_signal_handlers_disconnect_by_data(connection_, this);
        g_object_unref(connection_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    void serve(std::unique_ptr<WebSocketClient> client) { client_ = std::move(client); }

    void send(const std::string& text) override {
        if (open()) soup_websocket_connection_send_text(connection_, text.c_str());
    }
    void close(std::uint16_t code, const std::string& why) override {
        if (open()) soup_websocket_connection_close(connection_, code, why.c_str());
    }

  private:
    [[nodiscard]] bool open() const {
        return soup_websocket_connection_get_state(connection_) == SOUP_WEBSOCKET_STATE_OPEN;
    }
    void take(SoupWebsocketDataType type, GBytes* bytes) {
        if (type != SOUP_WEBSOCKET_DATA_TEXT) return close(1003, "text is spoken here");
        gsize size = 0;
        const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
        if (size > most_bytes_) return close(1009, "a message too large");
        if (client_ && open()) client_->received({data, size});
    }
    void leave() {
        if (leaving_ != 0) return;
        leaving_ = g_idle_add(
            [](gpointer data) -> gboolean {
                auto* self = static_cast<Socket*>(data);
                self->leaving_ = 0;
                self->gone_(self);
                return G_SOURCE_REMOVE;
            },
            this);
    }

    SoupWebsocketConnection* connection_;
    std::size_t most_bytes_;
    std::function<void(Socket*)> gone_;
    std::unique_ptr<WebSocketClient> client_;
    guint leaving_ = 0;
};

}  // namespace

struct WebServer::Private {
    Private(const common::Clock& c, const Options& o)
        : clock(c), options(o), requests(o.requests) {}

    const common::Clock& clock;
    Options options;
    SourceLimiter requests;
    std::unique_ptr<HttpsCertificate> certificate;
    PageFiles page;
    SoupServer* server = nullptr;
    std::unique_ptr<common::HttpListener> listener;
    std::vector<std::pair<std::string, WebHandler>> handlers;
    std::vector<std::pair<std::string, WebSocketHandler>> socket_handlers;
    std::vector<std::unique_ptr<Socket>> sockets;

    // What is wrong with a request before its body is read; status 0: nothing.
    WebResponse obstacle(SoupServerMessage* message) {
        GInetAddress* source = address_of(message);
        const std::span<const std::uint8_t> bytes(g_inet_address_to_bytes(source),
                                                  g_inet_address_get_native_size(source));
        if (!requests.take(MessageSource::of(bytes), clock.now())) {
            auto refusal = web_problem(429, "too_many", "too many requests: try again in a second");
            refusal.headers.emplace_back("Retry-After", "1");
            return refusal;
        }
        SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
        if (soup_message_headers_get_one(headers, "Upgrade") != nullptr &&
            from_elsewhere(headers)) {
            return web_problem(403, "forbidden", "a page of another host has no business here");
        }
        if (soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CHUNKED) {
            return web_problem(411, "length_required", "Content-Length is missing");
        }
        if (soup_message_headers_get_content_length(headers) >
            static_cast<goffset>(options.body_bytes)) {
            return web_problem(
                413, "too_large",
                "the body is larger than " + std::to_string(options.body_bytes) + " bytes");
        }
        return {0, "", "", {}};
    }

    [[nodiscard]] const WebHandler* handler_of(std::string_view path) const {
        for (const auto& [prefix, handler] : handlers) {
            if (!path.starts_with(prefix)) continue;
            if (path.size() == prefix.size() || path[prefix.size()] == '/') return &handler;
        }
        return nullptr;
    }

    [[nodiscard]] WebResponse page_for(const WebRequest& request) const {
        const PageFile* file = page.find(request.path);
        if (file == nullptr) return web_problem(404, "not_found", "there is nothing at this path");
        if (request.method != "GET" && request.method != "HEAD") {
            auto refusal = web_problem(405, "method_not_allowed", "GET and HEAD are taken here");
            refusal.headers.emplace_back("Allow", "GET, HEAD");
            return refusal;
        }
        WebResponse response;
        response.headers = {
            {"ETag", file->etag},
            {"Cache-Control", file->forever ? "public, max-age=31536000, immutable" : "no-cache"},
            {"Content-Security-Policy", kContentPolicy},
            {"Permissions-Policy", kPermissions}};
        if (names_tag(request.header("if-none-match"), file->etag)) {
            response.status = 304;
            return response;
        }
        response.content_type = file->content_type;
        response.body = file->bytes;
        return response;
    }

    void serve(SoupServerMessage* message, const char* path, GHashTable* query) const {
        const WebRequest request = request_of(message, path, query);
        const WebHandler* handler = handler_of(request.path);
        if (handler == nullptr) return write(message, page_for(request));
        const auto pending = std::make_shared<PendingResponse>(message);
        (*handler)(request, [pending](const WebResponse& response) { pending->finish(response); });
    }

    void socket_opened(SoupServerMessage* message, const char* path,
                       SoupWebsocketConnection* connection) {
        listener->hand_over(soup_server_message_get_remote_address(message));
        // libsoup says nothing to who goes beyond its own limit: it closes the connection.
        soup_websocket_connection_set_max_incoming_payload_size(connection,
                                                                2 * options.socket_message_bytes);
        soup_websocket_connection_set_keepalive_interval(connection, options.ping_s);
        const auto handler =
            std::ranges::find(socket_handlers, path, [](const auto& each) { return each.first; });
        if (handler == socket_handlers.end()) {
            return soup_websocket_connection_close(connection, 1008, "nothing at this path");
        }
        auto socket = std::make_unique<Socket>(
            connection, options.socket_message_bytes, [this](Socket* gone) {
                std::erase_if(sockets, [gone](const auto& each) { return each.get() == gone; });
            });
        socket->serve(handler->second(*socket, request_of(message, path, nullptr)));
        sockets.push_back(std::move(socket));
    }

    /// libsoup asks but one handler, that of the longest path.
    void look_early(const char* path) {
        soup_server_add_early_handler(
            server, path,
            [](SoupServer*, SoupServerMessage* message, const char*, GHashTable*, gpointer self) {
                const WebResponse refusal = static_cast<Private*>(self)->obstacle(message);
                if (refusal.status == 0) return;
                write(message, refusal);
                // What the client writes all the same is read to its end, but not kept.
                soup_message_body_set_accumulate(soup_server_message_get_request_body(message),
                                                 FALSE);
            },
            this, nullptr);
    }

    void connect() {
        server = soup_server_new("server-header", "tessera", nullptr);
        look_early(nullptr);
        soup_server_add_handler(
            server, nullptr,
            [](SoupServer*, SoupServerMessage* message, const char* path, GHashTable* query,
               gpointer self) { static_cast<Private*>(self)->serve(message, path, query); },
            this, nullptr);
    }
};

WebServer::WebServer(std::unique_ptr<Private> d) : d_(std::move(d)) {}

WebServer::~WebServer() {
    d_->sockets.clear();
    d_->listener.reset();
    soup_server_disconnect(d_->server);
    g_object_unref(d_->server);
}

common::Result<std::unique_ptr<WebServer>> WebServer::listen(
    const ListenAddress& at, std::unique_ptr<HttpsCertificate> certificate, PageFiles page,
    const common::Clock& clock, const Options& options) {
    auto d = std::make_unique<Private>(clock, options);
    d->certificate = std::move(certificate);
    d->page = std::move(page);
    d->connect();
    auto listener = common::HttpListener::open(at.host, at.port, options.connections, d->server,
                                               [own = d->certificate.get()] { return own->get(); });
    auto server = std::make_unique<WebServer>(std::move(d));
    if (!listener) return common::fail_in("HTTPS", listener.error());
    server->d_->listener = *std::move(listener);
    return server;
}

void WebServer::handle(const std::string& prefix, WebHandler handler) {
    d_->handlers.emplace_back(prefix, std::move(handler));
}

void WebServer::handle_sockets(const std::string& path, const std::string& protocol,
                               WebSocketHandler handler) {
    d_->socket_handlers.emplace_back(path, std::move(handler));
    d_->look_early(path.c_str());
    std::string name = protocol;
    char* protocols[] = {name.data(), nullptr};  // copied by libsoup
    soup_server_add_websocket_handler(
        d_->server, path.c_str(), nullptr, protocols,
        [](SoupServer*, SoupServerMessage* message, const char* at,
           SoupWebsocketConnection* connection,
           gpointer self) { static_cast<Private*>(self)->socket_opened(message, at, connection); },
        d_.get(), nullptr);
}

void WebServer::set_page(PageFiles page) {
    d_->page = std::move(page);
}

void WebServer::refresh_certificate() {
    d_->certificate->refresh();
}

std::uint16_t WebServer::port() const {
    return d_->listener->port();
}

std::size_t WebServer::connections() const {
    return d_->listener->connections();
}

}  // namespace signaling
