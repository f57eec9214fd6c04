#pragma once

#include <optional>
#include <string>

#include "common/units.h"

namespace signaling {

/// Whether an encrypted peer follows when it was told new keys, because the media daemon began
/// anew. Some agree to them and go on with the old ones (baresip 1.0), and would be deaf, or
/// unheard, for ever: no key of ours is used twice.
///
/// A peer is unheard when nothing that it sends authenticates, and deaf when it is heard and used
/// to report what came of ours, and now says nothing of it. Who never reported is given the
/// benefit of the doubt.
/// Thread: signald's loop; pure.
class KeyRenewal {
  public:
    static constexpr common::Duration kUnheardFor = std::chrono::seconds(10);
    /// RTCP comes every 5 s, give or take a half (RFC 3550 6.2), and one of ours must go before.
    static constexpr common::Duration kDeafFor = std::chrono::seconds(25);

    /// Statistics of a second: packets that authenticated, and whether the peer reports on ours.
    void heard(std::uint64_t packets, bool reported);
    /// The media daemon began anew: what was heard was its predecessor's.
    void begin_anew();
    /// The peer agreed to new keys.
    void agreed(common::Timestamp now);
    /// On hold nothing can be said; the time starts anew.
    void pause(common::Timestamp now);
    /// For people; nothing: all is well, or it is too early to tell.
    [[nodiscard]] std::optional<std::string> complaint(common::Timestamp now) const;

  private:
    bool heard_ = false, reported_ = false;
    bool reported_before_ = false;
    std::optional<common::Timestamp> since_;
};

}  // namespace signaling
