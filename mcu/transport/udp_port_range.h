#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "common/result.h"
#include "mcu/transport/udp_port.h"

namespace mcu {

class UdpPortRange;

/// The two ports of one medium: RTP on an even port, RTCP on the next (RFC 3550 11). Its numbers go
/// back to the range when it is destroyed.
class UdpPortPair {
  public:
    ~UdpPortPair();
    UdpPortPair(const UdpPortPair&) = delete;
    UdpPortPair& operator=(const UdpPortPair&) = delete;

    [[nodiscard]] UdpPort& rtp() { return *rtp_; }
    [[nodiscard]] UdpPort& rtcp() { return *rtcp_; }

  private:
    friend class UdpPortRange;
    UdpPortPair(UdpPortRange& range, std::size_t slot, std::unique_ptr<UdpPort> rtp,
                std::unique_ptr<UdpPort> rtcp);
    UdpPortRange& range_;
    const std::size_t slot_;
    std::unique_ptr<UdpPort> rtp_;
    std::unique_ptr<UdpPort> rtcp_;
};

/// The UDP ports that media may use, as the operator's firewall knows them.
///
/// Thread: any thread. No lock is held across a system call.
/// Owner:  outlives its pairs.
/// Order:  round and round, so that a port just freed (late packets of the old call still come) is
///         the last to be given again.
class UdpPortRange {
  public:
    /// Both inclusive. Fails with `InvalidArgument` when no even/odd pair lies between.
    /// `start`: any number; says which pair is given first. A random one keeps the packets that
    /// peers still send to the process before us away from our new sessions.
    [[nodiscard]] static common::Result<std::unique_ptr<UdpPortRange>> create(
        std::uint16_t first, std::uint16_t last, std::size_t start = 0);
    ~UdpPortRange();

    /// A pair on `local` (its port is not looked at). An empty address: the wildcard, IPv4 and
    /// IPv6. Ports that another program took are skipped. `LimitReached` when none is left, `Io`
    /// when the address is not ours or descriptors ran out.
    [[nodiscard]] common::Result<std::unique_ptr<UdpPortPair>> open_pair(const SocketAddress& local,
                                                                         TrafficClass traffic)
        EXCLUDES(mutex_);

    [[nodiscard]] std::size_t pairs_in_use() const EXCLUDES(mutex_);
    [[nodiscard]] std::size_t pairs_in_all() const { return pair_count_; }

  private:
    friend class UdpPortPair;
    UdpPortRange(std::uint16_t first_even, std::size_t pairs, std::size_t start);
    void release(std::size_t slot) EXCLUDES(mutex_);
    /// The next free slot at or after `next_`, taken; `pairs_in_all()` when none is free.
    std::size_t take() EXCLUDES(mutex_);
    common::Result<std::unique_ptr<UdpPortPair>> try_open(std::size_t slot,
                                                          const SocketAddress& local,
                                                          TrafficClass traffic);
    [[nodiscard]] std::string text() const;

    const std::uint16_t first_even_;
    const std::size_t pair_count_;
    mutable common::Mutex mutex_;
    std::vector<bool> used_ GUARDED_BY(mutex_);
    std::size_t next_ GUARDED_BY(mutex_);
    std::size_t in_use_ GUARDED_BY(mutex_) = 0;
};

}  // namespace mcu
