#include "common/http_listener.h"

#include <libsoup/soup.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace common {
namespace {

constexpr int kBacklog = 128;  // GLib's own is 10: a burst of clients would be refused

enum class Phase : std::uint8_t { Request, Answer };

/// Whom a connection counts for: whoever has one address of an IPv6 /64 has them all.
using Source = std::array<guint8, 8>;

Source source_of(GSocketAddress* remote) {
    Source source{};
    if (!G_IS_INET_SOCKET_ADDRESS(remote)) return source;
    GInetAddress* address = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(remote));
    const gsize size = std::min(g_inet_address_get_native_size(address), source.size());
    std::copy_n(g_inet_address_to_bytes(address), size, source.begin());
    return source;
}

/// One client. libsoup owns the stream; here it is watched, and shut down when its time is over.
struct Connection {
    Connection(GSocketConnection* s, GSocketAddress* r)
        : stream(s), remote(G_SOCKET_ADDRESS(g_object_ref(r))), source(source_of(r)) {}
    ~Connection() {
        stop_timer();
        g_object_unref(remote);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void enter(Phase next, Duration limit) {
        if (shut) return;
        phase = next;
        since_us = g_get_monotonic_time();
        stop_timer();
        timer = g_timeout_source_new(static_cast<guint>(limit / std::chrono::milliseconds(1)));
        g_source_set_callback(
            timer,
            [](gpointer self) -> gboolean {
                static_cast<Connection*>(self)->shut_down();
                return G_SOURCE_REMOVE;
            },
            this, nullptr);
        g_source_attach(timer, g_main_context_get_thread_default());
    }
    /// libsoup reads an end of file, or fails to write, and lets go of the stream.
    void shut_down() {
        shut = true;
        stop_timer();
        g_socket_shutdown(g_socket_connection_get_socket(stream), TRUE, TRUE, nullptr);
    }
    void stop_timer() {
        if (timer == nullptr) return;
        g_source_destroy(timer);
        g_source_unref(std::exchange(timer, nullptr));
    }

    GSocketConnection* stream;
    GSocketAddress* remote;
    Source source;
    Phase phase = Phase::Request;
    gint64 since_us = 0;
    GSource* timer = nullptr;
    bool shut = false;
};

}  // namespace

struct HttpListener::Private {
    Limits limits;
    SoupServer* server = nullptr;
    Certificate certificate;
    GSocketService* service = nullptr;
    std::uint16_t port = 0;
    /// By the stream, until libsoup has let go of it.
    std::unordered_map<GObject*, std::unique_ptr<Connection>> connections;

    ~Private() {
        if (service != nullptr) {
            g_signal_handlers_disconnect_by_data(service, this);
            g_socket_service_stop(service);
            g_socket_listener_close(G_SOCKET_LISTENER(service));
            g_object_unref(service);
        }
        g_signal_handlers_disconnect_by_data(server, this);
        for (auto& [stream, connection] : connections) g_object_weak_unref(stream, on_gone, this);
    }

    static void on_gone(gpointer self, GObject* stream) {
        static_cast<Private*>(self)->connections.erase(stream);
    }

    /// Of one source, or of all.
    [[nodiscard]] std::size_t open_count(const Source* source = nullptr) const {
        return static_cast<std::size_t>(std::ranges::count_if(connections, [&](const auto& entry) {
            return !entry.second->shut && (source == nullptr || entry.second->source == *source);
        }));
    }

    /// Whoever has been silent longest makes room; false when all are being answered.
    bool make_room(std::size_t most, const Source* source = nullptr) {
        if (open_count(source) < most) return true;
        Connection* oldest = nullptr;
        for (auto& [stream, connection] : connections) {
            if (connection->shut || connection->phase == Phase::Answer) continue;
            if (source != nullptr && connection->source != *source) continue;
            if (oldest == nullptr || connection->since_us < oldest->since_us)
                oldest = connection.get();
        }
        if (oldest == nullptr) return false;
        oldest->shut_down();
        return true;
    }

    void take_in(GSocketConnection* stream) {
        GSocketAddress* local = g_socket_connection_get_local_address(stream, nullptr);
        GSocketAddress* remote = g_socket_connection_get_remote_address(stream, nullptr);
        if (local != nullptr && remote != nullptr) {  // else it is gone already
            const Source source = source_of(remote);
            if (make_room(limits.most_per_source, &source) && make_room(limits.most_connections)) {
                serve(stream, local, remote);
            } else {
                g_io_stream_close(G_IO_STREAM(stream), nullptr, nullptr);
            }
        }
        g_clear_object(&local);
        g_clear_object(&remote);
    }

    void serve(GSocketConnection* stream, GSocketAddress* local, GSocketAddress* remote) {
        GIOStream* spoken = encrypted(G_IO_STREAM(stream));
        if (spoken == nullptr) return;
        auto connection = std::make_unique<Connection>(stream, remote);
        connection->enter(Phase::Request, limits.request);
        connections.emplace(G_OBJECT(stream), std::move(connection));
        g_object_weak_ref(G_OBJECT(stream), on_gone, this);
        soup_server_accept_iostream(server, spoken, local, remote, nullptr);
        g_object_unref(spoken);
    }

    /// The stream that libsoup reads; it holds `plain`. The handshake comes with the first read.
    [[nodiscard]] GIOStream* encrypted(GIOStream* plain) const {
        if (!certificate) return G_IO_STREAM(g_object_ref(plain));
        auto* own = static_cast<GTlsCertificate*>(certificate());
        GIOStream* stream = g_tls_server_connection_new(plain, own, nullptr);
        // A client that closes without TLS's goodbye is as gone as any.
        if (stream != nullptr)
            g_tls_connection_set_require_close_notify(G_TLS_CONNECTION(stream), FALSE);
        return stream;
    }

    void enter(SoupServerMessage* message, Phase phase, Duration limit) {
        const GSocketAddress* remote = soup_server_message_get_remote_address(message);
        const auto found = std::ranges::find_if(
            connections, [&](const auto& entry) { return entry.second->remote == remote; });
        if (found != connections.end()) found->second->enter(phase, limit);
    }

    void watch_requests() {
        using OnMessage = void (*)(SoupServer*, SoupServerMessage*, Private*);
        const OnMessage read = [](SoupServer*, SoupServerMessage* message, Private* self) {
            self->enter(message, Phase::Answer, self->limits.answer);
        };
        g_signal_connect(server, "request-read", G_CALLBACK(read), this);
    }

    Result<void> listen(const std::string& host, std::uint16_t wanted) {
        service = g_socket_service_new();
        g_socket_listener_set_backlog(G_SOCKET_LISTENER(service), kBacklog);
        using OnIncoming = gboolean (*)(GSocketService*, GSocketConnection*, GObject*, Private*);
        const OnIncoming incoming = [](GSocketService*, GSocketConnection* stream, GObject*,
                                       Private* self) -> gboolean {
            self->take_in(stream);
            return TRUE;
        };
        g_signal_connect(service, "incoming", G_CALLBACK(incoming), this);
        GSocketAddress* address = g_inet_socket_address_new_from_string(host.c_str(), wanted);
        GSocketAddress* bound = nullptr;
        GError* error = nullptr;
        const bool listening =
            address != nullptr &&
            g_socket_listener_add_address(G_SOCKET_LISTENER(service), address, G_SOCKET_TYPE_STREAM,
                                          G_SOCKET_PROTOCOL_TCP, nullptr, &bound, &error) != FALSE;
        g_clear_object(&address);
        if (listening) {
            port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
            g_object_unref(bound);
            return {};
        }
        const std::string why = error == nullptr ? "not a numeric address" : error->message;
        g_clear_error(&error);
        const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
        return fail(ErrorCode::Io, shown + ":" + std::to_string(wanted) + ": " + why);
    }
};

HttpListener::HttpListener(std::unique_ptr<Private> d) : d_(std::move(d)) {}
HttpListener::~HttpListener() = default;

Result<std::unique_ptr<HttpListener>> HttpListener::open(const std::string& host,
                                                         std::uint16_t port, const Limits& limits,
                                                         void* soup_server,
                                                         Certificate certificate) {
    auto d = std::make_unique<Private>();
    d->certificate = std::move(certificate);
    d->limits = limits;
    d->server = static_cast<SoupServer*>(soup_server);
    d->watch_requests();
    if (auto listening = d->listen(host, port); !listening)
        return tl::unexpected(listening.error());
    return std::make_unique<HttpListener>(std::move(d));
}

void HttpListener::hand_over(const void* remote_address) {
    for (auto& [stream, connection] : d_->connections) {
        if (connection->remote == remote_address) connection->stop_timer();
    }
}

std::uint16_t HttpListener::port() const {
    return d_->port;
}

std::size_t HttpListener::connections() const {
    return d_->open_count();
}

}  // namespace common
