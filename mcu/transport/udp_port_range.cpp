#include "mcu/transport/udp_port_range.h"

#include "common/invariant.h"

namespace mcu {

using common::ErrorCode;
using common::Result;

UdpPortPair::UdpPortPair(UdpPortRange& range, std::size_t slot, std::unique_ptr<UdpPort> rtp,
                         std::unique_ptr<UdpPort> rtcp)
    : range_(range), slot_(slot), rtp_(std::move(rtp)), rtcp_(std::move(rtcp)) {}

UdpPortPair::~UdpPortPair() {
    // Closed first: whoever is given the numbers must find them free.
    rtp_.reset();
    rtcp_.reset();
    range_.release(slot_);
}

Result<std::unique_ptr<UdpPortRange>> UdpPortRange::create(std::uint16_t first, std::uint16_t last,
                                                           std::size_t start) {
    const unsigned first_even = (first + 1U) & ~1U;
    if (first == 0 || first_even + 1U > last) {
        return common::fail(ErrorCode::InvalidArgument,
                            "UDP port range " + std::to_string(first) + "-" + std::to_string(last) +
                                " holds no pair of an even port and the next one");
    }
    const std::size_t pairs = (last - first_even + 1U) / 2;
    return std::unique_ptr<UdpPortRange>(
        new UdpPortRange(static_cast<std::uint16_t>(first_even), pairs, start));
}

UdpPortRange::UdpPortRange(std::uint16_t first_even, std::size_t pairs, std::size_t start)
    : first_even_(first_even), pair_count_(pairs), used_(pairs), next_(start % pairs) {}

UdpPortRange::~UdpPortRange() {
    INVARIANT(pairs_in_use() == 0);
}

Result<std::unique_ptr<UdpPortPair>> UdpPortRange::open_pair(const SocketAddress& local,
                                                             TrafficClass traffic) {
    std::size_t taken_by_others = 0;
    const std::size_t free_pairs = pair_count_ - pairs_in_use();
    for (std::size_t attempt = 0; attempt < free_pairs; ++attempt) {
        const std::size_t slot = take();
        if (slot == pair_count_) break;
        Result<std::unique_ptr<UdpPortPair>> pair = try_open(slot, local, traffic);
        if (pair) return pair;
        release(slot);
        if (pair.error().code != ErrorCode::AlreadyExists) return pair;
        ++taken_by_others;
    }
    return common::fail(ErrorCode::LimitReached,
                        "no free RTP port in " + text() + ": " + std::to_string(pairs_in_use()) +
                            " of " + std::to_string(pair_count_) + " pairs in use, " +
                            std::to_string(taken_by_others) + " taken by other programs");
}

Result<std::unique_ptr<UdpPortPair>> UdpPortRange::try_open(std::size_t slot,
                                                            const SocketAddress& local,
                                                            TrafficClass traffic) {
    const auto port = static_cast<std::uint16_t>(first_even_ + 2 * slot);
    SocketAddress address = local;
    UdpPort::Families families = UdpPort::Families::OwnOnly;
    if (!local.valid()) {
        address = *SocketAddress::parse("::", 0);
        families = UdpPort::Families::Both;
    }
    auto rtp = UdpPort::open(address.with_port(port), families, traffic);
    if (!rtp && !local.valid() && rtp.error().code == ErrorCode::Io) {
        // A machine without IPv6.
        address = *SocketAddress::parse("0.0.0.0", 0);
        families = UdpPort::Families::OwnOnly;
        rtp = UdpPort::open(address.with_port(port), families, traffic);
    }
    if (!rtp) return tl::unexpected(std::move(rtp.error()));
    auto rtcp =
        UdpPort::open(address.with_port(static_cast<std::uint16_t>(port + 1)), families, traffic);
    if (!rtcp) return tl::unexpected(std::move(rtcp.error()));
    return std::unique_ptr<UdpPortPair>(
        new UdpPortPair(*this, slot, std::move(*rtp), std::move(*rtcp)));
}

std::size_t UdpPortRange::take() {
    common::MutexLock lock(mutex_);
    for (std::size_t i = 0; i < pair_count_; ++i) {
        const std::size_t slot = (next_ + i) % pair_count_;
        if (used_[slot]) continue;
        used_[slot] = true;
        ++in_use_;
        next_ = (slot + 1) % pair_count_;
        return slot;
    }
    return pair_count_;
}

void UdpPortRange::release(std::size_t slot) {
    common::MutexLock lock(mutex_);
    INVARIANT(used_[slot]);
    used_[slot] = false;
    --in_use_;
}

std::size_t UdpPortRange::pairs_in_use() const {
    common::MutexLock lock(mutex_);
    return in_use_;
}

std::string UdpPortRange::text() const {
    return std::to_string(first_even_) + "-" + std::to_string(first_even_ + 2 * pair_count_ - 1);
}

}  // namespace mcu
