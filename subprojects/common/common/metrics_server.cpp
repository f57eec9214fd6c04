#include "common/metrics_server.h"

#include <libsoup/soup.h>

#include <future>
#include <thread>
#include <utility>

#include "common/http_listener.h"
#include "common/metric_page.h"

namespace common {
namespace {

constexpr std::size_t kMostClients = 16;

struct Answer {
    guint status = 200;
    const char* type = "application/json";
    std::string body;
};

void send(SoupServerMessage* message, const Answer& answer) {
    soup_server_message_set_status(message, answer.status, nullptr);
    SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
    soup_message_headers_append(headers, "Cache-Control", "no-store");
    soup_message_headers_append(headers, "Connection", "close");  // see HttpListener
    soup_server_message_set_response(message, answer.type, SOUP_MEMORY_COPY, answer.body.data(),
                                     answer.body.size());
}

/// Sentences of ours, as a JSON string.
std::string quoted(const std::string& text) {
    std::string json = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') json += '\\';
        json += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return json + '"';
}

/// libsoup's half, on whichever thread's loop.
class Answerer {
  public:
    explicit Answerer(MetricsServer::Sources sources) : sources_(std::move(sources)) {}
    ~Answerer() { close(); }
    Answerer(const Answerer&) = delete;
    Answerer& operator=(const Answerer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

    Result<void> open(const std::string& host, std::uint16_t port) {
        server_ = soup_server_new("server-header", "tessera", nullptr);
        soup_server_add_handler(
            server_, nullptr,
            [](SoupServer*, SoupServerMessage* message, const char* path, GHashTable*,
               gpointer self) {
                send(message, static_cast<Answerer*>(self)->answer(
                                  soup_server_message_get_method(message), path));
            },
            this, nullptr);
        HttpListener::Limits limits;
        limits.most_connections = kMostClients;
        auto listener = HttpListener::open(host, port, limits, server_);
        if (!listener) return fail_in("/metrics", listener.error());
        listener_ = *std::move(listener);
        port_ = listener_->port();
        return {};
    }

    /// On the thread that opened it.
    void close() {
        listener_.reset();
        if (server_ == nullptr) return;
        soup_server_disconnect(server_);
        g_object_unref(std::exchange(server_, nullptr));
    }

  private:
    [[nodiscard]] Answer answer(const std::string& method, const std::string& path) const {
        if (path != "/metrics" && path != "/healthz" && path != "/readyz")
            return {404, "application/json", R"({"status":"not found"})"};
        if (method != "GET" && method != "HEAD")
            return {405, "application/json", R"({"status":"GET only"})"};
        if (path == "/healthz") return {200, "application/json", R"({"status":"ok"})"};
        if (path == "/readyz") {
            const std::string why = sources_.obstacle();
            if (why.empty()) return {200, "application/json", R"({"status":"ready"})"};
            return {503, "application/json",
                    R"({"status":"not ready","reason":)" + quoted(why) + "}"};
        }
        const std::string text = sources_.metrics();
        if (text.empty()) return {503, "text/plain", "the daemon does not answer\n"};
        return {200, MetricPage::kContentType, text};
    }

    MetricsServer::Sources sources_;
    SoupServer* server_ = nullptr;
    std::unique_ptr<HttpListener> listener_;
    std::uint16_t port_ = 0;
};

/// A thread with a GLib loop that an Answerer runs on.
class AnsweringThread {
  public:
    AnsweringThread(Answerer& answerer, const std::string& host, std::uint16_t port) {
        std::promise<Result<void>> opened;
        auto result = opened.get_future();
        thread_ = std::thread([&, this] { run(answerer, host, port, opened); });
        opened_ = result.get();
    }
    ~AnsweringThread() {
        // Quits from within: a loop that does not run yet would not hear of it.
        g_main_context_invoke(
            context_,
            [](gpointer self) -> gboolean {
                g_main_loop_quit(static_cast<AnsweringThread*>(self)->loop_);
                return G_SOURCE_REMOVE;
            },
            this);
        thread_.join();
        g_main_loop_unref(loop_);
        g_main_context_unref(context_);
    }
    AnsweringThread(const AnsweringThread&) = delete;
    AnsweringThread& operator=(const AnsweringThread&) = delete;

    [[nodiscard]] const Result<void>& opened() const { return opened_; }

  private:
    void run(Answerer& answerer, const std::string& host, std::uint16_t port,
             std::promise<Result<void>>& opened) {
        // What is opened here is attached to the context that is this thread's default.
        g_main_context_push_thread_default(context_);
        auto result = answerer.open(host, port);
        const bool good = result.has_value();
        opened.set_value(std::move(result));
        if (good) g_main_loop_run(loop_);
        answerer.close();
        g_main_context_pop_thread_default(context_);
    }

    GMainContext* context_ = g_main_context_new();
    GMainLoop* loop_ = g_main_loop_new(context_, FALSE);
    Result<void> opened_;
    std::thread thread_;
};

}  // namespace

struct MetricsServer::Private {
    explicit Private(Sources sources) : answerer(std::move(sources)) {}
    Answerer answerer;
    std::unique_ptr<AnsweringThread> thread;  // goes first; null: on the caller's loop
};

MetricsServer::MetricsServer(std::unique_ptr<Private> d) : d_(std::move(d)) {}
MetricsServer::~MetricsServer() = default;

std::uint16_t MetricsServer::port() const {
    return d_->answerer.port();
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::listen(const std::string& host,
                                                             std::uint16_t port, Sources sources,
                                                             RunsOn runs_on) {
    auto d = std::make_unique<Private>(std::move(sources));
    Result<void> opened;
    if (runs_on == RunsOn::OwnThread) {
        d->thread = std::make_unique<AnsweringThread>(d->answerer, host, port);
        opened = d->thread->opened();
    } else {
        opened = d->answerer.open(host, port);
    }
    if (!opened) return tl::unexpected(opened.error());
    return std::make_unique<MetricsServer>(std::move(d));
}

}  // namespace common
