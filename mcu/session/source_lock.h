#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/units.h"
#include "mcu/rtp/rtp_packet.h"
#include "mcu/transport/socket_address.h"

namespace mcu {

/// Decides whose RTP is let in: the first source that proves valid is locked, and nobody who sprays
/// packets at our port later is heard (RTP bleed) or can move where we send.
///
/// Valid:   two packets in sequence under one SSRC (RFC 3550 A.1). The first is kept and let in
///          before the second.
/// Signalled: the address that signalling told has the better right: proving itself, it takes the
///          lock from another source, once and for all.
/// Relearn: for kLearningTime another source may prove itself; until it does, the old one stays.
/// Thread:  net thread. Allocates nothing.
class SourceLock {
  public:
    static constexpr common::Duration kLearningTime = std::chrono::seconds(5);
    static constexpr std::size_t kMaxCandidates = 4;

    /// What may go on now, in this order.
    struct Admitted {
        std::optional<RtpPacket> first, second;
    };

    /// Where the peer says, or has proven, that it receives; none: not known.
    void set_signalled(const SocketAddress& address) { signalled_ = address; }
    [[nodiscard]] const SocketAddress& signalled() const { return signalled_; }
    /// Signalling says that the peer may send from elsewhere from now on.
    void relearn(common::Timestamp now);

    /// `known_type`: the payload type was negotiated. Other packets prove nothing.
    [[nodiscard]] Admitted admit(RtpPacket packet, bool known_type, const SocketAddress& from,
                                 common::Timestamp now);

    /// A packet of this source could be admitted, or count towards it.
    [[nodiscard]] bool may_come_from(const SocketAddress& from, common::Timestamp now) const {
        return from == locked_ || may_lock(from, now);
    }
    /// As far as is known this is the peer, be it that it sent no RTP yet and never will.
    [[nodiscard]] bool is_peer(const SocketAddress& from) const {
        return from == locked_ || from == signalled_;
    }
    [[nodiscard]] bool locked() const { return locked_.valid(); }
    [[nodiscard]] const SocketAddress& source() const { return locked_; }  ///< none: not locked
    /// Where to send: to the locked source, which is the signalled address unless a NAT is between;
    /// while learning to the signalled one. None: nobody is known.
    [[nodiscard]] const SocketAddress& destination(common::Timestamp now) const;
    [[nodiscard]] std::uint64_t foreign_packets() const { return foreign_packets_; }

  private:
    struct Candidate {
        SocketAddress from;
        RtpPacket packet;  ///< its newest
    };
    [[nodiscard]] bool may_lock(const SocketAddress& from, common::Timestamp now) const;
    std::optional<Candidate>* find(const SocketAddress& from, std::uint32_t ssrc);
    void remember(RtpPacket packet, const SocketAddress& from);
    void forget_candidates();

    SocketAddress signalled_;
    SocketAddress locked_;
    common::Timestamp learning_until_;
    std::array<std::optional<Candidate>, kMaxCandidates> candidates_;
    std::size_t next_candidate_ = 0;
    std::uint64_t foreign_packets_ = 0;
};

}  // namespace mcu
