#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "common/units.h"
#include "signaling/conference/call_door.h"
#include "signaling/conference/key_renewal.h"
#include "signaling/conference/media_node.h"

namespace signaling {

/// A person or device in a conference: who it is, what was agreed with it, and whether its media
/// flows. Thread: signald's loop.
struct Participant {
    enum class State : std::uint8_t {
        Joining,  ///< its session is being made
        Joined,
        Leaving,  ///< told to hang up; its session is gone
    };

    SessionSpec session;   ///< its id is the participant's
    CallRequest request;   ///< who called, from where; the offer in it is the first one
    Call* call = nullptr;  ///< null: adopted from a signalling daemon that is no more
    State state = State::Joining;
    MediaAnswer ours;                         ///< as the peer was told
    MediaOffer peer;                          ///< as the peer said last
    std::vector<std::string> candidates;      ///< of its bundle: what the media daemon opened
    std::map<std::string, LocalMedia> local;  ///< by mid: what the media daemon opened
    std::string failure;                      ///< why the media daemon could not make its session
    int negotiations = 0;         ///< exchanges with the door that wait for the media daemon
    std::uint64_t re_offers = 0;  ///< serial of the last re-offer
    bool took_media = false;      ///< before its media changed last, at some time
    common::Timestamp joined;
    common::Timestamp last_sign;    ///< when it was last known to be alive
    std::set<std::string> flowing;  ///< mids
    std::uint64_t packets_heard = 0;
    KeyRenewal key_renewal;
    std::optional<SessionStatistics> statistics;

    [[nodiscard]] bool adopted() const { return call == nullptr; }
    /// True when the peer is to send us something: it is not on hold. A peer that takes nothing any
    /// more has put us on hold, and may send music or nothing (RFC 3264 8.4: sendonly); one that
    /// never took anything is a source.
    [[nodiscard]] bool media_expected() const;
    [[nodiscard]] bool takes_media() const;
    /// True when the addresses the peer was told are no longer those of its session.
    [[nodiscard]] bool told_otherwise() const;
    /// Where the peer shall send to: what was opened, or what stands for it in front of a NAT.
    [[nodiscard]] const std::string& told_address(const LocalMedia& opened) const;
    /// Writes the opened addresses into `answer`. False when one that is needed is not known.
    [[nodiscard]] bool fill_addresses(MediaAnswer& answer) const;

    /// Why nothing is sent of this medium, as statistics told last; empty: all is well.
    [[nodiscard]] std::string failure_of(const std::string& mid) const;
    /// What the media daemon has opened now. A stream that it made anew flows when it says so.
    void take_local(const std::map<std::string, LocalMedia>& opened);
    /// Keys of before must protect nothing that begins anew: nothing flows until the peer has been
    /// told others.
    void forget_keys();
    void media_flow(const MediaFlow& flow, common::Timestamp now);
    void take_statistics(const SessionStatistics& read, common::Timestamp now);
    /// How long it has given no sign of life: neither RTP nor RTCP. 0 while media flows.
    [[nodiscard]] common::Duration silent_for(common::Timestamp now) const;
};

}  // namespace signaling
