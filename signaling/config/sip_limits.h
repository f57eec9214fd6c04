#pragma once

#include <cstddef>

namespace signaling {

/// What strangers may ask of the SIP door.
struct SipLimits {
    int requests_per_second = 20;    ///< of one source, for long; an IPv6 source is a /64
    int request_burst = 60;          ///< of one source, at once
    int max_unadmitted_calls = 200;  ///< calls that wait to be let in or refused, of all sources
    std::size_t max_message_bytes = std::size_t{64} * 1024;
    friend bool operator==(const SipLimits&, const SipLimits&) = default;
};

}  // namespace signaling
