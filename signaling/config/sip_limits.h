#pragma once

#include <cstddef>

#include "common/units.h"

namespace signaling {

/// What strangers may ask of the SIP door.
struct SipLimits {
    int requests_per_second = 20;    ///< of one source, for long; an IPv6 source is a /64
    int request_burst = 60;          ///< of one source, at once
    int max_unadmitted_calls = 200;  ///< calls that wait to be let in or refused, of all sources
    std::size_t max_message_bytes = std::size_t{64} * 1024;
    int max_connections = 500;             ///< TCP and TLS, of all sources
    int max_connections_per_source = 100;  ///< an IPv6 source is a /64
    /// A connection that no call uses and that nothing came over for so long is closed.
    common::Duration connection_idle = std::chrono::seconds(180);
    friend bool operator==(const SipLimits&, const SipLimits&) = default;
};

}  // namespace signaling
