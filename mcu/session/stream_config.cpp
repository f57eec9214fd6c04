#include "mcu/session/stream_config.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "mcu/rtp/h264_fmtp.h"

namespace mcu {

using common::ErrorCode;
using common::Result;

namespace {

constexpr int kVideoClockHz = 90'000;
constexpr int kMostClockHz = 192'000;  // of sound in any registry

// RFC 7587 4.1; RFC 3551 4.5.2: G.722 has an RTP clock of 8000 by an old error that is now the
// rule.
int clock_hz(common::AudioCodec codec) {
    return codec == common::AudioCodec::Opus ? 48'000 : 8'000;
}

Result<void> check_type(std::uint8_t payload_type, bool rtcp_mux) {
    if (payload_type > 127) {
        return common::fail(ErrorCode::InvalidArgument,
                            "payload type " + std::to_string(payload_type) + " is beyond 127");
    }
    if (rtcp_mux && payload_type >= 64 && payload_type <= 95) {
        return common::fail(ErrorCode::InvalidArgument,
                            "payload type " + std::to_string(payload_type) +
                                " cannot be told from RTCP on a shared port");
    }
    return {};
}

Result<void> check_format(PayloadFormat& format, const MediaConfig& media) {
    if (Result<void> type = check_type(format.payload_type, media.rtcp_mux); !type) return type;
    if (Result<void> type = check_type(format.rtx_payload_type, media.rtcp_mux); !type) {
        return common::fail_in("of repeats", std::move(type.error()));
    }
    const bool audio = media.kind == MediaKind::Audio;
    const int expected_hz = audio ? clock_hz(format.audio) : kVideoClockHz;
    if (format.clock_rate_hz == 0) format.clock_rate_hz = expected_hz;
    if (format.clock_rate_hz != expected_hz) {
        return common::fail(ErrorCode::InvalidArgument,
                            "payload type " + std::to_string(format.payload_type) +
                                " has a clock of " + std::to_string(format.clock_rate_hz) +
                                " Hz instead of " + std::to_string(expected_hz));
    }
    const bool h264 = !audio && format.video == common::VideoCodec::H264;
    if (h264 && !H264Fmtp::parse(format.fmtp)) {
        return common::fail(ErrorCode::InvalidArgument,
                            "the H.264 parameters '" + format.fmtp + "' cannot be read");
    }
    return {};
}

Result<SocketAddress> read_address(const std::string& address, std::uint16_t port) {
    if (address.empty() || port == 0) return SocketAddress();
    return SocketAddress::parse(address, port);
}

Result<MediaTransport::Peer> read_peer(const MediaConfig& media) {
    const PeerAddress& told = media.peer;
    Result<SocketAddress> rtp = read_address(told.address, told.rtp_port);
    if (!rtp) return tl::unexpected(std::move(rtp.error()));
    // RFC 3550 11: RTCP is on the next port where nobody says otherwise (RFC 3605).
    const bool next_port = told.rtcp_port == 0 && told.rtp_port != 0 && told.rtp_port != 65535;
    const auto rtcp_port =
        next_port ? static_cast<std::uint16_t>(told.rtp_port + 1) : told.rtcp_port;
    Result<SocketAddress> rtcp = media.rtcp_mux ? rtp : read_address(told.address, rtcp_port);
    if (!rtcp) return tl::unexpected(std::move(rtcp.error()));
    return MediaTransport::Peer{*rtp, *rtcp, media.rtcp_mux};
}

Result<void> check_security(const MediaSecurity& security) {
    const bool sdes = security.kind == MediaSecurity::Kind::Sdes;
    if (sdes && !(security.send.valid() && security.receive.valid())) {
        return common::fail(ErrorCode::InvalidArgument, "an SRTP key is missing");
    }
    const bool dtls = security.kind == MediaSecurity::Kind::Dtls;
    if (dtls && security.fingerprints.empty()) {
        return common::fail(ErrorCode::InvalidArgument, "the peer's fingerprint is missing");
    }
    return {};
}

Result<StreamConfig> check_one(const MediaConfig& media) {
    StreamConfig config{media, {}};
    if (Result<void> ok = check_security(media.security); !ok) {
        return tl::unexpected(std::move(ok.error()));
    }
    for (PayloadFormat& format : config.media.receive) {
        if (Result<void> ok = check_format(format, media); !ok) {
            return tl::unexpected(std::move(ok.error()));
        }
    }
    if (media.sends) {
        if (Result<void> ok = check_format(config.media.send, media); !ok) {
            return tl::unexpected(std::move(ok.error()));
        }
    }
    if (Result<void> ok = check_type(media.telephone_event_pt, media.rtcp_mux); !ok) {
        return tl::unexpected(std::move(ok.error()));
    }
    if (media.telephone_event_clock_hz < 1 || media.telephone_event_clock_hz > kMostClockHz) {
        return common::fail(ErrorCode::InvalidArgument,
                            "telephone-event has a clock of " +
                                std::to_string(media.telephone_event_clock_hz) + " Hz");
    }
    Result<MediaTransport::Peer> peer = read_peer(media);
    if (!peer) return tl::unexpected(std::move(peer.error()));
    config.peer = *peer;
    return config;
}

Result<void> check_bundled(const MediaConfig& media, const MediaConfig& first) {
    const auto refuse = [](const char* why) {
        return common::fail(ErrorCode::InvalidArgument, std::string("bundled, but ") + why);
    };
    using Kind = MediaSecurity::Kind;
    if (!media.rtcp_mux) return refuse("without rtcp-mux");
    if (media.security.kind != Kind::Dtls && media.security.kind != Kind::Pending) {
        return refuse("without DTLS");
    }
    if (!(media.security == first.security)) return refuse("protected otherwise than the others");
    return {};
}

Result<void> check_bundle(const std::vector<MediaConfig>& media, const BundleConfig& bundle) {
    const bool remote_known = !bundle.remote.ufrag.empty();
    if (!bundle.local.valid() || (remote_known && !bundle.remote.valid())) {
        return common::fail(ErrorCode::InvalidArgument, "ICE credentials that RFC 8839 forbids");
    }
    const MediaConfig* first = nullptr;
    for (const MediaConfig& medium : media) {
        if (std::ranges::find(bundle.mids, medium.mid) == bundle.mids.end()) continue;
        if (first == nullptr) first = &medium;
        if (Result<void> ok = check_bundled(medium, *first); !ok) {
            return common::fail_in("medium '" + medium.mid + "'", std::move(ok.error()));
        }
    }
    return {};
}

}  // namespace

Result<std::vector<StreamConfig>> check_media(const std::vector<MediaConfig>& media,
                                              const std::optional<BundleConfig>& bundle) {
    if (bundle) {
        if (Result<void> ok = check_bundle(media, *bundle); !ok) {
            return tl::unexpected(std::move(ok.error()));
        }
    }
    std::vector<StreamConfig> configs;
    std::set<std::string> mids;
    for (const MediaConfig& medium : media) {
        const std::string context = "medium '" + medium.mid + "'";
        if (!mids.insert(medium.mid).second) {
            return common::fail(ErrorCode::InvalidArgument, context + " is there twice");
        }
        Result<StreamConfig> config = check_one(medium);
        if (!config) return common::fail_in(context, std::move(config.error()));
        configs.push_back(std::move(*config));
    }
    return configs;
}

}  // namespace mcu
