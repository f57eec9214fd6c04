#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/result.h"
#include "mcu/transport/socket_address.h"
#include "tests/support/lossy_link.h"

namespace tests {

/// A bad network in front of a server: listens on a range of ports of its own address and passes
/// datagrams to the same ports of the server's address and back, like a 1:1 NAT that announces
/// itself as `public_address`. What goes towards the server travels `up`, what comes back `down`;
/// all callers share both links.
///
/// Flow:    a caller's address and a port; each has a socket of its own towards the server.
/// Bounds:  kMaxFlows; a new one beyond that is dropped and counted.
/// Thread:  one.
class UdpRelay {
  public:
    static constexpr std::size_t kMaxFlows = 512;

    struct Config {
        std::string listen, server;  ///< addresses, numeric
        std::uint16_t first_port = 0, last_port = 0;
        LinkModel::Config up, down;
    };
    struct Counters {
        std::uint64_t refused_flows = 0, send_errors = 0;
    };

    [[nodiscard]] static common::Result<std::unique_ptr<UdpRelay>> open(const Config& config,
                                                                        const common::Clock& clock);
    ~UdpRelay();
    UdpRelay(const UdpRelay&) = delete;
    UdpRelay& operator=(const UdpRelay&) = delete;

    /// Waits for datagrams, or for what is under way to arrive, at most until `deadline`; passes on
    /// what is due. True when `also` (a file descriptor, -1: none) became readable.
    bool run_until(common::Timestamp deadline, int also);

    [[nodiscard]] LossyLink& up() { return up_; }
    [[nodiscard]] LossyLink& down() { return down_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] std::size_t flow_count() const { return flows_.size(); }

  private:
    struct Flow {
        int server_side = -1;  ///< connected to the server's port
        int caller_side = -1;  ///< the listening socket it came in by
        mcu::SocketAddress caller;
    };

    UdpRelay(const Config& config, const common::Clock& clock);
    common::Result<void> listen_on(std::uint16_t port);
    void read_callers(int fd, std::uint16_t port);
    void read_server(std::uint64_t flow);
    void deliver(common::Timestamp now);
    [[nodiscard]] int flow_of(int fd, std::uint16_t port, const mcu::SocketAddress& caller);

    const Config config_;
    const common::Clock& clock_;
    LossyLink up_, down_;
    int epoll_ = -1;
    std::map<std::uint16_t, int> listening_;
    std::vector<Flow> flows_;  ///< the index is the tag of its datagrams
    std::map<std::pair<std::string, std::uint16_t>, int> flow_by_caller_;
    Counters counters_;
};

}  // namespace tests
