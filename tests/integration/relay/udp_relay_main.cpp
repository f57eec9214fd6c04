// A bad network for tests, driven from outside.
//
//   udp_relay LISTEN SERVER FIRST_PORT-LAST_PORT SEED
//
// Passes datagrams from LISTEN to the same ports of SERVER and back (see udp_relay.h). Obeys one
// JSON object a line on stdin, and answers each with one on stdout:
//
//   {"up": {CONDITIONS}, "down": {CONDITIONS}}   from now on; what is left out stays as it is
//   {"count": true}                              only the answer: counters of both links
//
// CONDITIONS: loss, duplicate (0 to 1), burst (datagrams), delay_ms, jitter_ms, queue_ms, rate_bps,
// header_bytes, keeps_order. Says {"ready": true} first; ends with stdin.

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/relay/udp_relay.h"

namespace {

using nlohmann::json;

common::Duration milliseconds(double ms) {
    return common::Duration(static_cast<std::int64_t>(ms * 1e6));
}

void change(tests::LossyLink& link, const json& wanted) {
    tests::LinkModel::Config config = link.config();
    for (const auto& [key, value] : wanted.items()) {
        if (key == "loss")
            config.loss = value.get<double>();
        else if (key == "burst")
            config.burst = value.get<double>();
        else if (key == "duplicate")
            config.duplicate = value.get<double>();
        else if (key == "delay_ms")
            config.delay = milliseconds(value.get<double>());
        else if (key == "jitter_ms")
            config.jitter = milliseconds(value.get<double>());
        else if (key == "queue_ms")
            config.queue = milliseconds(value.get<double>());
        else if (key == "header_bytes")
            config.header_bytes = value.get<std::size_t>();
        else if (key == "rate_bps")
            config.rate_bps = value.get<std::int64_t>();
        else if (key == "keeps_order")
            config.keeps_order = value.get<bool>();
        else
            throw std::invalid_argument("unknown condition '" + key + "'");
    }
    link.change(config);
}

json counts(const tests::LossyLink& link) {
    const auto& c = link.counters();
    return {{"sent", c.sent},
            {"sent_bytes", c.sent_bytes},
            {"lost", c.lost},
            {"overflowed", c.overflowed},
            {"duplicated", c.duplicated}};
}

json obey(tests::UdpRelay& relay, const std::string& line) try {
    const json command = json::parse(line);
    for (const auto& [key, value] : command.items()) {
        if (key != "up" && key != "down" && key != "count") {
            throw std::invalid_argument("unknown command '" + key + "'");
        }
    }
    if (command.contains("up")) change(relay.up(), command["up"]);
    if (command.contains("down")) change(relay.down(), command["down"]);
    return {{"up", counts(relay.up())},
            {"down", counts(relay.down())},
            {"flows", relay.flow_count()},
            {"send_errors", relay.counters().send_errors},
            {"refused_flows", relay.counters().refused_flows}};
} catch (const std::exception& error) {
    return {{"error", error.what()}};
}

/// False at the end of stdin.
bool read_commands(tests::UdpRelay& relay, std::string& pending) {
    char buffer[4096];
    const ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (got <= 0) return false;
    pending.append(buffer, static_cast<std::size_t>(got));
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
        std::cout << obey(relay, pending.substr(0, end)).dump() << std::endl;
        pending.erase(0, end + 1);
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string ports = argc == 5 ? argv[3] : "";
    const auto dash = ports.find('-');
    if (dash == std::string::npos) {
        std::cerr << "usage: udp_relay LISTEN SERVER FIRST_PORT-LAST_PORT SEED\n";
        return 2;
    }
    tests::UdpRelay::Config config;
    config.listen = argv[1];
    config.server = argv[2];
    config.first_port = static_cast<std::uint16_t>(std::stoi(ports.substr(0, dash)));
    config.last_port = static_cast<std::uint16_t>(std::stoi(ports.substr(dash + 1)));
    config.up.seed = std::stoull(argv[4]);
    config.down.seed = config.up.seed + 1;

    const common::MonotonicClock clock;
    auto relay = tests::UdpRelay::open(config, clock);
    if (!relay) {
        std::cout << json{{"error", relay.error().message}}.dump() << std::endl;
        return 1;
    }
    std::cout << json{{"ready", true}}.dump() << std::endl;
    std::string pending;
    for (;;) {
        const bool commanded =
            (*relay)->run_until(clock.now() + std::chrono::seconds(1), STDIN_FILENO);
        if (commanded && !read_commands(**relay, pending)) return 0;
    }
}
