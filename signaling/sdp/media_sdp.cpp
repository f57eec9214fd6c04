#include "signaling/sdp/media_sdp.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "signaling/conference/tokens.h"
#include "signaling/sdp/rtp_attributes.h"
#include "signaling/sdp/security_attributes.h"

namespace signaling {
namespace {

enum class AddressKind { Unicast, Unspecified, NotUsable };

AddressKind kind_of(const SdpAddress& address) {
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(address.ipv6 ? AF_INET6 : AF_INET, address.address.c_str(), bytes.data()) != 1) {
        return AddressKind::NotUsable;
    }
    if (std::all_of(bytes.begin(), bytes.end(), [](auto b) { return b == 0; })) {
        return AddressKind::Unspecified;
    }
    // Multicast, and what is reserved above it, up to the broadcast address: never the address of
    // one peer.
    const bool many = address.ipv6 ? bytes[0] == 0xff : bytes[0] >= 224;
    return many ? AddressKind::NotUsable : AddressKind::Unicast;
}

MediaKind kind_of(const SdpMedia& media) {
    if (equal_no_case(media.media, "audio")) return MediaKind::Audio;
    if (equal_no_case(media.media, "video")) return MediaKind::Video;
    return MediaKind::Other;
}

void set_unusable(OfferedMedia& medium, std::string why) {
    if (!medium.usable) return;
    medium.usable = false;
    medium.why_not = std::move(why);
}

void read_address(const SdpMedia& media, const SessionDescription& session, OfferedMedia& medium) {
    const auto& connection = media.connection ? media.connection : session.connection;
    if (!connection) return set_unusable(medium, "no c= line for " + media.media);
    switch (kind_of(*connection)) {
        case AddressKind::Unicast:
            medium.address = connection->address;
            break;
        case AddressKind::Unspecified:
            medium.direction = make_direction(sends(medium.direction), false);
            break;
        case AddressKind::NotUsable:
            set_unusable(medium, "c= address '" + connection->address +
                                     "' is not a numeric unicast address");
            break;
    }
}

void read_codecs(const SdpMedia& media, OfferedMedia& medium) {
    for (auto& codec : codecs_of(media)) {
        const bool digits = equal_no_case(codec.name, "telephone-event");
        (digits ? medium.telephone_events : medium.codecs).push_back(std::move(codec));
    }
}

// RFC 8866 6.4: ptime is a wish, maxptime a limit, on top of what we send when nothing is wished.
int packet_time_ms(const SdpMedia& media) {
    constexpr int kUsual = 20;
    const auto said = [&](const char* name) {
        const auto* attribute = find_attribute(media.attributes, name);
        return attribute == nullptr ? 0 : parse_number<std::uint16_t>(attribute->value).value_or(0);
    };
    const int wish = said("ptime");
    const int limit = said("maxptime");
    return limit != 0 && limit < (wish == 0 ? kUsual : wish) ? limit : wish;
}

void read_ports(const SdpMedia& media, const SessionDescription& session, OfferedMedia& medium) {
    read_address(media, session, medium);
    medium.rtp_port = media.port;
    medium.rtcp_port = medium.rtcp_mux ? media.port : rtcp_port_of(media);
}

OfferedMedia read_medium(const SdpMedia& media, const SessionDescription& session,
                         std::size_t index, Addressing addressing) {
    const bool by_ice = addressing == Addressing::ByIce;
    OfferedMedia medium;
    medium.mid = std::to_string(index);
    medium.kind = kind_of(media);
    if (const auto* content = find_attribute(media.attributes, "content")) {
        std::string_view first = content->value;
        medium.content = std::string(trim(take_until(first, ',')));
    }
    if (const auto* label = find_attribute(media.attributes, "label")) medium.label = label->value;
    medium.direction = direction_of(media, session);
    if (medium.kind == MediaKind::Other) {
        set_unusable(medium, "media '" + media.media + "' is not supported");
    }
    if (!profile_of(media.protocol)) {
        set_unusable(medium, media.media + " over '" + media.protocol +
                                 "' is not supported, have RTP/AVP, RTP/SAVP and UDP/TLS/RTP/SAVP, "
                                 "with and without F");
    }
    const bool elsewhere = by_ice && find_attribute(media.attributes, "bundle-only") != nullptr;
    if (media.port == 0 && !elsewhere) set_unusable(medium, "switched off by the peer");
    medium.rtcp_mux = find_attribute(media.attributes, "rtcp-mux") != nullptr;
    if (!by_ice) read_ports(media, session, medium);
    read_codecs(media, medium);
    medium.bandwidth = bandwidth_of(media.bandwidths);
    medium.ptime_ms = packet_time_ms(media);
    medium.feedback_pli = has_feedback(media, "nack pli");
    medium.feedback_fir = has_feedback(media, "ccm fir");
    medium.feedback_nack = has_feedback(media, "nack");
    medium.feedback_tmmbr = has_feedback(media, "ccm tmmbr");
    medium.security = security_of(media, session);
    return medium;
}

SdpLine line_for(const AnsweredMedia& ours, std::size_t index, const std::vector<SdpLine>& lines) {
    if (index < lines.size()) return lines[index];
    return {ours.kind == MediaKind::Video ? "video" : "audio",
            protocol_for(ours.security),
            {"0"},
            false};
}

SdpAddress address_of(const std::string& address) {
    return {address.find(':') != std::string::npos, address};
}

void describe_codecs(const AnsweredMedia& ours, SdpMedia& media) {
    for (const auto& codec : ours.receive) {
        media.formats.push_back(std::to_string(codec.payload_type));
        describe_codec(codec, media);
    }
    if (ours.telephone_event_pt != 0) {
        media.formats.push_back(std::to_string(ours.telephone_event_pt));
        describe_codec(
            {"telephone-event", ours.telephone_event_pt, ours.telephone_event_clock_hz, 1, "0-15"},
            media);
    }
}

void describe_transport(const AnsweredMedia& ours, SdpMedia& media) {
    if (ours.rtcp_mux) {
        media.attributes.push_back({"rtcp-mux", ""});
    } else if (ours.rtcp_port != ours.rtp_port + 1) {
        media.attributes.push_back({"rtcp", std::to_string(ours.rtcp_port)});
    }
    if (ours.feedback_nack) media.attributes.push_back({"rtcp-fb", "* nack"});
    describe_security(ours.security, media);
    if (ours.feedback_pli) media.attributes.push_back({"rtcp-fb", "* nack pli"});
    if (ours.feedback_fir) media.attributes.push_back({"rtcp-fb", "* ccm fir"});
    if (ours.feedback_tmmbr) media.attributes.push_back({"rtcp-fb", "* ccm tmmbr"});
    if (ours.ssrc != 0 && !ours.cname.empty()) {
        media.attributes.push_back({"ssrc", std::to_string(ours.ssrc) + " cname:" + ours.cname});
    }
}

SdpMedia describe_accepted(const AnsweredMedia& ours, const SdpLine& line) {
    SdpMedia media;
    media.media = line.media;
    media.protocol = line.protocol;
    media.port = ours.rtp_port;
    media.connection = address_of(ours.address);
    if (ours.bandwidth.bps() > 0) {
        const auto bps = static_cast<std::uint64_t>(ours.bandwidth.bps());
        media.bandwidths = {{"AS", (bps + 999) / 1000}, {"TIAS", bps}};
    }
    describe_codecs(ours, media);
    if (ours.kind == MediaKind::Audio) media.attributes.push_back({"ptime", "20"});
    media.attributes.push_back({direction_name(ours.direction), ""});
    if (line.names_content) media.attributes.push_back({"content", ours.content});
    describe_transport(ours, media);
    return media;
}

SdpMedia describe_declined(const SdpLine& line) {
    SdpMedia media;
    media.media = line.media;
    media.protocol = line.protocol;
    media.formats =
        line.formats;  // RFC 3264 6: they are ignored, but at least one must stand there
    return media;
}

}  // namespace

MediaOffer media_from_sdp(const SessionDescription& description, Addressing addressing) {
    MediaOffer offer;
    offer.bandwidth = bandwidth_of(description.bandwidths);
    offer.by_ice = addressing == Addressing::ByIce;
    for (std::size_t i = 0; i < description.media.size(); ++i) {
        offer.media.push_back(read_medium(description.media[i], description, i, addressing));
    }
    return offer;
}

std::vector<SdpLine> lines_of(const SessionDescription& description) {
    std::vector<SdpLine> lines;
    for (const auto& m : description.media) {
        lines.push_back(
            {m.media, m.protocol, m.formats, find_attribute(m.attributes, "content") != nullptr});
    }
    return lines;
}

SessionDescription sdp_from_media(const MediaAnswer& ours, const std::vector<SdpLine>& lines,
                                  SdpOrigin origin) {
    SessionDescription description;
    description.name = "Tessera";
    for (std::size_t i = 0; i < ours.media.size(); ++i) {
        const SdpLine line = line_for(ours.media[i], i, lines);
        description.media.push_back(ours.media[i].accepted ? describe_accepted(ours.media[i], line)
                                                           : describe_declined(line));
        // One c= for all where it is the same: some old room systems read only the session's.
        auto& connection = description.media.back().connection;
        if (!description.connection) description.connection = connection;
        if (connection == description.connection) connection.reset();
    }
    origin.address = description.connection.value_or(SdpAddress{false, "127.0.0.1"});
    description.origin = std::move(origin);
    return description;
}

}  // namespace signaling
