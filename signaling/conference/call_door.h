#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "common/units.h"
#include "signaling/conference/media_offer.h"
#include "signaling/conference/session_bundle.h"
#include "signaling/config/listener_settings.h"

namespace signaling {

/// Names one participant of one conference; chosen by the conference, unique in this process' life.
using ParticipantId = std::string;

enum class RefusalReason : std::uint8_t {
    UnknownRoom,    ///< SIP 404
    Full,           ///< SIP 486
    NotAcceptable,  ///< SIP 488: nothing in common; the text names what was missing
    MediaAway,      ///< SIP 503 with Retry-After: the media daemon is not there
    Overloaded,     ///< SIP 503 with Retry-After: it is there and has no room for one more
    Forbidden,      ///< SIP 403
    Internal,       ///< SIP 500
};

/// Why somebody is not let in, or a change of media is not made. The text always names the reason.
struct Refusal {
    RefusalReason reason = RefusalReason::Internal;
    std::string text;
    int retry_after_s = 0;  ///< 0: not said
};

/// Why a call ended. The text goes to the log, the event log and, where the dialect can, to the
/// peer.
struct Ending {
    enum class Cause : std::uint8_t {
        PeerHungUp,
        PeerGaveUp,  ///< CANCEL, or gone before the call was set up
        PeerLost,    ///< no ACK, no answer to a request, transport gone
        Kicked,
        RoomEnded,
        MediaFailed,     ///< no media could be agreed on after all
        KeysNotRenewed,  ///< it agreed to new media keys, and went on with the old ones
        Shutdown,
        ProtocolError,
    };
    Cause cause = Cause::PeerHungUp;
    std::string text;
};

/// One call, as the rooms see it. Implemented by each door.
///
/// Thread: signald's loop, as everything in this file.
/// Owner:  the door. Lives from `Admission::admit` until its callback brought a refusal, or
/// `Admission::left` returned.
class Call {
  public:
    /// Refused or failed re-offers: the call goes on as it was unless `left` follows.
    using ReOffered = std::function<void(tl::expected<MediaOffer, Refusal> peer_answer)>;

    virtual ~Call() = default;

    /// Ends the call. `Admission::left` follows, later, never from within.
    virtual void hang_up(const Ending& ending) = 0;

    /// What to offer; asked each time an offer goes out, never before.
    using OfferNow = std::function<MediaAnswer()>;

    /// Tells the peer our whole side anew (ports changed, mcud restarted) and brings its answer.
    /// Entries keep their mids; new ones are appended. Waits its turn while another exchange runs;
    /// of several waiting the last one wins and the others fail. The callback comes once, never
    /// from within, and not after `left`; so it is with `ours`.
    virtual void re_offer(OfferNow ours, ReOffered done) = 0;

    /// Asks the peer for a decodable picture by signalling (SIP: INFO, RFC 5168). At most one a
    /// second goes out.
    virtual void request_key_frame(const std::string& mid) = 0;
};

/// What a door knows about somebody who wants to come in.
struct CallRequest {
    std::string room;            ///< id as dialled, percent-decoded
    std::string display_name;    ///< UTF-8; never empty
    std::string remote_uri;      ///< "sip:anna@example.org"
    std::string user_agent;      ///< empty: not said
    bool authenticated = false;  ///< it proved to be a user of the listener's file
    /// The door has seen the token or the PIN that the room wants, or it wants none.
    bool cleared = false;
    std::string protocol;   ///< "sip", later "h323", "webrtc"
    std::string transport;  ///< "udp", "tcp", "tls"
    /// The signalling came encrypted, over a connection that the door itself decrypts: keys may
    /// stand in it (SDES).
    bool secure_signalling = false;
    /// What the listener at which it came in wants of its media.
    MediaEncryption media_encryption = MediaEncryption::Optional;
    std::string remote_address;  ///< numeric, where its signalling came from
    std::string
        local_address;  ///< numeric, ours on the route to `remote_address`; empty: not known
    /// Numeric, what the peer shall send its media to instead of `local_address`, when it is of the
    /// same family; empty: nothing else.
    std::string public_address;
    /// The layout it asked for when it dialled; empty: the room's.
    std::string layout;
    std::vector<std::string> roles = {};  ///< what layouts know it as; "viewer": it only watches
    /// Absent: we make the offer. The answer then lists all we have, and `answered` follows.
    std::optional<MediaOffer> offer;
    /// All its media come by one transport, found by ICE; its mids are filled in with what is
    /// taken. Absent: each has ports of its own.
    std::optional<SessionBundle> bundle = {};
};

struct Admitted {
    ParticipantId participant;
    MediaAnswer media;
    /// Where the request had a bundle: ours, complete, as a=candidate has them (RFC 8839 5.1).
    std::vector<std::string> candidates = {};
};

/// A call that a former signalling daemon took in, as the door remembers it.
struct Resumption {
    ParticipantId participant;
    CallRequest request;  ///< without its offer
    MediaAnswer ours;     ///< as the peer was told last
    MediaOffer peer;      ///< as it said last
};

/// The rooms, as a door sees them: the one way in, and the one way out.
///
/// Callbacks come exactly once, and may come from within the call. A peer that gives up while
/// `admit` runs is reported when its callback came: the door then calls `left` at once.
class Admission {
  public:
    using OnAdmitted = std::function<void(tl::expected<Admitted, Refusal>)>;
    using OnMedia = std::function<void(tl::expected<MediaAnswer, Refusal>)>;

    virtual ~Admission() = default;

    /// `call` as its class promises: it may be called as soon as `done` brought an Admitted.
    virtual void admit(const CallRequest& request, Call& call, OnAdmitted done) = 0;

    using OnResumed = std::function<void(bool found)>;
    /// The door took up again a call of a former daemon. True: its participant was found in a
    /// running conference, and is reached by `call` from now on; false: it is no more. Comes once
    /// that is known, however long the media daemon is away; `call` lives until then.
    virtual void resume(const Resumption& former, Call& call, OnResumed done) {
        static_cast<void>(former);
        static_cast<void>(call);
        done(false);
    }

    /// The peer changes its media (hold, another address, another codec). Absent: it asks for our
    /// offer; `answered` follows. A refusal changes nothing.
    virtual void update(const ParticipantId& id, const std::optional<MediaOffer>& offer,
                        OnMedia done) = 0;

    /// The peer's answer to the offer we made in `admit` or `update`. Brings what was settled; the
    /// door ends the call when it brings a refusal.
    virtual void answered(const ParticipantId& id, const MediaOffer& answer, OnMedia done) = 0;

    /// A digit by signalling (SIP INFO): one of 0-9 * # A-D. Duration 0: not said.
    virtual void dtmf(const ParticipantId& id, char digit, common::Duration duration) = 0;

    /// The peer wants a decodable picture and says so by signalling. An empty mid: whatever video
    /// it has.
    virtual void picture_fast_update(const ParticipantId& id, const std::string& mid) = 0;

    /// Exactly once for everybody admitted, whoever ended it. The Call is gone after it.
    virtual void left(const ParticipantId& id, const Ending& ending) = 0;
};

}  // namespace signaling
