#include "signaling/webrtc/browser_session.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include "common/invariant.h"
#include "signaling/sdp/ice_attributes.h"
#include "signaling/sdp/web_attributes.h"

namespace signaling {
namespace {

bool is_ipv6(const std::string& address) {
    return address.find(':') != std::string::npos;
}

constexpr const char* kMidExtension = "urn:ietf:params:rtp-hdrext:sdes:mid";
constexpr const char* kLevelExtension = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

constexpr const char* kTransportExtension =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// Media for which the client takes transport-wide feedback: by that it learns how much it may
/// send.
std::set<std::string> with_transport_feedback(const BrowserOffer& offer) {
    std::set<std::string> mids;
    for (std::size_t i = 0; i < offer.media.media.size(); ++i) {
        const auto& said = offer.description.media[i].attributes;
        const bool takes = std::ranges::any_of(said, [](const SdpAttribute& attribute) {
            return attribute.name == "rtcp-fb" && attribute.value.ends_with(" transport-cc");
        });
        if (takes) mids.insert(offer.media.media[i].mid);
    }
    return mids;
}

std::uint8_t extension_id(const BrowserOffer& offer, const char* uri) {
    for (const BrowserLine& line : offer.lines) {
        const auto found = std::ranges::find(line.extensions, uri, &HeaderExtension::uri);
        if (found != line.extensions.end()) return static_cast<std::uint8_t>(found->id);
    }
    return 0;
}

IceDescription described(const IceProof& ours, const std::vector<std::string>& candidates,
                         const std::string& public_address) {
    IceDescription ice;
    ice.credentials = {ours.ufrag, ours.pwd};
    ice.lite = true;
    ice.end_of_candidates = true;
    for (const std::string& text : candidates) {
        auto candidate = IceCandidate::parse(text);
        if (!candidate) continue;
        const bool stands_for =
            !public_address.empty() && is_ipv6(public_address) == is_ipv6(candidate->address);
        if (stands_for) candidate->address = public_address;
        ice.candidates.push_back(*std::move(candidate));
    }
    return ice;
}

}  // namespace

std::string make_secret() {
    std::array<std::uint8_t, 16> bytes{};
    INVARIANT(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    std::string text;
    for (const std::uint8_t byte : bytes) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

std::string make_session_number() {
    std::uint64_t number = 0;
    INVARIANT(getrandom(&number, sizeof number, 0) == static_cast<ssize_t>(sizeof number));
    return std::to_string(number >> 1U);  // RFC 9429 5.2.1: 63 bits
}

SessionBundle bundle_of_offer(const BrowserOffer& offer, BrowserUse use) {
    SessionBundle bundle;
    bundle.local = {make_secret().substr(0, 8), make_secret()};
    bundle.remote = {offer.ice.credentials.ufrag, offer.ice.credentials.pwd};
    bundle.extensions.mid = extension_id(offer, kMidExtension);
    bundle.extensions.audio_level = extension_id(offer, kLevelExtension);
    if (use != BrowserUse::Watch) {
        bundle.extensions.transport_sequence = extension_id(offer, kTransportExtension);
        if (bundle.extensions.transport_sequence != 0)
            bundle.transport_cc = with_transport_feedback(offer);
    }
    for (std::size_t i = 0; i < offer.lines.size(); ++i) {
        const OfferedMedia& medium = offer.media.media[i];
        for (const SentStream& stream : offer.lines[i].streams) {
            bundle.remote_ssrcs[medium.mid].push_back(stream.ssrc);
            if (stream.rtx_ssrc != 0) bundle.remote_ssrcs[medium.mid].push_back(stream.rtx_ssrc);
        }
        for (const MediaCodec& codec : medium.codecs) {
            const auto repeats = rtx_for(medium.codecs, codec.payload_type);
            if (repeats) bundle.rtx[medium.mid][codec.payload_type] = *repeats;
        }
    }
    return bundle;
}

BrowserSide our_side(const SessionBundle& bundle, const Admitted& admitted,
                     const std::string& public_address) {
    BrowserSide side;
    side.ice = described(bundle.local, admitted.candidates, public_address);
    side.extensions = {kMidExtension, kLevelExtension};
    if (bundle.extensions.transport_sequence != 0) {
        side.extensions.emplace_back(kTransportExtension);
        side.feedback = {"transport-cc"};
    }
    side.rtx = true;
    for (const AnsweredMedia& medium : admitted.media.media)
        side.rtx_ssrcs.push_back(medium.rtx_ssrc);
    return side;
}

}  // namespace signaling
