#include "signaling/conference/session_media.h"

#include <algorithm>

#include "signaling/conference/tokens.h"

namespace signaling {
namespace {

using common::Bitrate;

/// What sound takes of a limit for all media: the rates we send at, 50 packets' headers a second.
constexpr Bitrate kOpusShare = Bitrate::from_kbps(48 + 16);
/// 180p15 with all headers, and Opus at 16 kbit/s: where both fit, sound leaves room for a picture.
constexpr Bitrate kSmallestPicture = Bitrate::from_kbps(90);
constexpr Bitrate kLeastSound = Bitrate::from_kbps(33);
constexpr Bitrate kG7xxShare = Bitrate::from_kbps(64 + 16);

Bitrate lower_limit(Bitrate a, Bitrate b) {
    if (a.bps() == 0 || b.bps() == 0) return a.bps() == 0 ? b : a;
    return std::min(a, b);
}

/// A limit for all media together (RFC 8866 5.8): sound takes what its codec needs (Opus at most
/// half, where there is a picture; the others cannot do with less), the picture has the rest.
void share_bandwidth(std::vector<SessionMedia>& media, Bitrate all) {
    if (all.bps() == 0) return;
    constexpr Bitrate kSome = Bitrate::from_kbps(1);  // 0 would be: no limit
    const bool picture = std::ranges::any_of(media, [](const SessionMedia& m) {
        return m.kind == MediaKind::Video && sends(m.direction);
    });
    Bitrate left = all;
    for (SessionMedia& medium : media) {
        if (medium.kind != MediaKind::Audio || !sends(medium.direction)) continue;
        Bitrate most = picture ? std::max(Bitrate::from_bps(all.bps() / 2), kSome) : all;
        const std::int64_t beside_bps = all.bps() - kSmallestPicture.bps();
        if (picture && beside_bps >= kLeastSound.bps()) {
            most = std::min(most, Bitrate::from_bps(beside_bps));
        }
        medium.bandwidth = lower_limit(medium.bandwidth, most);
        const bool opus = equal_no_case(medium.send.name, "opus");
        const Bitrate taken = opus ? std::min(medium.bandwidth, kOpusShare) : kG7xxShare;
        left = Bitrate::from_bps(std::max(all.bps() - taken.bps(), kSome.bps()));
    }
    for (SessionMedia& medium : media) {
        if (medium.kind == MediaKind::Video) medium.bandwidth = lower_limit(medium.bandwidth, left);
    }
}

void describe_peer(SessionMedia& medium, const OfferedMedia& peer, bool by_ice) {
    medium.remote_address = peer.address;
    medium.remote_rtp_port = peer.rtp_port;
    medium.remote_rtcp_port = peer.rtcp_port;
    medium.bandwidth = peer.bandwidth;
    medium.ptime_ms = peer.ptime_ms;
    // RFC 3264 8.4, the old hold: an address of nowhere receives nothing.
    if (peer.address.empty() && !by_ice)
        medium.direction = make_direction(false, receives(medium.direction));
}

SessionSecurity session_security(const AnsweredSecurity& ours, const OfferedSecurity& theirs) {
    SessionSecurity security;
    if (ours.agreed == KeyExchange::Sdes) {
        const SdesKey& mine = ours.sdes.front();
        security.kind = SessionSecurity::Kind::Sdes;
        security.send = mine.key;
        const auto peer = std::ranges::find(theirs.sdes, mine.tag, &SdesKey::tag);
        if (peer != theirs.sdes.end()) security.receive = peer->key;
    } else if (ours.agreed == KeyExchange::Dtls) {
        security.kind = SessionSecurity::Kind::Dtls;
        security.dtls_client = ours.setup == DtlsSetup::Active;
        security.fingerprints = theirs.fingerprints;
    }
    return security;
}

/// Of our offer that is not answered yet: as it was; before, nothing flows that may come to be
/// protected.
SessionSecurity open_security(const AnsweredSecurity& ours, const SessionMedia* before) {
    if (before != nullptr) return before->security;
    const bool open = !ours.sdes.empty() || ours.setup;
    SessionSecurity security;
    if (open) security.kind = SessionSecurity::Kind::Pending;
    return security;
}

const SessionMedia* find_mid(const std::vector<SessionMedia>& media, const std::string& mid) {
    const auto found = std::ranges::find(media, mid, &SessionMedia::mid);
    return found == media.end() ? nullptr : &*found;
}

}  // namespace

std::vector<SessionMedia> session_media(const MediaAnswer& ours, const MediaOffer& peer,
                                        const std::vector<SessionMedia>& running) {
    std::vector<SessionMedia> media;
    for (const AnsweredMedia& mine : ours.media) {
        const SessionMedia* before = find_mid(running, mine.mid);
        if (!mine.accepted) {
            if (before == nullptr) continue;
            media.push_back(*before);
            media.back().direction = MediaDirection::Inactive;
            continue;
        }
        SessionMedia medium;
        medium.mid = mine.mid;
        medium.kind = mine.kind;
        // RFC 4796: "speaker" says what the peer sends with it; what we send is our main picture.
        medium.content = mine.content == "speaker" ? "main" : mine.content;
        medium.direction = mine.direction;
        medium.rtcp_mux = mine.rtcp_mux;
        medium.receive = mine.receive;
        medium.send = mine.send;
        medium.telephone_event_pt = mine.telephone_event_pt;
        if (medium.telephone_event_pt != 0)
            medium.telephone_event_clock_hz = mine.telephone_event_clock_hz;
        medium.feedback_pli = mine.feedback_pli;
        medium.feedback_fir = mine.feedback_fir;
        medium.feedback_nack = mine.feedback_nack;
        medium.feedback_tmmbr = mine.feedback_tmmbr;
        const auto theirs = std::ranges::find(peer.media, mine.mid, &OfferedMedia::mid);
        if (theirs != peer.media.end()) describe_peer(medium, *theirs, peer.by_ice);
        const bool settled = !mine.send.name.empty() && theirs != peer.media.end();
        medium.security = settled ? session_security(mine.security, theirs->security)
                                  : open_security(mine.security, before);
        if (before != nullptr) {
            // Our offer is not answered yet: what we send goes on as it was.
            if (medium.send.name.empty()) medium.send = before->send;
            const bool moved = before->remote_address != medium.remote_address ||
                               before->remote_rtp_port != medium.remote_rtp_port;
            const bool resumed = !receives(before->direction) && receives(medium.direction);
            medium.relearn = before->relearn + (moved || resumed ? 1 : 0);
            medium.start_asked = before->start_asked;
        }
        media.push_back(std::move(medium));
    }
    share_bandwidth(media, peer.bandwidth);
    return media;
}

}  // namespace signaling
