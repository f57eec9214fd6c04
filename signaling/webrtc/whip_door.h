#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "signaling/conference/call_door.h"
#include "signaling/sdp/browser_sdp.h"
#include "signaling/webrtc/join_guard.h"
#include "signaling/webrtc/web_message.h"
#include "signaling/webrtc/web_server.h"

namespace signaling {

/// The door of WHIP (RFC 9725), by which anybody publishes into a room, and of WHEP, by which
/// anybody watches one: a participant for each session.
///
/// Who comes in is asked for what the room wants, as a bearer token. POST to /v1/whip/ROOM or
/// /v1/whep/ROOM brings the offer and makes the session that Location names; `?name=` is what it is
/// called in the room. DELETE there ends it, PATCH tells more candidates: they are read and need
/// not be known, as we are ICE-lite and only answer. An ICE restart is refused with 422: the client
/// begins a new session. The address of a session is its secret. If-Match is checked where it is
/// there (RFC 9725 4.3.1 wants it; some clients send none).
///
/// Thread: the GLib loop that is the default of the thread which makes it.
/// Owner:  borrows the rooms, which outlive it; outlives the server that it serves at.
class WhipDoor {
  public:
    struct Options {
        std::size_t most_sessions = 500;   ///< beyond: 503
        std::size_t most_per_source = 32;  ///< of one address (IPv6: one /64); beyond: 429
        std::string public_address = {};   ///< stands for ours of its family in candidates
        JoinGuard* guard = nullptr;        ///< outlives the door; null: open rooms only
    };

    WhipDoor(Admission& rooms, Options options);
    ~WhipDoor();
    WhipDoor(const WhipDoor&) = delete;
    WhipDoor& operator=(const WhipDoor&) = delete;

    void serve(WebServer& server);
    /// One request at or below "/v1/whip" (Publish) or "/v1/whep" (Watch).
    void handle(BrowserUse use, const WebRequest& request, WebRespond respond);

    /// Those, too, whom the rooms have not let in yet.
    [[nodiscard]] std::size_t session_count() const { return sessions_.size(); }

  private:
    class Session;

    void begin(BrowserUse use, const std::string& room, const WebRequest& request,
               WebRespond respond);
    [[nodiscard]] WebResponse change(Session& session, const WebRequest& request);
    void admitted(const std::string& path, const tl::expected<Admitted, Refusal>& result);
    void end(const std::string& path, const Ending& ending);
    [[nodiscard]] bool too_many_of(const std::string& source) const;

    Admission& rooms_;
    Options options_;
    std::map<std::string, std::shared_ptr<Session>, std::less<>> sessions_;  // by path
};

}  // namespace signaling
