#include "signaling/sdp/browser_sdp.h"

#include <algorithm>
#include <array>
#include <utility>

#include "signaling/conference/tokens.h"
#include "signaling/sdp/media_sdp.h"
#include "signaling/sdp/rtp_attributes.h"
#include "signaling/sdp/security_attributes.h"

namespace signaling {
namespace {

using Code = BrowserSdpError::Code;
using Problem = std::optional<BrowserSdpError>;

constexpr std::array<std::pair<Code, const char*>, 6> kCodeNames{
    {{Code::BadSdp, "bad_sdp"},
     {Code::NoFingerprint, "no_fingerprint"},
     {Code::NoIce, "no_ice"},
     {Code::NotBundled, "not_bundled"},
     {Code::NoRtcpMux, "no_rtcp_mux"},
     {Code::WrongDirection, "wrong_direction"}}};

/// "media 1 (video): "
std::string at(const OfferedMedia& medium) {
    return "media " + medium.mid + (medium.kind == MediaKind::Audio ? " (audio): " : " (video): ");
}

Problem problem(Code code, std::string text) {
    return BrowserSdpError{code, std::move(text)};
}

// What is not named by a token could not be repeated in the answer, and two alike not told apart.
Problem check_mids(const SessionDescription& description, const std::vector<BrowserLine>& lines) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string& mid = lines[i].mid;
        const auto* said = find_attribute(description.media[i].attributes, "mid");
        if (mid.empty() && said != nullptr) {
            return problem(Code::BadSdp, "media " + std::to_string(i) +
                                             ": a=mid is no token of 1 to 32 characters");
        }
        const auto before = lines.begin() + static_cast<std::ptrdiff_t>(i);
        if (!mid.empty() &&
            std::ranges::find(lines.begin(), before, mid, &BrowserLine::mid) != before) {
            return problem(Code::BadSdp, "a=mid:" + mid + " is there twice");
        }
    }
    return {};
}

Problem check_line(const OfferedMedia& medium, BrowserUse use) {
    if (medium.security.profile != OfferedSecurity::Profile::SecureByDtls) {
        return problem(Code::BadSdp, at(medium) + "media is taken over UDP/TLS/RTP/SAVPF only");
    }
    if (!medium.rtcp_mux) {
        return problem(Code::NoRtcpMux, at(medium) + "no a=rtcp-mux: there is one port for both");
    }
    const char* found = direction_name(medium.direction);
    if (use == BrowserUse::Publish && !sends(medium.direction)) {
        return problem(Code::WrongDirection,
                       at(medium) + found + ": who publishes offers sendonly");
    }
    if (use == BrowserUse::Watch && !receives(medium.direction)) {
        return problem(Code::WrongDirection, at(medium) + found + ": who watches offers recvonly");
    }
    return {};
}

Problem check_bundle(const BrowserOffer& offer, const std::vector<std::string>& bundle) {
    const auto& media = offer.media.media;
    if (std::ranges::count(media, true, &OfferedMedia::usable) < 2 && bundle.empty()) return {};
    for (std::size_t i = 0; i < media.size(); ++i) {
        const std::string& mid = offer.lines[i].mid;
        if (!media[i].usable || std::ranges::find(bundle, mid) != bundle.end()) continue;
        return problem(Code::NotBundled,
                       at(media[i]) + "not in a=group:BUNDLE: all media go by one transport");
    }
    return {};
}

const MediaCodec* find_number(const OfferedMedia& medium, std::uint8_t payload_type) {
    for (const auto* codecs : {&medium.codecs, &medium.telephone_events}) {
        const auto found = std::ranges::find(*codecs, payload_type, &MediaCodec::payload_type);
        if (found != codecs->end()) return &*found;
    }
    return nullptr;
}

Problem check_numbers(const OfferedMedia& a, const OfferedMedia& b) {
    for (const MediaCodec& codec : a.codecs) {
        const MediaCodec* other = find_number(b, codec.payload_type);
        if (other == nullptr || *other == codec) continue;
        return problem(Code::BadSdp, "payload type " + std::to_string(codec.payload_type) +
                                         " means two things in one bundle");
    }
    return {};
}

Problem check_extensions(const BrowserLine& a, const BrowserLine& b) {
    for (const HeaderExtension& extension : a.extensions) {
        const auto other = std::ranges::find(b.extensions, extension.id, &HeaderExtension::id);
        if (other == b.extensions.end() || other->uri == extension.uri) continue;
        return problem(Code::BadSdp, "a=extmap:" + std::to_string(extension.id) +
                                         " means two things in one bundle");
    }
    return {};
}

Problem check_meanings(const BrowserOffer& offer) {
    const auto& media = offer.media.media;
    for (std::size_t i = 0; i < media.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (!media[i].usable || !media[j].usable) continue;
            if (auto bad = check_numbers(media[j], media[i])) return bad;
            if (auto bad = check_extensions(offer.lines[j], offer.lines[i])) return bad;
        }
    }
    return {};
}

/// The line that speaks for the transport; null: none has ICE.
const SdpMedia* transport_line(const SessionDescription& description, const BrowserOffer& offer,
                               const std::vector<std::string>& bundle) {
    const auto speaks = [&](const SdpMedia& media) {
        return ice_of(media, description).has_value();
    };
    for (const std::string& mid : bundle) {
        const auto line = std::ranges::find(offer.lines, mid, &BrowserLine::mid);
        if (line == offer.lines.end()) continue;
        const auto& media = description.media[static_cast<std::size_t>(line - offer.lines.begin())];
        if (speaks(media)) return &media;
    }
    if (!bundle.empty()) return nullptr;
    for (std::size_t i = 0; i < description.media.size(); ++i) {
        if (offer.media.media[i].usable && speaks(description.media[i]))
            return &description.media[i];
    }
    return nullptr;
}

Problem take_transport(const SessionDescription& description,
                       const std::vector<std::string>& bundle, BrowserOffer& offer) {
    const SdpMedia* line = transport_line(description, offer, bundle);
    if (line == nullptr) {
        return problem(Code::NoIce,
                       "no a=ice-ufrag and a=ice-pwd (RFC 8839 5.4): media is taken by ICE only");
    }
    offer.ice = *ice_of(*line, description);
    OfferedSecurity security = security_of(*line, description);
    if (security.fingerprints.empty()) {
        const std::string why = security.why_not.empty() ? "no a=fingerprint" : security.why_not;
        return problem(Code::NoFingerprint, "media " +
                                                std::to_string(line - description.media.data()) +
                                                ": " + why + ": media is taken by DTLS-SRTP only");
    }
    // The bundle has one handshake, whatever the other lines say.
    security.profile = OfferedSecurity::Profile::SecureByDtls;
    for (OfferedMedia& medium : offer.media.media) {
        if (medium.usable) medium.security = security;
    }
    return {};
}

MediaDirection meant(MediaDirection offered, BrowserUse use) {
    if (use == BrowserUse::Publish) return MediaDirection::SendOnly;
    return use == BrowserUse::Watch ? MediaDirection::RecvOnly : offered;
}

Problem check(const SessionDescription& description, const std::vector<std::string>& bundle,
              const BrowserOffer& offer, BrowserUse use) {
    if (std::ranges::none_of(offer.media.media, &OfferedMedia::usable)) {
        const auto& media = offer.media.media;
        return problem(Code::BadSdp, media.empty() ? "no m= line" : media[0].why_not);
    }
    if (auto bad = check_mids(description, offer.lines)) return bad;
    for (const OfferedMedia& medium : offer.media.media) {
        if (!medium.usable) continue;
        if (auto bad = check_line(medium, use)) return bad;
    }
    if (auto bad = check_bundle(offer, bundle)) return bad;
    return check_meanings(offer);
}

// ---- our answer

void set_address(const IceDescription& ice, MediaAnswer& ours) {
    const auto udp = std::ranges::find_if(ice.candidates, [](const IceCandidate& c) {
        return c.transport == IceCandidate::Transport::Udp && c.is_numeric();
    });
    for (AnsweredMedia& medium : ours.media) {
        const bool found = udp != ice.candidates.end();
        medium.address = found ? udp->address : "0.0.0.0";
        medium.rtp_port = found ? udp->port : 9;  // RFC 8839 4.2.5
        medium.rtcp_port = medium.rtp_port;
    }
}

/// a=rtcp-fb of what was offered for this codec and we have; those that `AnsweredMedia` has words
/// for stand there already.
void describe_feedback(const SdpMedia& theirs, const BrowserSide& side, const AnsweredMedia& ours,
                       SdpMedia& media) {
    const auto offered = feedback_of(theirs, ours.send.payload_type);
    for (const std::string& kind : side.feedback) {
        if (std::ranges::find(offered, kind) == offered.end()) continue;
        media.attributes.push_back({"rtcp-fb", "* " + kind});
    }
}

void describe_extensions(const BrowserLine& theirs, const BrowserSide& side, SdpMedia& media) {
    for (HeaderExtension extension : theirs.extensions) {
        if (std::ranges::find(side.extensions, extension.uri) == side.extensions.end()) continue;
        extension.direction = reversed(extension.direction);
        media.attributes.push_back({"extmap", extmap_value(extension)});
    }
}

void describe_rtx(const OfferedMedia& offered, const BrowserSide& side, std::size_t place,
                  const AnsweredMedia& ours, SdpMedia& media) {
    const auto rtx = rtx_for(offered.codecs, ours.send.payload_type);
    if (!side.rtx || !rtx) return;
    media.formats.push_back(std::to_string(*rtx));
    describe_codec(
        {"rtx", *rtx, ours.send.clock_rate_hz, 1, "apt=" + std::to_string(ours.send.payload_type)},
        media);
    const std::uint32_t ssrc = place < side.rtx_ssrcs.size() ? side.rtx_ssrcs[place] : 0;
    if (ssrc == 0 || ours.ssrc == 0 || ours.cname.empty() || !sends(ours.direction)) return;
    media.attributes.push_back(
        {"ssrc-group", "FID " + std::to_string(ours.ssrc) + " " + std::to_string(ssrc)});
    media.attributes.push_back({"ssrc", std::to_string(ssrc) + " cname:" + ours.cname});
}

void describe_line(const BrowserOffer& offer, const BrowserSide& side, std::size_t place,
                   const AnsweredMedia& ours, SdpMedia& media) {
    describe_ice(side.ice, media);
    describe_extensions(offer.lines[place], side, media);
    describe_feedback(offer.description.media[place], side, ours, media);
    describe_rtx(offer.media.media[place], side, place, ours, media);
    if (sends(ours.direction)) {
        const char* track = ours.kind == MediaKind::Audio ? "audio" : "video";
        media.attributes.push_back({"msid", side.stream + " " + track + ours.mid});
    }
}

}  // namespace

const char* code_name(BrowserSdpError::Code code) {
    return std::ranges::find(kCodeNames, code, [](const auto& c) { return c.first; })->second;
}

tl::expected<BrowserOffer, BrowserSdpError> read_browser_offer(
    const SessionDescription& description, BrowserUse use) {
    BrowserOffer offer;
    offer.description = description;
    offer.media = media_from_sdp(description, Addressing::ByIce);
    for (const SdpMedia& media : description.media) {
        offer.lines.push_back({mid_of(media), header_extensions_of(media, description),
                               sent_streams_of(media), msid_of(media)});
    }
    const auto bundle = bundle_of(description);
    if (auto bad = check(description, bundle, offer, use)) return tl::unexpected(*std::move(bad));
    if (auto bad = take_transport(description, bundle, offer)) {
        return tl::unexpected(*std::move(bad));
    }
    for (OfferedMedia& medium : offer.media.media) {
        medium.direction = meant(medium.direction, use);
    }
    return offer;
}

SessionDescription browser_answer(MediaAnswer ours, const BrowserOffer& offer,
                                  const BrowserSide& side, SdpOrigin origin) {
    set_address(side.ice, ours);
    auto answer = sdp_from_media(ours, lines_of(offer.description), std::move(origin));
    // RFC 9143 7.3.1: those we take, in the order offered.
    std::string group;
    bool first = true;
    for (std::size_t i = 0; i < answer.media.size(); ++i) {
        SdpMedia& media = answer.media[i];
        const std::string& mid = offer.lines[i].mid;
        if (!mid.empty()) media.attributes.push_back({"mid", mid});
        if (!ours.media[i].accepted) continue;
        if (!mid.empty()) group += " " + mid;
        describe_line(offer, side, i, ours.media[i], media);
        // All candidates are the first one's: the rest have no transport of their own.
        if (std::exchange(first, false)) describe_candidates(side.ice, media);
    }
    if (side.ice.lite) answer.attributes.push_back({"ice-lite", ""});
    if (!group.empty() && !bundle_of(offer.description).empty()) {
        answer.attributes.push_back({"group", "BUNDLE" + group});
    }
    return answer;
}

}  // namespace signaling
