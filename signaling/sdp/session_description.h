#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signaling {

/// `c=`, and the tail of `o=`. The address is as written, without TTL; it may be a host name.
struct SdpAddress {
    bool ipv6 = false;
    std::string address;
    friend bool operator==(const SdpAddress&, const SdpAddress&) = default;
};

struct SdpOrigin {
    std::string username = "-";
    std::string session_id = "0";  ///< decimal; kept as text: peers write numbers beyond 64 bits
    std::string version = "0";
    SdpAddress address;
    friend bool operator==(const SdpOrigin&, const SdpOrigin&) = default;
};

struct SdpBandwidth {
    std::string type;  ///< "AS" in kbit/s, "TIAS" in bit/s, "CT"…
    std::uint64_t value = 0;
    friend bool operator==(const SdpBandwidth&, const SdpBandwidth&) = default;
};

/// `a=name` (a property: the value is empty) or `a=name:value`.
struct SdpAttribute {
    std::string name;
    std::string value;
    friend bool operator==(const SdpAttribute&, const SdpAttribute&) = default;
};

/// One m-line and what belongs to it.
struct SdpMedia {
    std::string media;  ///< "audio", "video", "application"…
    std::uint16_t port = 0;
    std::string protocol;              ///< "RTP/AVP"
    std::vector<std::string> formats;  ///< payload types, or whatever the protocol says
    std::optional<SdpAddress> connection;
    std::vector<SdpBandwidth> bandwidths;
    std::vector<SdpAttribute> attributes;
    friend bool operator==(const SdpMedia&, const SdpMedia&) = default;
};

/// A session description (RFC 8866), as far as a call needs it. Times, title, e-mail, phone and
/// keys are read over and not kept.
struct SessionDescription {
    SdpOrigin origin;
    std::string name = "-";
    std::optional<SdpAddress> connection;
    std::vector<SdpBandwidth> bandwidths;
    std::vector<SdpAttribute> attributes;
    std::vector<SdpMedia> media;
    friend bool operator==(const SessionDescription&, const SessionDescription&) = default;
};

/// The first attribute of that name (exact case, RFC 8866 5.13), or null.
[[nodiscard]] const SdpAttribute* find_attribute(const std::vector<SdpAttribute>& attributes,
                                                 std::string_view name);

}  // namespace signaling
