#pragma once

#include <string>
#include <vector>

namespace signaling {

/// What one side says by ICE of the one transport that all media of a session share.
struct IceSide {
    std::string ufrag;
    std::string pwd;  ///< a secret between the two sides
    /// As a=candidate has them (RFC 8839 5.1), without "candidate:".
    std::vector<std::string> candidates;
    friend bool operator==(const IceSide&, const IceSide&) = default;
};

}  // namespace signaling
