#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "signaling/sdp/sdp_parser.h"
#include "signaling/sdp/session_description.h"

namespace signaling {

/// One a=candidate (RFC 8839 5.1; TCP: RFC 6544 4.5).
struct IceCandidate {
    enum class Transport : std::uint8_t { Udp, Tcp };
    enum class Type : std::uint8_t { Host, ServerReflexive, PeerReflexive, Relay };
    enum class TcpType : std::uint8_t { Active, Passive, SimultaneousOpen };

    std::string foundation;
    std::uint16_t component = 1;
    Transport transport = Transport::Udp;
    std::uint32_t priority = 0;
    /// As written: browsers hide theirs behind names of mDNS ("….local").
    std::string address;
    std::uint16_t port = 0;
    Type type = Type::Host;
    std::optional<TcpType> tcp_type;  ///< there where the transport is TCP

    /// The value of the attribute, with or without "candidate:" before it (as RTCIceCandidate has
    /// it); extensions are read over. Nothing: it cannot be read, or is of another transport.
    [[nodiscard]] static std::optional<IceCandidate> parse(std::string_view value);
    /// "1 1 udp 2130706431 192.0.2.1 5004 typ host". Related addresses are not said: they serve
    /// nobody but who looks for faults, and tell of the net behind.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_numeric() const;  ///< the address is IPv4 or IPv6, not a name
    friend bool operator==(const IceCandidate&, const IceCandidate&) = default;
};

/// Proof of one ICE agent to the other. `pwd` is a secret between the two.
struct IceCredentials {
    std::string ufrag;
    std::string pwd;

    /// RFC 8839 5.4: 4 and 22 characters at least, 256 at most, of letters, digits, + and /.
    [[nodiscard]] bool valid() const;
    friend bool operator==(const IceCredentials&, const IceCredentials&) = default;
};

/// What one side says about ICE for one transport.
struct IceDescription {
    IceCredentials credentials;
    bool lite = false;
    bool trickle = false;  ///< candidates may follow (RFC 8838)
    std::vector<IceCandidate> candidates;
    bool end_of_candidates = false;
    friend bool operator==(const IceDescription&, const IceDescription&) = default;
};

/// Of a peer at most so many candidates count, in its order.
constexpr std::size_t kMostCandidates = 64;

/// Credentials and options may stand in the session's part. Nothing: there are none, or they are
/// not `valid`. Candidates that cannot be read are left out (RFC 8839 5.1).
[[nodiscard]] std::optional<IceDescription> ice_of(const SdpMedia& media,
                                                   const SessionDescription& session);

/// Credentials and options, appended; a=ice-lite belongs to the session and is not among them.
void describe_ice(const IceDescription& ours, SdpMedia& media);
/// Candidates and their end, appended.
void describe_candidates(const IceDescription& ours, SdpMedia& media);

/// What trickles behind a description, or begins ICE anew (RFC 8840 9, application/
/// trickle-ice-sdpfrag). All candidates are of one transport: media are bundled.
struct IceFragment {
    std::optional<IceCredentials> credentials;
    std::vector<IceCandidate> candidates;
    bool end_of_candidates = false;
    friend bool operator==(const IceFragment&, const IceFragment&) = default;
};

/// Fails where a line cannot be read, and where credentials are there that are not `valid`.
[[nodiscard]] tl::expected<IceFragment, SdpError> parse_ice_fragment(std::string_view text);
/// Credentials, then one m-line (`media`, with its mid) with candidates and their end.
[[nodiscard]] std::string write_ice_fragment(const IceDescription& ours, std::string_view media,
                                             std::string_view mid);

}  // namespace signaling
