#include "signaling/sdp/rtp_attributes.h"

#include <algorithm>
#include <array>

#include "signaling/conference/tokens.h"

namespace signaling {
namespace {

struct StaticPayload {
    std::uint8_t payload_type;
    const char* name;
    int clock_rate_hz;
};

// RFC 3551 tables 4 and 5, those that calls still use. The ones we lack are here to be named in a
// refusal.
constexpr std::array<StaticPayload, 11> kStatic = {{{0, "PCMU", 8000},
                                                    {3, "GSM", 8000},
                                                    {4, "G723", 8000},
                                                    {8, "PCMA", 8000},
                                                    {9, "G722", 8000},
                                                    {13, "CN", 8000},
                                                    {15, "G728", 8000},
                                                    {18, "G729", 8000},
                                                    {31, "H261", 90000},
                                                    {32, "MPV", 90000},
                                                    {34, "H263", 90000}}};

// The value of the attribute `name` whose first word is the payload type: "a=fmtp:97 mode=1" ->
// "mode=1".
std::optional<std::string_view> value_for(const SdpMedia& media, std::string_view name,
                                          std::uint8_t payload_type) {
    for (const auto& attribute : media.attributes) {
        if (attribute.name != name) continue;
        std::string_view rest = attribute.value;
        if (parse_number<std::uint8_t>(take_until(rest, ' ')) == payload_type) return trim(rest);
    }
    return std::nullopt;
}

// "opus/48000/2"
std::optional<MediaCodec> parse_rtpmap(std::string_view value) {
    const std::string_view name = trim(take_until(value, '/'));
    const auto clock = parse_number<std::uint32_t>(trim(take_until(value, '/')));
    const auto channels = value.empty() ? 1 : parse_number<std::uint8_t>(trim(value)).value_or(0);
    constexpr std::uint32_t kFastestClock = 1'000'000;
    if (name.empty() || !clock || *clock == 0 || *clock > kFastestClock || channels == 0) {
        return std::nullopt;
    }
    return MediaCodec{std::string(name), 0, static_cast<int>(*clock), channels, {}};
}

/// Parameters of a format go on to the media daemon as text. What no RFC would write is as good as
/// none; bytes that are not UTF-8 would make the whole room's state unreadable there.
bool is_plain_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::optional<MediaCodec> codec_for(const SdpMedia& media, std::uint8_t payload_type) {
    if (const auto rtpmap = value_for(media, "rtpmap", payload_type)) return parse_rtpmap(*rtpmap);
    for (const auto& known : kStatic) {
        if (known.payload_type == payload_type) {
            return MediaCodec{known.name, 0, known.clock_rate_hz, 1, {}};
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<MediaCodec> codecs_of(const SdpMedia& media) {
    std::vector<MediaCodec> codecs;
    for (const auto& format : media.formats) {
        const auto payload_type = parse_number<std::uint8_t>(format);
        if (!payload_type || *payload_type > 127) continue;
        const bool twice = std::any_of(codecs.begin(), codecs.end(), [&](const MediaCodec& c) {
            return c.payload_type == *payload_type;
        });
        auto codec = codec_for(media, *payload_type);
        if (twice || !codec) continue;
        codec->payload_type = *payload_type;
        const auto fmtp = value_for(media, "fmtp", *payload_type).value_or("");
        if (is_plain_text(fmtp)) codec->fmtp = std::string(fmtp);
        codecs.push_back(*std::move(codec));
    }
    return codecs;
}

const char* direction_name(MediaDirection direction) {
    switch (direction) {
        case MediaDirection::SendRecv:
            return "sendrecv";
        case MediaDirection::SendOnly:
            return "sendonly";
        case MediaDirection::RecvOnly:
            return "recvonly";
        case MediaDirection::Inactive:
            break;
    }
    return "inactive";
}

MediaDirection direction_of(const SdpMedia& media, const SessionDescription& session) {
    for (const auto* attributes : {&media.attributes, &session.attributes}) {
        for (const auto& attribute : *attributes) {
            for (const auto direction : {MediaDirection::SendRecv, MediaDirection::SendOnly,
                                         MediaDirection::RecvOnly, MediaDirection::Inactive}) {
                if (attribute.name == direction_name(direction)) return direction;
            }
        }
    }
    return MediaDirection::SendRecv;
}

common::Bitrate bandwidth_of(const std::vector<SdpBandwidth>& bandwidths) {
    constexpr std::uint64_t kMostBps = 1'000'000'000;  // beyond it, a limit limits nothing
    for (const auto& [type, bits_per_unit] : {std::pair{"TIAS", 1U}, std::pair{"AS", 1000U}}) {
        for (const auto& b : bandwidths) {
            if (b.type != type || b.value == 0) continue;
            const auto bps = std::min(b.value, kMostBps / bits_per_unit) * bits_per_unit;
            return common::Bitrate::from_bps(static_cast<std::int64_t>(bps));
        }
    }
    return {};
}

bool has_feedback(const SdpMedia& media, std::string_view kind) {
    return std::any_of(media.attributes.begin(), media.attributes.end(), [&](const auto& a) {
        if (a.name != "rtcp-fb") return false;
        std::string_view rest = a.value;
        static_cast<void>(take_until(rest, ' '));  // "*" or a payload type
        const auto words = split_words(rest);
        const auto wanted = split_words(kind);
        if (wanted.size() == 1 && words.size() != 1) return false;
        return words.size() >= wanted.size() &&
               std::equal(wanted.begin(), wanted.end(), words.begin(), equal_no_case);
    });
}

std::uint16_t rtcp_port_of(const SdpMedia& media) {
    if (const auto* rtcp = find_attribute(media.attributes, "rtcp")) {
        std::string_view rest = rtcp->value;
        if (const auto port = parse_number<std::uint16_t>(take_until(rest, ' '));
            port && *port != 0) {
            return *port;
        }
    }
    return media.port == 65535 ? media.port : static_cast<std::uint16_t>(media.port + 1);
}

void describe_codec(const MediaCodec& codec, SdpMedia& media) {
    const std::string payload_type = std::to_string(codec.payload_type);
    std::string map = payload_type + " " + codec.name + "/" + std::to_string(codec.clock_rate_hz);
    if (codec.channels > 1) map += "/" + std::to_string(codec.channels);
    media.attributes.push_back({"rtpmap", std::move(map)});
    if (!codec.fmtp.empty()) media.attributes.push_back({"fmtp", payload_type + " " + codec.fmtp});
}

}  // namespace signaling
