#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/fingerprint.h"
#include "common/media_types.h"
#include "common/srtp_key.h"
#include "common/units.h"
#include "mcu/rtp/header_extensions.h"
#include "mcu/session/drop_counts.h"
#include "mcu/transport/dtls_association.h"
#include "mcu/transport/ice_checks.h"

namespace mcu {

enum class MediaKind : std::uint8_t { Audio, Video };
enum class Direction : std::uint8_t { SendRecv, SendOnly, RecvOnly, Inactive };  ///< seen from us

/// One negotiated payload format. `codec` of the other kind is not looked at.
struct PayloadFormat {
    std::uint8_t payload_type = 0;
    common::AudioCodec audio = common::AudioCodec::Opus;
    common::VideoCodec video = common::VideoCodec::H264;
    int clock_rate_hz = 0;
    /// RFC syntax as in SDP: "profile-level-id=42e01f;packetization-mode=1"
    std::string fmtp = {};
    int packet_ms = 20;                 ///< sound that we send: 10, 20, 40 or 60; Opus: 20
    std::uint8_t rtx_payload_type = 0;  ///< of its repeats (RFC 4588); 0: none
};

/// Where the peer receives. An empty address: not known yet.
struct PeerAddress {
    std::string address;  ///< numeric IPv4 or IPv6
    std::uint16_t rtp_port = 0;
    std::uint16_t rtcp_port = 0;
    friend bool operator==(const PeerAddress&, const PeerAddress&) = default;
};

/// How one medium is protected, as signalling agreed.
struct MediaSecurity {
    enum class Kind : std::uint8_t {
        None,     ///< plain RTP
        Sdes,     ///< keys by signalling (RFC 4568)
        Dtls,     ///< keys by DTLS-SRTP (RFC 5764)
        Pending,  ///< not agreed on yet: nothing flows in either direction
    };
    Kind kind = Kind::None;
    common::SrtpKey send, receive;                  ///< Sdes: ours, the peer's
    DtlsRole role = DtlsRole::Server;               ///< Dtls: ours
    std::vector<common::Fingerprint> fingerprints;  ///< Dtls: the peer's certificate has one
    friend bool operator==(const MediaSecurity&, const MediaSecurity&) = default;
};

/// What was negotiated for one medium of a session: the desired state, whole.
struct MediaConfig {
    std::string mid;
    MediaKind kind = MediaKind::Audio;
    std::string content = "main";
    Direction direction = Direction::SendRecv;
    PeerAddress peer;
    bool rtcp_mux = false;
    std::vector<PayloadFormat> receive;
    bool sends = false;  ///< `send` is valid
    PayloadFormat send;
    std::uint8_t telephone_event_pt = 0;  ///< 0: none
    int telephone_event_clock_hz = 8000;
    common::Bitrate bandwidth;  ///< 0: not limited
    bool feedback_pli = false;
    bool feedback_fir = false;
    bool feedback_nack = false;          ///< generic NACK, both ways
    bool feedback_tmmbr = false;         ///< both ways
    bool feedback_transport_cc = false;  ///< for the bundle's `transport_sequence`
    bool feedback_remb = false;          ///< both ways
    std::uint64_t start_asked = 0;  ///< raised: the peer asked for a start by signalling (RFC 5168)
    std::uint64_t relearn = 0;      ///< raised: the peer's address and SSRC may be learnt anew
    MediaSecurity security = {};
    std::vector<std::uint32_t> remote_ssrcs = {};  ///< that the peer says it sends
};

/// The one transport of several media, as a WebRTC peer has it (RFC 9143).
struct BundleConfig {
    std::vector<std::string> mids;  ///< all with rtcp-mux and DTLS, and no address
    IceCredentials local;
    IceCredentials remote;  ///< empty: not known yet
    HeaderExtensionIds extensions;
    friend bool operator==(const BundleConfig&, const BundleConfig&) = default;
};

/// What we tell the peer about our end of one medium.
struct LocalMedia {
    std::string mid;
    std::string address;
    std::uint16_t rtp_port = 0;
    std::uint16_t rtcp_port = 0;
    std::uint32_t ssrc = 0;
    std::string cname;
    std::string fingerprint = {};  ///< of our certificate, as in SDP; empty: we have no DTLS
    std::uint32_t rtx_ssrc = 0;    ///< of our repeats (RFC 4588); 0: there are none
};

/// How often each packet of a picture goes out again after the first time, to a peer that loses
/// packets and cannot ask for them.
struct PictureRepeats {
    int others = 0, key = 0;  ///< pictures that are no key pictures, and those that are
    friend bool operator==(const PictureRepeats&, const PictureRepeats&) = default;
};

/// What a peer's newest report says of the stream that we send it, and what was sent by then.
struct ReportedLoss {
    common::Timestamp at;                ///< 0: no report yet
    std::int32_t cumulative_lost = 0;    ///< negative where what comes twice counts twice
    std::uint32_t highest_sequence = 0;  ///< extended
    std::uint64_t packets_sent = 0;      ///< each once
    std::uint64_t packets_repeated = 0;  ///< by PictureRepeats
};

/// A snapshot of one medium's counters since it was opened.
struct StreamCounters {
    std::string mid;
    std::uint64_t packets_received = 0, bytes_received = 0, packets_lost = 0;
    DropCounts dropped;
    std::uint64_t packets_sent = 0, bytes_sent = 0;
    double jitter_ms = 0, round_trip_ms = 0, remote_loss_percent = 0;
    std::uint64_t starts_asked = 0;   ///< PLI and FIR from the peer
    std::uint64_t starts_wanted = 0;  ///< PLI and FIR to the peer
    /// Received, but of packets that make no picture, or of parameter sets that we refuse.
    std::uint64_t pictures_broken = 0;
    std::uint64_t freezes = 0;     ///< of a picture that should have moved, over half a second each
    double longest_repair_ms = 0;  ///< from a loss to the picture that was whole again
    std::uint64_t packets_recovered = 0;   ///< came because we asked for them again
    std::uint64_t packets_sent_again = 0;  ///< because the peer asked
    ReportedLoss reported;                 ///< packets sent and repeated: until now
    std::uint64_t packets_heard = 0;  ///< RTP and RTCP of the peer, wanted or not: a sign of life
    common::Timestamp last_packet;    ///< 0: none yet
};

}  // namespace mcu
