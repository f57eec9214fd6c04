#include "common/metrics_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "tests/support/main_loop.h"

using common::MetricsServer;

namespace {

/// The whole answer; empty when nobody listens. Asserts nothing: it is asked on other threads, too.
std::string ask(std::uint16_t port, const std::string& line) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string reply;
    if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
        const std::string request = line + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        (void)send(fd, request.data(), request.size(), MSG_NOSIGNAL);
        std::array<char, 4096> part{};
        for (ssize_t n = 0; (n = recv(fd, part.data(), part.size(), 0)) > 0;)
            reply.append(part.data(), static_cast<std::size_t>(n));
    }
    close(fd);
    return reply;
}

}  // namespace

TEST_CASE("Metrics are answered with what their source says, and 503 when it says nothing") {
    std::string text = "a 1\n";
    auto server = MetricsServer::listen(
        "127.0.0.1", 0,
        {.metrics = [&text] { return text; }, .obstacle = [] { return std::string(); }});
    REQUIRE(server);

    const std::string answered = ask((*server)->port(), "GET /metrics");
    text.clear();
    const std::string silent = ask((*server)->port(), "GET /metrics");

    CHECK(answered.starts_with("HTTP/1.1 200"));
    CHECK(answered.ends_with("a 1\n"));
    CHECK(silent.starts_with("HTTP/1.1 503"));
}

TEST_CASE("A metrics server takes GET alone, of three paths") {
    auto server = MetricsServer::listen("127.0.0.1", 0,
                                        {.metrics = [] { return "a 1\n"; },
                                         .obstacle = [] { return std::string("it is \"full\""); }});
    REQUIRE(server);

    CHECK(ask((*server)->port(), "GET /healthz").starts_with("HTTP/1.1 200"));
    CHECK(ask((*server)->port(), "GET /readyz").starts_with("HTTP/1.1 503"));
    CHECK(ask((*server)->port(), "GET /readyz")
              .ends_with(R"({"status":"not ready","reason":"it is \"full\""})"));
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

TEST_CASE("A metrics server on its caller's loop answers from there") {
    std::thread::id answered_on;
    auto server = MetricsServer::listen("127.0.0.1", 0,
                                        {.metrics =
                                             [&] {
                                                 answered_on = std::this_thread::get_id();
                                                 return std::string("a 1\n");
                                             },
                                         .obstacle = [] { return std::string(); }},
                                        MetricsServer::RunsOn::CallersLoop);
    REQUIRE(server);

    auto answer =
        std::async(std::launch::async, [&] { return ask((*server)->port(), "GET /metrics"); });

    REQUIRE(tests::run_until(
        [&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
    CHECK(answer.get().ends_with("a 1\n"));
    CHECK(answered_on == std::this_thread::get_id());
}
