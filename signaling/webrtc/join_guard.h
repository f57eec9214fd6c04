#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "common/clock.h"
#include "signaling/auth/join_keys.h"
#include "signaling/auth/join_token.h"
#include "signaling/config/settings.h"
#include "signaling/sip/source_limiter.h"
#include "signaling/webrtc/web_message.h"

namespace signaling {

/// By what somebody wants to get into a room; either may be empty.
struct Credentials {
    std::string token;
    std::string pin;
};

/// The bearer token of a request (RFC 9725 4.6, RFC 6750 2.1), or nothing. Clients of WHIP can say
/// a bearer and nothing else: one without dots, which no JWT is, is a PIN.
[[nodiscard]] Credentials bearer_of(const WebRequest& request);

/// In what role somebody may come in, and what the token says they are called (empty: as they say).
struct Entrance {
    JoinRole role = JoinRole::Guest;
    std::string name;
};

struct JoinRefusal {
    /// As in docs/websocket.md: need_token, bad_token, expired_token, need_pin, bad_pin, too_many.
    std::string code;
    std::string text;
    int retry_after_s = 0;  ///< 0: not said
};

/// The same in the words of HTTP: 401 with WWW-Authenticate (RFC 6750 3), or 429 with Retry-After.
[[nodiscard]] WebResponse web_refusal(const JoinRefusal& refusal);

/// Decides who may enter which room: by a join token, by the room's PIN, or, where the room wants
/// neither, by name.
///
/// A token that is there is looked at in any room, and alone: a bad one is not mended by a PIN.
/// Wrong PINs of one source (IPv6: of one /64) are counted: after five, one in twelve seconds is
/// looked at. Of a room that is not there it says nothing: the rooms refuse it.
///
/// Thread: the loop.
class JoinGuard {
  public:
    using FindRoom = std::function<std::optional<RoomSettings>(const std::string& id)>;
    using UnixSeconds = std::function<std::int64_t()>;

    JoinGuard(FindRoom find_room, JoinKeys keys, UnixSeconds now_s, const common::Clock& clock);

    void set_keys(JoinKeys keys) { keys_ = std::move(keys); }
    /// `source`: the numeric address of who asks.
    [[nodiscard]] tl::expected<Entrance, JoinRefusal> check(const std::string& room,
                                                            const Credentials& given,
                                                            const std::string& source);

  private:
    [[nodiscard]] tl::expected<Entrance, JoinRefusal> check_pin(const std::string& pin,
                                                                const RoomSettings& room,
                                                                const std::string& source);

    FindRoom find_room_;
    JoinKeys keys_;
    UnixSeconds now_s_;
    const common::Clock& clock_;
    SourceLimiter wrong_pins_;
};

}  // namespace signaling
