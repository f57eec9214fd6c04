#include "signaling/webrtc/web_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libsoup/soup.h>
#include <sys/socket.h>

#include <map>
#include <nlohmann/json.hpp>

#include "signaling/auth/tls_files.h"
#include "tests/support/fake_clock.h"
#include "tests/support/main_loop.h"
#include "tests/unit/signaling/webrtc/page_folder.h"

using namespace signaling;
using namespace std::chrono_literals;
using tests::PageFolder;
using tests::run_until;

#if defined(__SANITIZE_ADDRESS__)
/// LeakSanitizer of GCC 12 dies itself while it looks into the thread-local storage of GnuTLS,
/// which GLib loads as a module. All else that ASan finds, it finds here too.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {  // NOLINT(bugprone-reserved-identifier): its name
    return "detect_leaks=0";
}
#endif

namespace {

/// One answer as a client of HTTPS sees it.
struct Answer {
    int status = 0;
    std::string body;
    std::map<std::string, std::string> headers;
    std::string certificate;  ///< PEM
    std::string error;        ///< why there is none
};

class Client {
  public:
    Client() : session_(soup_session_new_with_options("timeout", 10U, nullptr)) {}
    ~Client() { g_object_unref(session_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    using Headers = std::map<std::string, std::string>;
    Answer ask(const WebServer& server, const std::string& path, const Headers& headers = {},
               const std::string& method = "GET", const std::string& body = "") {
        const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + path;
        SoupMessage* message = soup_message_new(method.c_str(), url.c_str());
        using OnCertificate = gboolean (*)(SoupMessage*, GTlsCertificate*, GTlsCertificateFlags);
        const OnCertificate any = [](SoupMessage*, GTlsCertificate*, GTlsCertificateFlags) {
            return static_cast<gboolean>(TRUE);
        };
        g_signal_connect(message, "accept-certificate", G_CALLBACK(any), nullptr);
        for (const auto& [name, value] : headers) {
            soup_message_headers_append(soup_message_get_request_headers(message), name.c_str(),
                                        value.c_str());
        }
        if (!body.empty()) {
            GBytes* bytes = g_bytes_new(body.data(), body.size());
            soup_message_set_request_body_from_bytes(message, "application/sdp", bytes);
            g_bytes_unref(bytes);
        }
        answer_.reset();
        soup_session_send_and_read_async(session_, message, G_PRIORITY_DEFAULT, nullptr, on_answer,
                                         this);
        REQUIRE(run_until([&] { return answer_ != nullptr; }));
        if (answer_->error.empty()) note(message);
        g_object_unref(message);
        return *answer_;
    }

  private:
    static void on_answer(GObject* session, GAsyncResult* result, gpointer self) {
        auto answer = std::make_unique<Answer>();
        GError* error = nullptr;
        GBytes* bytes = soup_session_send_and_read_finish(SOUP_SESSION(session), result, &error);
        if (bytes != nullptr) {
            gsize size = 0;
            const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
            if (size > 0) answer->body.assign(data, size);
            g_bytes_unref(bytes);
        } else {
            answer->error = error->message;
            g_error_free(error);
        }
        static_cast<Client*>(self)->answer_ = std::move(answer);
    }
    void note(SoupMessage* message) {
        answer_->status = static_cast<int>(soup_message_get_status(message));
        soup_message_headers_foreach(
            soup_message_get_response_headers(message),
            [](const char* name, const char* value, gpointer into) {
                static_cast<Answer*>(into)->headers[name] = value;
            },
            answer_.get());
        char* pem = nullptr;
        g_object_get(soup_message_get_tls_peer_certificate(message), "certificate-pem", &pem,
                     nullptr);
        answer_->certificate = pem;
        g_free(pem);
    }

    SoupSession* session_;
    std::unique_ptr<Answer> answer_;
};

/// Somebody who connects and says nothing.
class Silent {
  public:
    Silent(const WebServer& server, const char* from) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        REQUIRE(inet_pton(AF_INET, from, &at.sin_addr) == 1);
        REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
        at.sin_port = htons(server.port());
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(connect(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
        REQUIRE(fcntl(socket_, F_SETFL, O_NONBLOCK) == 0);
    }
    ~Silent() { close(socket_); }
    Silent(const Silent&) = delete;
    Silent& operator=(const Silent&) = delete;
    [[nodiscard]] bool dropped() const {
        char byte = 0;
        const ssize_t size = recv(socket_, &byte, 1, 0);
        return size == 0 || (size < 0 && errno == ECONNRESET);
    }

  private:
    int socket_;
};

struct Web {
    explicit Web(const WebServer::Options& options = {}) {
        folder.write("page/index.html", "<!doctype html>");
        folder.write("page/assets/a-1.js", "let a;");
        auto certificate = HttpsCertificate::open(files());
        REQUIRE(certificate);
        auto listening =
            WebServer::listen({"127.0.0.1", 0}, *std::move(certificate),
                              PageFiles::read(folder.path / "page").value(), clock, options);
        REQUIRE(listening);
        server = *std::move(listening);
    }
    [[nodiscard]] TlsIdentity::Files files() const {
        return {folder.path / "certificate.pem", folder.path / "key.pem", true};
    }
    Answer ask(const std::string& path, const Client::Headers& headers = {},
               const std::string& method = "GET", const std::string& body = "") {
        return client.ask(*server, path, headers, method, body);
    }

    PageFolder folder;
    tests::FakeClock clock;
    std::unique_ptr<WebServer> server;
    Client client;
};

std::string code_of(const Answer& answer) {
    CHECK(answer.headers.at("Content-Type") == "application/problem+json");
    return nlohmann::json::parse(answer.body).at("code");
}

/// A WebSocket as a client of HTTPS has it.
class SocketClient {
  public:
    SocketClient(const WebServer& server, const char* path, const char* origin)
        : session_(soup_session_new_with_options("timeout", 10U, nullptr)) {
        const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + path;
        SoupMessage* message = soup_message_new("GET", url.c_str());
        using OnCertificate = gboolean (*)(SoupMessage*, GTlsCertificate*, GTlsCertificateFlags);
        const OnCertificate any = [](SoupMessage*, GTlsCertificate*, GTlsCertificateFlags) {
            return static_cast<gboolean>(TRUE);
        };
        g_signal_connect(message, "accept-certificate", G_CALLBACK(any), nullptr);
        char protocol[] = "words";
        char* protocols[] = {protocol, nullptr};
        soup_session_websocket_connect_async(session_, message, origin, protocols,
                                             G_PRIORITY_DEFAULT, nullptr, on_connected, this);
        REQUIRE(run_until([this] { return answered; }));
        status = soup_message_get_status(message);
        g_object_unref(message);
    }
    ~SocketClient() {
        if (connection_ != nullptr) g_signal_handlers_disconnect_by_data(connection_, this);
        g_clear_object(&connection_);
        g_object_unref(session_);
    }
    SocketClient(const SocketClient&) = delete;
    SocketClient& operator=(const SocketClient&) = delete;

    void send(const std::string& text) {
        soup_websocket_connection_send_text(connection_, text.c_str());
    }
    void close() { soup_websocket_connection_close(connection_, 1000, nullptr); }
    [[nodiscard]] bool connected() const { return connection_ != nullptr; }

    bool answered = false;
    unsigned status = 0;
    std::string heard;
    unsigned closed = 0;

  private:
    static void on_connected(GObject* session, GAsyncResult* result, gpointer data) {
        auto& self = *static_cast<SocketClient*>(data);
        self.connection_ =
            soup_session_websocket_connect_finish(SOUP_SESSION(session), result, nullptr);
        self.answered = true;
        if (self.connection_ == nullptr) return;
        using OnMessage = void (*)(SoupWebsocketConnection*, int, GBytes*, SocketClient*);
        const OnMessage message = [](SoupWebsocketConnection*, int, GBytes* bytes,
                                     SocketClient* client) {
            gsize size = 0;
            const auto* text = static_cast<const char*>(g_bytes_get_data(bytes, &size));
            client->heard.append(text, size);
        };
        using OnClosed = void (*)(SoupWebsocketConnection*, SocketClient*);
        const OnClosed closed = [](SoupWebsocketConnection* connection, SocketClient* client) {
            client->closed = soup_websocket_connection_get_close_code(connection);
            if (client->closed == 0) client->closed = 1;
        };
        g_signal_connect(self.connection_, "message", G_CALLBACK(message), &self);
        g_signal_connect(self.connection_, "closed", G_CALLBACK(closed), &self);
    }

    SoupSession* session_;
    SoupWebsocketConnection* connection_ = nullptr;
};

/// Says everything twice; "bye" ends it.
class Echo final : public WebSocketClient {
  public:
    Echo(WebSocketLink& link, int& alive) : link_(link), alive_(alive) { ++alive_; }
    ~Echo() override { --alive_; }
    Echo(const Echo&) = delete;
    Echo& operator=(const Echo&) = delete;
    void received(const std::string& text) override {
        if (text == "bye") return link_.close(4003, "as you wish");
        link_.send(text + text);
    }
    void alive() override {}

  private:
    WebSocketLink& link_;
    int& alive_;
};

}  // namespace

TEST_CASE("The page comes by HTTPS, with a policy that lets in nothing but its own") {
    Web web;

    const auto answer = web.ask("/r/demo");

    CHECK(answer.status == 200);
    CHECK(answer.body == "<!doctype html>");
    CHECK(answer.headers.at("Content-Type") == "text/html; charset=utf-8");
    CHECK(answer.headers.at("Cache-Control") == "no-cache");
    CHECK(answer.headers.at("X-Content-Type-Options") == "nosniff");
    CHECK(answer.headers.at("Content-Security-Policy").starts_with("default-src 'none'; "));
    CHECK(answer.headers.at("Content-Security-Policy").find("unsafe") == std::string::npos);
}

TEST_CASE("Who has the file already gets no second one") {
    Web web;
    const auto first = web.ask("/assets/a-1.js");

    const auto second = web.ask("/assets/a-1.js", {{"If-None-Match", first.headers.at("ETag")}});

    CHECK(first.headers.at("Cache-Control") == "public, max-age=31536000, immutable");
    CHECK(second.status == 304);
    CHECK(second.body.empty());
}

TEST_CASE("HEAD tells the length and brings no body") {
    Web web;

    const auto answer = web.ask("/assets/a-1.js", {}, "HEAD");

    CHECK(answer.status == 200);
    CHECK(answer.headers.at("Content-Length") == "6");
    CHECK(answer.body.empty());
}

TEST_CASE("What is not there, or not taken there, is refused in words") {
    Web web;

    CHECK(code_of(web.ask("/etc/passwd")) == "not_found");
    for (const char* path : {"/%2e%2e/certificate.pem", "/assets/..%2f..%2fkey.pem"}) {
        INFO(path);
        CHECK(web.ask(path).status >= 400);  // libsoup's refusal, or ours
    }
    const auto post = web.ask("/", {}, "POST", "x");
    CHECK(post.status == 405);
    CHECK(post.headers.at("Allow") == "GET, HEAD");
}

TEST_CASE("A new page takes the place of the old one") {
    Web web;
    web.folder.write("page/index.html", "new");

    web.server->set_page(PageFiles::read(web.folder.path / "page").value());

    CHECK(web.ask("/").body == "new");
}

TEST_CASE("A handler gets all below its path, and may answer later") {
    Web web;
    WebRequest seen;
    WebRespond later;
    web.server->handle("/v1/whip", [&](const WebRequest& request, WebRespond respond) {
        seen = request;
        respond({201, "application/sdp", "v=0\r\n", {{"Location", "/v1/whip/1"}}});
    });

    const auto answer = web.ask("/v1/whip/demo", {{"X-A", "1"}}, "POST", "offer");

    CHECK(answer.status == 201);
    CHECK(answer.body == "v=0\r\n");
    CHECK(answer.headers.at("Location") == "/v1/whip/1");
    CHECK(seen.method == "POST");
    CHECK(seen.path == "/v1/whip/demo");
    CHECK(seen.body == "offer");
    CHECK(seen.source == "127.0.0.1");
    CHECK(seen.header("x-a") == "1");
    CHECK(seen.header("content-type") == "application/sdp");
    CHECK(seen.header("x-b").empty());
    CHECK(web.ask("/v1/whipped").status == 404);
}

TEST_CASE("A handler that forgets to answer is an error of ours") {
    Web web;
    web.server->handle("/v1", [](const WebRequest&, const WebRespond&) {});

    const auto answer = web.ask("/v1");

    CHECK(answer.status == 500);
    CHECK(code_of(answer) == "internal");
}

TEST_CASE("A body that is too large is refused before anybody sees it") {
    Web web;
    bool asked = false;
    web.server->handle("/v1", [&](const WebRequest&, const WebRespond& respond) {
        asked = true;
        respond({204, "", "", {}});
    });

    const auto large = web.ask("/v1", {}, "POST", std::string(1'000'001, 'x'));
    CHECK_FALSE(asked);
    const auto small = web.ask("/v1", {}, "POST", std::string(1'000'000, 'x'));

    // The client may still be writing when it is refused.
    CHECK((large.status == 413 || !large.error.empty()));
    CHECK(small.status == 204);
}

TEST_CASE("Who asks too often is told to wait, and heard again later") {
    Web web({.requests = {.per_second = 1, .burst = 2}});
    web.ask("/");
    web.ask("/");

    const auto refused = web.ask("/");
    web.clock.advance(2s);

    CHECK(refused.status == 429);
    CHECK(refused.headers.at("Retry-After") == "1");
    CHECK(code_of(refused) == "too_many");
    CHECK(web.ask("/").status == 200);
}

TEST_CASE("Who does not begin the handshake is dropped in time") {
    Web web({.connections = {.request = 100ms, .most_connections = 8, .most_per_source = 8}});
    const Silent silent(*web.server, "127.0.0.1");

    CHECK(run_until([&] { return silent.dropped(); }));
}

TEST_CASE("Many silent connections of one source cost no other source its place") {
    Web web({.connections = {.request = 60s, .most_connections = 8, .most_per_source = 2}});
    const Silent bystander(*web.server, "127.0.0.2");
    std::vector<std::unique_ptr<Silent>> flood;
    REQUIRE(run_until([&] { return web.server->connections() == 1; }));

    for (int i = 0; i < 20; ++i) {
        flood.push_back(std::make_unique<Silent>(*web.server, "127.0.0.3"));
    }

    CHECK(run_until([&] { return flood[0]->dropped() && flood[17]->dropped(); }));
    CHECK_FALSE(bystander.dropped());
    CHECK_FALSE(flood[19]->dropped());
    CHECK(web.ask("/").status == 200);
}

TEST_CASE("A certificate that is replaced is the next connection's, a broken one is not") {
    Web web;
    const std::string first = web.ask("/").certificate;
    std::filesystem::remove(web.files().certificate);
    std::filesystem::remove(web.files().private_key);
    REQUIRE(make_self_signed(web.files().certificate, web.files().private_key, "other.example"));

    web.server->refresh_certificate();
    const std::string second = web.ask("/").certificate;
    web.folder.write("certificate.pem", "rubbish");
    web.server->refresh_certificate();
    const std::string third = web.ask("/").certificate;

    CHECK(second != first);
    CHECK(third == second);
}

TEST_CASE("An address that is taken is named") {
    const Web web;

    const auto second =
        WebServer::listen({"127.0.0.1", web.server->port()},
                          HttpsCertificate::open(web.files()).value(), {}, web.clock);

    REQUIRE_FALSE(second);
    CHECK(second.error().message.starts_with("HTTPS: 127.0.0.1:"));
}

TEST_CASE("A WebSocket is spoken over until either side ends it") {
    int alive = 0;
    Web web;
    web.server->handle_sockets("/v1/ws", "words", [&](WebSocketLink& link, const WebRequest&) {
        return std::make_unique<Echo>(link, alive);
    });
    const std::string own = "https://127.0.0.1:" + std::to_string(web.server->port());
    SocketClient first(*web.server, "/v1/ws", own.c_str());
    SocketClient second(*web.server, "/v1/ws", nullptr);
    REQUIRE(first.connected());
    CHECK(alive == 2);

    first.send("ab");
    REQUIRE(run_until([&] { return first.heard == "abab"; }));
    first.send("bye");
    REQUIRE(run_until([&] { return first.closed != 0; }));
    second.close();
    REQUIRE(run_until([&] { return alive == 0; }));

    CHECK(first.closed == 4003);
    CHECK(second.heard.empty());
}

TEST_CASE("A page of another host opens no WebSocket") {
    int alive = 0;
    Web web;
    web.server->handle_sockets("/v1/ws", "words", [&](WebSocketLink& link, const WebRequest&) {
        return std::make_unique<Echo>(link, alive);
    });

    const SocketClient strange(*web.server, "/v1/ws", "https://evil.example");

    CHECK_FALSE(strange.connected());
    CHECK(strange.status == 403);
    CHECK(alive == 0);
}

TEST_CASE("A message that is too large ends its WebSocket") {
    WebServer::Options options;
    options.socket_message_bytes = 100;
    int alive = 0;
    Web web(options);
    web.server->handle_sockets("/v1/ws", "words", [&](WebSocketLink& link, const WebRequest&) {
        return std::make_unique<Echo>(link, alive);
    });
    SocketClient client(*web.server, "/v1/ws", nullptr);
    REQUIRE(client.connected());

    client.send(std::string(101, 'x'));
    REQUIRE(run_until([&] { return client.closed != 0; }));

    CHECK(client.closed == 1009);
}

TEST_CASE("A WebSocket outlives the time that an answer has") {
    WebServer::Options options;
    options.connections.answer = 50ms;
    int alive = 0;
    Web web(options);
    web.server->handle_sockets("/v1/ws", "words", [&](WebSocketLink& link, const WebRequest&) {
        return std::make_unique<Echo>(link, alive);
    });
    SocketClient client(*web.server, "/v1/ws", nullptr);
    REQUIRE(client.connected());

    for (int i = 0; i < 20; ++i) {
        const std::size_t heard = client.heard.size();
        client.send("a");
        REQUIRE(run_until([&] { return client.heard.size() > heard; }));
        REQUIRE_FALSE(tests::run_until([&] { return client.closed != 0; }, 10ms));
    }

    CHECK(client.heard.size() == 40);
}
