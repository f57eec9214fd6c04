#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/toml_config.h"

namespace signaling {

enum class SipTransport : std::uint8_t { Udp, Tcp, Tls };

/// What becomes of media that could be encrypted. `Required`: calls whose media cannot be are
/// refused.
enum class MediaEncryption : std::uint8_t { Off, Optional, Required };

/// A numeric address and port to listen at.
struct ListenAddress {
    std::string host;  ///< numeric IPv4 or IPv6, without brackets
    std::uint16_t port = 0;
    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// One address at which SIP is listened for, and what holds for those who call there.
struct ListenerSettings {
    std::vector<SipTransport> transports;  ///< each once; Tls stands alone
    ListenAddress at;
    /// What SIP and SDP call us behind a NAT, numeric; empty: the route to the peer decides.
    std::string public_address;
    MediaEncryption media_encryption = MediaEncryption::Optional;
    std::string digest_users_file;  ///< empty: callers are not asked who they are
    std::string digest_realm = "tessera";
    std::vector<std::string> digest_algorithms{"SHA-256", "MD5"};  ///< in the order offered
    friend bool operator==(const ListenerSettings&, const ListenerSettings&) = default;
};

/// `host:port`, with brackets around IPv6.
[[nodiscard]] std::string to_string(const ListenAddress& address);
/// `udp:host:port`, one for each transport.
[[nodiscard]] std::vector<std::string> names_of(const ListenerSettings& listener);

[[nodiscard]] bool is_numeric_address(const std::string& host);
[[nodiscard]] bool is_ipv6(const std::string& host);
/// "127.0.0.1:80", "[::1]:80"; nothing when it is neither.
[[nodiscard]] std::optional<ListenAddress> parse_address(std::string_view text);

/// Reads `sip = ["udp:0.0.0.0:5060", ...]` and `[[signald.listener]]`. What the file does not say
/// is `defaults`. Mistakes are noted in the document.
[[nodiscard]] std::vector<ListenerSettings> read_listeners(common::TomlSection& signald,
                                                           std::vector<ListenerSettings> defaults);

}  // namespace signaling
