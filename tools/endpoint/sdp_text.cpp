#include "tools/endpoint/sdp_text.h"

#include <sofia-sip/sdp.h>
#include <sofia-sip/su_alloc.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string_view>

namespace endpoint {
namespace {

constexpr int kTelephoneEvent = 101;
constexpr int kVideo = 97;

/// sofia-sip reads formats only of the profiles that it knows, and those are without feedback.
std::string without_feedback_profiles(std::string text) {
    for (const std::string_view profile : {"RTP/AVPF ", "RTP/SAVPF "}) {
        for (auto at = text.find(profile); at != std::string::npos; at = text.find(profile, at)) {
            text.erase(at + profile.size() - 2, 1);
        }
    }
    return text;
}

struct Parser {
    explicit Parser(const std::string& sdp)
        : text(without_feedback_profiles(sdp)),
          parser(sdp_parse(nullptr, text.data(), static_cast<issize_t>(text.size()),
                           sdp_f_anynet | sdp_f_insane)),
          session(sdp_session(parser)) {}
    ~Parser() { sdp_parser_free(parser); }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    [[nodiscard]] const sdp_media_t* medium(sdp_media_e kind) const {
        if (session == nullptr) return nullptr;
        for (const sdp_media_t* m = session->sdp_media; m != nullptr; m = m->m_next) {
            if (m->m_type == kind && m->m_port != 0 && m->m_rejected == 0) return m;
        }
        return nullptr;
    }

    const std::string text;
    sdp_parser_t* parser;
    sdp_session_t* session;
};

RemoteAddress address_of(const sdp_session_t* session, const sdp_media_t* m) {
    RemoteAddress address;
    const sdp_connection_t* c =
        m->m_connections != nullptr ? m->m_connections : session->sdp_connection;
    if (c != nullptr && c->c_address != nullptr) address.host = c->c_address;
    address.rtp_port = static_cast<int>(m->m_port);
    address.rtcp_port = address.rtp_port + 1;
    const sdp_attribute_t* rtcp = sdp_attribute_find(m->m_attributes, "rtcp");
    if (rtcp != nullptr && rtcp->a_value != nullptr) address.rtcp_port = std::atoi(rtcp->a_value);
    return address;
}

bool sends(const sdp_media_t* local, const sdp_media_t* remote) {
    return (local->m_mode & sdp_sendonly) != 0 && (remote->m_mode & sdp_recvonly) != 0;
}
bool receives(const sdp_media_t* local, const sdp_media_t* remote) {
    return (local->m_mode & sdp_recvonly) != 0 && (remote->m_mode & sdp_sendonly) != 0;
}

bool offers(const sdp_media_t* m, const char* encoding) {
    for (const sdp_rtpmap_t* map = m->m_rtpmaps; map != nullptr; map = map->rm_next) {
        if (map->rm_encoding != nullptr && strcasecmp(map->rm_encoding, encoding) == 0) return true;
    }
    return false;
}

/// The first a=crypto: who answers has one, who offers is taken at the first word.
const char* crypto_of(const sdp_media_t* m) {
    const sdp_attribute_t* crypto = sdp_attribute_find(m->m_attributes, "crypto");
    return crypto != nullptr && crypto->a_value != nullptr ? crypto->a_value : "";
}

/// Their key, in the suite that we offered; nothing when they gave none though we did.
std::optional<SrtpKey> peer_key(const sdp_media_t* ours, const sdp_media_t* theirs) {
    const std::string offered = crypto_of(ours);
    if (offered.empty()) return SrtpKey{};
    for (const SrtpSuite& suite : srtp_suites()) {
        if (suite.key_of(offered).empty()) continue;
        SrtpKey key = suite.key_of(crypto_of(theirs));
        if (!key.empty()) return key;
    }
    return std::nullopt;
}

std::optional<NegotiatedSound> sound_of(const Parser& local, const Parser& remote) {
    const sdp_media_t* ours = local.medium(sdp_media_audio);
    const sdp_media_t* theirs = remote.medium(sdp_media_audio);
    if (ours == nullptr || theirs == nullptr) return std::nullopt;
    NegotiatedSound sound;
    auto key = peer_key(ours, theirs);
    if (!key) return std::nullopt;
    sound.peer_key = *std::move(key);
    sound.to = address_of(remote.session, theirs);
    sound.send = sends(ours, theirs);
    sound.receive = receives(ours, theirs);
    bool found = false;
    for (const sdp_rtpmap_t* map = theirs->m_rtpmaps; map != nullptr; map = map->rm_next) {
        if (map->rm_encoding == nullptr || !offers(ours, map->rm_encoding)) continue;
        const auto codec = codec_by_encoding(map->rm_encoding);
        if (codec && !found) {
            found = true;
            sound.codec = *codec;
            sound.payload_type = static_cast<int>(map->rm_pt);
        }
        if (strcasecmp(map->rm_encoding, "telephone-event") == 0) {
            sound.telephone_event_type = static_cast<int>(map->rm_pt);
            sound.telephone_event_clock_hz = static_cast<int>(map->rm_rate);
        }
    }
    return found ? std::optional(sound) : std::nullopt;
}

std::optional<NegotiatedPicture> picture_of(const Parser& local, const Parser& remote) {
    const sdp_media_t* ours = local.medium(sdp_media_video);
    const sdp_media_t* theirs = remote.medium(sdp_media_video);
    if (ours == nullptr || theirs == nullptr) return std::nullopt;
    NegotiatedPicture picture;
    auto key = peer_key(ours, theirs);
    if (!key) return std::nullopt;
    picture.peer_key = *std::move(key);
    picture.to = address_of(remote.session, theirs);
    picture.send = sends(ours, theirs);
    picture.receive = receives(ours, theirs);
    for (const sdp_rtpmap_t* map = theirs->m_rtpmaps; map != nullptr; map = map->rm_next) {
        if (map->rm_encoding == nullptr || strcasecmp(map->rm_encoding, "H264") != 0) continue;
        picture.payload_type = static_cast<int>(map->rm_pt);
        const char* fmtp = map->rm_fmtp != nullptr ? map->rm_fmtp : "";
        const char* mode = std::strstr(fmtp, "packetization-mode=");
        picture.packetization_mode = mode != nullptr ? std::atoi(mode + 19) : 0;
        return picture;
    }
    return std::nullopt;
}

}  // namespace

std::string to_sdp(const Abilities& a) {
    const std::string profile =
        std::string(a.srtp != nullptr ? "RTP/SAVP" : "RTP/AVP") + (a.feedback_profile ? "F" : "");
    std::ostringstream sdp;
    const char* family = a.host.find(':') != std::string::npos ? "IP6" : "IP4";
    sdp << "v=0\r\ns=tessera-endpoint\r\nc=IN " << family << " " << a.host << "\r\nt=0 0\r\n";
    sdp << "m=audio " << a.audio_port << " " << profile;
    for (const AudioCodec codec : a.codecs) sdp << " " << facts_of(codec).payload_type;
    sdp << " " << kTelephoneEvent << "\r\n";
    for (const AudioCodec codec : a.codecs) {
        sdp << "a=rtpmap:" << facts_of(codec).payload_type << " " << facts_of(codec).rtpmap
            << "\r\n";
        if (codec != AudioCodec::Opus || !a.opus_fec) continue;
        sdp << "a=fmtp:" << facts_of(codec).payload_type << " useinbandfec=1\r\n";
    }
    sdp << "a=rtpmap:" << kTelephoneEvent << " telephone-event/8000\r\na=fmtp:" << kTelephoneEvent
        << " 0-15\r\na=ptime:20\r\n";
    if (a.srtp != nullptr) sdp << "a=crypto:" << a.srtp->crypto(a.audio_key) << "\r\n";
    sdp << "a=sendrecv\r\n";
    if (!a.picture) return sdp.str();
    sdp << "m=video " << a.video_port << " " << profile << " " << kVideo
        << "\r\nb=AS:" << a.video_kbps << "\r\na=rtpmap:" << kVideo
        << " H264/90000\r\na=fmtp:" << kVideo << " profile-level-id=" << a.profile_level_id
        << ";packetization-mode=" << a.packetization_mode;
    if (a.max_fs > 0) sdp << ";max-fs=" << a.max_fs;
    sdp << "\r\n";
    if (a.feedback) {
        sdp << "a=rtcp-fb:" << kVideo << " nack pli\r\na=rtcp-fb:" << kVideo << " ccm fir\r\n";
    }
    if (a.nack) sdp << "a=rtcp-fb:" << kVideo << " nack\r\n";
    if (a.srtp != nullptr) sdp << "a=crypto:" << a.srtp->crypto(a.video_key) << "\r\n";
    sdp << "a=content:main\r\na=sendrecv\r\n";
    return sdp.str();
}

common::Result<Negotiated> agreed(const std::string& local, const std::string& remote) {
    const Parser ours(local), theirs(remote);
    if (ours.session == nullptr || theirs.session == nullptr) {
        return common::fail(common::ErrorCode::InvalidArgument, "an SDP that cannot be read");
    }
    Negotiated agreement;
    agreement.sound = sound_of(ours, theirs);
    agreement.picture = picture_of(ours, theirs);
    return agreement;
}

}  // namespace endpoint
