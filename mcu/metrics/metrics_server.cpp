#include "mcu/metrics/metrics_server.h"

#include <libsoup/soup.h>

#include <future>
#include <thread>
#include <utility>

#include "common/metric_page.h"

namespace mcu {
namespace {

struct Answer {
    guint status = 200;
    const char* type = "application/json";
    std::string body;
};

void send(SoupServerMessage* message, const Answer& answer) {
    soup_server_message_set_status(message, answer.status, nullptr);
    soup_message_headers_append(soup_server_message_get_response_headers(message), "Connection",
                                "close");
    soup_server_message_set_response(message, answer.type, SOUP_MEMORY_COPY, answer.body.data(),
                                     answer.body.size());
}

}  // namespace

struct MetricsServer::Private {
    Sources sources;
    GMainContext* context = g_main_context_new();
    GMainLoop* loop = g_main_loop_new(context, FALSE);
    SoupServer* server = nullptr;
    std::uint16_t port = 0;
    std::thread thread;

    ~Private() {
        if (thread.joinable()) {
            // Quits from within: a loop that does not run yet would not hear of it.
            g_main_context_invoke(
                context,
                [](gpointer self) -> gboolean {
                    g_main_loop_quit(static_cast<Private*>(self)->loop);
                    return G_SOURCE_REMOVE;
                },
                this);
            thread.join();
        }
        g_main_loop_unref(loop);
        g_main_context_unref(context);
    }

    [[nodiscard]] Answer answer(const std::string& method, const std::string& path) const {
        if (path != "/metrics" && path != "/healthz" && path != "/readyz")
            return {404, "application/json", R"({"status":"not found"})"};
        if (method != "GET" && method != "HEAD")
            return {405, "application/json", R"({"status":"GET only"})"};
        if (path == "/healthz") return {200, "application/json", R"({"status":"ok"})"};
        if (path == "/readyz") {
            if (sources.ready()) return {200, "application/json", R"({"status":"ready"})"};
            return {503, "application/json", R"({"status":"not ready"})"};
        }
        const std::string text = sources.metrics();
        if (text.empty()) return {503, "text/plain", "the media daemon does not answer\n"};
        return {200, common::MetricPage::kContentType, text};
    }

    common::Result<void> open(const std::string& host) {
        server = soup_server_new("server-header", "tessera", nullptr);
        soup_server_add_handler(
            server, nullptr,
            [](SoupServer*, SoupServerMessage* message, const char* path, GHashTable*,
               gpointer self) {
                send(message, static_cast<Private*>(self)->answer(
                                  soup_server_message_get_method(message), path));
            },
            this, nullptr);
        GSocketAddress* address = g_inet_socket_address_new_from_string(host.c_str(), port);
        if (address == nullptr)
            return common::fail(common::ErrorCode::InvalidArgument,
                                "'" + host + "' is not a numeric address");
        GError* error = nullptr;
        const bool listens =
            soup_server_listen(server, address, static_cast<SoupServerListenOptions>(0), &error);
        g_object_unref(address);
        if (!listens) {
            const std::string why = error->message;
            g_error_free(error);
            return common::fail(common::ErrorCode::Io, "listen for /metrics: " + why);
        }
        GSList* uris = soup_server_get_uris(server);
        port = static_cast<std::uint16_t>(g_uri_get_port(static_cast<GUri*>(uris->data)));
        g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
        return {};
    }

    void run(const std::string& host, std::promise<common::Result<void>>& opened) {
        // libsoup attaches its sockets to the context that is this thread's default.
        g_main_context_push_thread_default(context);
        auto result = open(host);
        const bool good = result.has_value();
        opened.set_value(std::move(result));
        if (good) g_main_loop_run(loop);
        soup_server_disconnect(server);
        g_object_unref(server);
        g_main_context_pop_thread_default(context);
    }
};

MetricsServer::MetricsServer(std::unique_ptr<Private> d) : d_(std::move(d)) {}
MetricsServer::~MetricsServer() = default;

std::uint16_t MetricsServer::port() const {
    return d_->port;
}

common::Result<std::unique_ptr<MetricsServer>> MetricsServer::listen(const std::string& host,
                                                                     std::uint16_t port,
                                                                     Sources sources) {
    auto d = std::make_unique<Private>();
    d->sources = std::move(sources);
    d->port = port;
    std::promise<common::Result<void>> opened;
    auto result = opened.get_future();
    d->thread = std::thread([&d = *d, host, &opened] { d.run(host, opened); });
    if (auto listening = result.get(); !listening) return tl::unexpected(listening.error());
    return std::make_unique<MetricsServer>(std::move(d));
}

}  // namespace mcu
