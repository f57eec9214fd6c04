#include "tests/integration/relay/udp_relay.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>

using namespace std::chrono_literals;

namespace {

/// A socket of 127.0.0.x that says and hears lines.
class Talker {
  public:
    explicit Talker(const std::string& address) : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
        const auto local = mcu::SocketAddress::parse(address, 0).value();
        REQUIRE(bind(fd_, local.native(), local.native_bytes()) == 0);
    }
    ~Talker() { close(fd_); }
    Talker(const Talker&) = delete;
    Talker& operator=(const Talker&) = delete;

    [[nodiscard]] mcu::SocketAddress address() const { return mcu::SocketAddress::of_socket(fd_); }
    void say(const std::string& line, const mcu::SocketAddress& to) {
        REQUIRE(sendto(fd_, line.data(), line.size(), 0, to.native(), to.native_bytes()) > 0);
    }
    std::optional<std::string> hear() {
        char buffer[100];
        sockaddr_in from{};
        socklen_t bytes = sizeof(from);
        auto* native = reinterpret_cast<sockaddr*>(&from);  // NOLINT: the socket API's shape
        const auto got = recvfrom(fd_, buffer, sizeof(buffer), MSG_DONTWAIT, native, &bytes);
        if (got < 0) return std::nullopt;
        from_ = mcu::SocketAddress::from_native(native);
        return std::string(buffer, static_cast<std::size_t>(got));
    }
    [[nodiscard]] const mcu::SocketAddress& heard_from() const { return from_; }

  private:
    int fd_;
    mcu::SocketAddress from_;
};

struct Setup {
    Talker server{"127.0.0.1"};
    common::MonotonicClock clock;
    std::unique_ptr<tests::UdpRelay> relay;

    explicit Setup(tests::LinkModel::Config down = {}) {
        const auto port = server.address().port();
        auto opened =
            tests::UdpRelay::open({"127.0.0.3", "127.0.0.1", port, port, {}, down}, clock);
        REQUIRE(opened);
        relay = std::move(*opened);
    }
    std::optional<std::string> hear(Talker& talker, common::Duration within) {
        const auto deadline = clock.now() + within;
        while (clock.now() < deadline) {
            relay->run_until(clock.now() + 5ms, -1);
            if (auto line = talker.hear()) return line;
        }
        return std::nullopt;
    }
    [[nodiscard]] mcu::SocketAddress door() const {
        return mcu::SocketAddress::parse("127.0.0.3", server.address().port()).value();
    }
};

}  // namespace

TEST_CASE("The relay passes datagrams both ways and keeps callers apart") {
    Setup setup;
    Talker anna("127.0.0.1"), ben("127.0.0.1");

    anna.say("anna", setup.door());
    CHECK(setup.hear(setup.server, 2s) == "anna");
    const auto annas = setup.server.heard_from();
    ben.say("ben", setup.door());
    CHECK(setup.hear(setup.server, 2s) == "ben");
    CHECK_FALSE(setup.server.heard_from() == annas);

    setup.server.say("to anna", annas);
    CHECK(setup.hear(anna, 2s) == "to anna");
    CHECK(anna.heard_from() == setup.door());
    CHECK_FALSE(ben.hear());
    CHECK(setup.relay->flow_count() == 2);
}

TEST_CASE("What is lost on the way back never comes") {
    Setup setup({.loss = 1});
    Talker anna("127.0.0.1");
    anna.say("anna", setup.door());
    REQUIRE(setup.hear(setup.server, 2s) == "anna");

    setup.server.say("gone", setup.server.heard_from());

    CHECK_FALSE(setup.hear(anna, 100ms));
    CHECK(setup.relay->down().counters().lost == 1);
}

TEST_CASE("A relay that finds its port taken says which") {
    Talker squatter("127.0.0.3");
    const auto port = squatter.address().port();
    const common::MonotonicClock clock;

    const auto relay = tests::UdpRelay::open({"127.0.0.3", "127.0.0.1", port, port, {}, {}}, clock);

    REQUIRE_FALSE(relay);
    CHECK(relay.error().message.find(std::to_string(port)) != std::string::npos);
}
