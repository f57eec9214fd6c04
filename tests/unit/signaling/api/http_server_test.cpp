#include "signaling/api/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/main_loop.h"

using namespace signaling;
using common::HttpListener;
using namespace std::chrono_literals;
using tests::run_until;

namespace {

constexpr const char* kHealth = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr const char* kWait = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A port of 127.0.0.1 that nobody has right now.
std::uint16_t free_port() {
    const int probe = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(bind(probe, reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(getsockname(probe, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    close(probe);
    return ntohs(at.sin_port);
}

/// A client that never blocks the loop it shares with the server.
class Client {
  public:
    explicit Client(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(connect(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
        REQUIRE(fcntl(socket_, F_SETFL, O_NONBLOCK) == 0);
    }
    ~Client() { close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void say(const std::string& text) {
        (void)send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    }
    [[nodiscard]] bool heard(const std::string& text) {
        look();
        return heard_.find(text) != std::string::npos;
    }
    [[nodiscard]] bool dropped() {
        look();
        return dropped_;
    }

  private:
    void look() {
        std::array<char, 4096> piece{};
        ssize_t size = 0;
        while ((size = recv(socket_, piece.data(), piece.size(), 0)) > 0)
            heard_.append(piece.data(), static_cast<std::size_t>(size));
        if (size == 0 || errno == ECONNRESET) dropped_ = true;
    }

    int socket_;
    std::string heard_;
    bool dropped_ = false;
};

struct Api {
    explicit Api(const HttpListener::Limits& limits) {
        router.add("GET", "/healthz", [](auto&, auto&, const Respond& respond) {
            respond({200, "text/plain", "ok", ""});
        });
        router.add("GET", "/readyz",
                   [this](auto&, auto&, const Respond& respond) { waiting.push_back(respond); });
        auto listening = HttpServer::listen({"127.0.0.1", port}, "secret", router, limits);
        REQUIRE(listening);
        server = *std::move(listening);
    }

    std::uint16_t port = free_port();
    Router router;
    std::vector<Respond> waiting;  ///< of requests that are being answered
    std::unique_ptr<HttpServer> server;
};

HttpListener::Limits brief() {
    return {.request = 100ms, .answer = 300ms, .most_connections = 4};
}

HttpListener::Limits patient() {
    return {.request = 60s, .answer = 60s, .most_connections = 4};
}

}  // namespace

TEST_CASE("A client that says nothing is dropped in time") {
    Api api(brief());
    Client silent(api.port);

    CHECK(run_until([&] { return silent.dropped(); }));
}

TEST_CASE("A client that sends a request a byte at a time is dropped in time") {
    Api api(brief());
    Client slow(api.port);

    CHECK(run_until([&] {
        slow.say("G");
        return slow.dropped();
    }));
}

TEST_CASE("A client is answered, told that the connection ends, and let go") {
    Api api(patient());
    Client client(api.port);

    client.say(kHealth);

    CHECK(run_until([&] { return client.heard("\r\nConnection: close\r\n"); }));
    CHECK(run_until([&] { return client.heard("\r\n\r\nok"); }));
    CHECK(run_until([&] { return client.dropped(); }));
}

TEST_CASE(
    "A client whose answer does not come is dropped in time, and a late answer hurts nobody") {
    Api api(brief());
    Client client(api.port);

    client.say(kWait);
    REQUIRE(run_until([&] { return api.waiting.size() == 1; }));
    CHECK(run_until([&] { return client.dropped(); }));
    api.waiting[0]({200, "text/plain", "late", ""});

    CHECK_FALSE(client.heard("late"));
}

TEST_CASE("An answer that takes longer than the request's deadline still comes") {
    HttpListener::Limits limits = patient();
    limits.request = 200ms;
    Api api(limits);
    Client client(api.port);
    Client silent(api.port);

    client.say(kWait);
    REQUIRE(run_until([&] { return api.waiting.size() == 1; }));
    REQUIRE(run_until([&] { return silent.dropped(); }));  // so much time has passed
    api.waiting[0]({200, "text/plain", "late", ""});

    CHECK(run_until([&] { return client.heard("late"); }));
}

TEST_CASE("Beyond the most connections the one that was silent longest makes room") {
    Api api(patient());
    std::vector<std::unique_ptr<Client>> silent;
    for (int i = 0; i < 4; ++i) {
        silent.push_back(std::make_unique<Client>(api.port));
        run_until([] { return false; }, 20ms);  // so that they are taken in one after the other
    }

    Client client(api.port);
    client.say(kHealth);

    CHECK(run_until([&] { return client.heard("\r\n\r\nok"); }));
    CHECK(run_until([&] { return silent[0]->dropped(); }));
    CHECK_FALSE(silent[3]->dropped());
}

TEST_CASE("While all connections are being answered no other is taken") {
    Api api(patient());
    std::vector<std::unique_ptr<Client>> busy;
    for (int i = 0; i < 4; ++i) {
        busy.push_back(std::make_unique<Client>(api.port));
        busy.back()->say(kWait);
        REQUIRE(run_until([&] { return api.waiting.size() == busy.size(); }));
    }

    Client client(api.port);

    CHECK(run_until([&] { return client.dropped(); }));
    CHECK_FALSE(busy[0]->dropped());
}

TEST_CASE(
    "A server that goes lets go of clients that are still there, and of those it owes an answer") {
    auto api = std::make_unique<Api>(patient());
    Client silent(api->port);
    Client client(api->port);
    client.say(kWait);
    REQUIRE(run_until([&] { return api->waiting.size() == 1; }));

    api->server.reset();

    CHECK(run_until([&] { return client.dropped(); }));
    CHECK(run_until([&] { return silent.dropped(); }));
    api->waiting[0]({200, "text/plain", "late", ""});
}

TEST_CASE("A server counts its answers by status, and the clients that are connected") {
    Api api(patient());
    Client client(api.port), stranger(api.port);
    REQUIRE(run_until([&] { return api.server->connections() == 2; }));

    client.say(kHealth);
    stranger.say("GET /v1/rooms HTTP/1.1\r\nHost: localhost\r\n\r\n");

    CHECK(run_until([&] { return client.dropped() && stranger.dropped(); }));
    CHECK(api.server->answers() == std::map<int, std::uint64_t>{{200, 1}, {401, 1}});
    CHECK(run_until([&] { return api.server->connections() == 0; }));
}
