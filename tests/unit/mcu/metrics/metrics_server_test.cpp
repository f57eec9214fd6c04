#include "mcu/metrics/metrics_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

using mcu::MetricsServer;

namespace {

std::string ask(std::uint16_t port, const std::string& line) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    const std::string request = line + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    REQUIRE(send(fd, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()));
    std::string reply;
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = recv(fd, part.data(), part.size(), 0)) > 0;)
        reply.append(part.data(), static_cast<std::size_t>(n));
    close(fd);
    return reply;
}

}  // namespace

TEST_CASE("Metrics are answered with what their source says, and 503 when it says nothing") {
    std::string text = "a 1\n";
    auto server = MetricsServer::listen(
        "127.0.0.1", 0, {.metrics = [&text] { return text; }, .ready = [] { return true; }});
    REQUIRE(server);

    const std::string answered = ask((*server)->port(), "GET /metrics");
    text.clear();
    const std::string silent = ask((*server)->port(), "GET /metrics");

    CHECK(answered.starts_with("HTTP/1.1 200"));
    CHECK(answered.ends_with("a 1\n"));
    CHECK(silent.starts_with("HTTP/1.1 503"));
}

TEST_CASE("A metrics server takes GET alone, of three paths") {
    auto server = MetricsServer::listen(
        "127.0.0.1", 0, {.metrics = [] { return "a 1\n"; }, .ready = [] { return false; }});
    REQUIRE(server);

    CHECK(ask((*server)->port(), "GET /healthz").starts_with("HTTP/1.1 200"));
    CHECK(ask((*server)->port(), "GET /readyz").starts_with("HTTP/1.1 503"));
    CHECK(ask((*server)->port(), "DELETE /metrics").starts_with("HTTP/1.1 405"));
    CHECK(ask((*server)->port(), "GET /etc/passwd").starts_with("HTTP/1.1 404"));
}

TEST_CASE("A metrics server says who has its port") {
    auto first = MetricsServer::listen("127.0.0.1", 0, {});
    REQUIRE(first);

    const auto second = MetricsServer::listen("127.0.0.1", (*first)->port(), {});

    REQUIRE_FALSE(second);
    CHECK(second.error().message.find("/metrics") != std::string::npos);
}
