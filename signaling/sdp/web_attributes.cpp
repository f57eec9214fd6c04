#include "signaling/sdp/web_attributes.h"

#include <algorithm>
#include <utility>

#include "common/fmtp.h"
#include "signaling/conference/tokens.h"
#include "signaling/sdp/rtp_attributes.h"

namespace signaling {
namespace {

constexpr std::uint16_t kMostExtensionId = 14;  // RFC 8285 4.2
constexpr std::size_t kMostExtensions = 14;
constexpr std::size_t kMostStreams = 8;
constexpr std::size_t kMostUriBytes = 255;

std::optional<MediaDirection> direction_named(std::string_view name) {
    for (const auto direction : {MediaDirection::SendRecv, MediaDirection::SendOnly,
                                 MediaDirection::RecvOnly, MediaDirection::Inactive}) {
        if (name == direction_name(direction)) return direction;
    }
    return std::nullopt;
}

// What stands in a description of ours, and in what the media daemon is told.
bool is_plain_word(std::string_view text, std::size_t most) {
    return !text.empty() && text.size() <= most &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// <id>["/"<direction>] SP <uri> [SP <attributes>]
std::optional<HeaderExtension> parse_extmap(std::string_view value) {
    const auto words = split_words(value);
    if (words.size() < 2 || !is_plain_word(words[1], kMostUriBytes)) return std::nullopt;
    std::string_view how = words[0];
    const auto id = parse_number<std::uint16_t>(take_until(how, '/'));
    const auto direction = how.empty() ? MediaDirection::SendRecv : direction_named(how);
    if (!id || *id == 0 || *id > kMostExtensionId || !direction) return std::nullopt;
    return HeaderExtension{*id, *direction, std::string(words[1])};
}

// RFC 8866 9: token-char.
bool is_token(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`{|}~";
    return std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

SentStream* find_stream(std::vector<SentStream>& streams, std::uint32_t ssrc) {
    const auto found = std::ranges::find(streams, ssrc, &SentStream::ssrc);
    return found == streams.end() ? nullptr : &*found;
}

void read_ssrc(std::string_view value, std::vector<SentStream>& streams) {
    const auto ssrc = parse_number<std::uint32_t>(take_until(value, ' '));
    if (!ssrc || *ssrc == 0) return;
    SentStream* stream = find_stream(streams, *ssrc);
    if (stream == nullptr) {
        // Each may have a repairing one, which goes out again.
        if (streams.size() >= 2 * kMostStreams) return;
        stream = &streams.emplace_back(SentStream{*ssrc, 0, {}});
    }
    const std::string_view name = take_until(value, ':');
    if (name == "cname" && is_plain_word(value, kMostUriBytes)) stream->cname = std::string(value);
}

}  // namespace

std::vector<HeaderExtension> header_extensions_of(const SdpMedia& media,
                                                  const SessionDescription& session) {
    const bool own = find_attribute(media.attributes, "extmap") != nullptr;
    std::vector<HeaderExtension> extensions;
    for (const auto& attribute : own ? media.attributes : session.attributes) {
        if (attribute.name != "extmap" || extensions.size() >= kMostExtensions) continue;
        auto extension = parse_extmap(attribute.value);
        if (!extension) continue;
        const bool twice = std::ranges::any_of(extensions, [&](const HeaderExtension& e) {
            return e.id == extension->id || e.uri == extension->uri;
        });
        if (!twice) extensions.push_back(*std::move(extension));
    }
    return extensions;
}

std::string extmap_value(const HeaderExtension& extension) {
    std::string value = std::to_string(extension.id);
    if (extension.direction != MediaDirection::SendRecv) {
        value += std::string("/") + direction_name(extension.direction);
    }
    return value + " " + extension.uri;
}

std::vector<std::string> bundle_of(const SessionDescription& description) {
    for (const auto& attribute : description.attributes) {
        if (attribute.name != "group") continue;
        const auto words = split_words(attribute.value);
        if (words.empty() || words[0] != "BUNDLE") continue;
        return {words.begin() + 1, words.end()};
    }
    return {};
}

std::string mid_of(const SdpMedia& media) {
    constexpr std::size_t kMostMidBytes = 32;
    const auto* mid = find_attribute(media.attributes, "mid");
    const bool good = mid != nullptr && mid->value.size() <= kMostMidBytes && is_token(mid->value);
    return good ? mid->value : std::string();
}

std::optional<std::uint8_t> rtx_for(const std::vector<MediaCodec>& codecs,
                                    std::uint8_t payload_type) {
    for (const MediaCodec& codec : codecs) {
        if (!equal_no_case(codec.name, "rtx")) continue;
        const auto apt = common::fmtp_parameter(codec.fmtp, "apt");
        if (apt && parse_number<std::uint8_t>(*apt) == payload_type) return codec.payload_type;
    }
    return std::nullopt;
}

std::vector<std::string> feedback_of(const SdpMedia& media, std::uint8_t payload_type) {
    std::vector<std::string> kinds;
    for (const auto& attribute : media.attributes) {
        if (attribute.name != "rtcp-fb") continue;
        std::string_view rest = attribute.value;
        const std::string_view whom = take_until(rest, ' ');
        if (whom != "*" && parse_number<std::uint8_t>(whom) != payload_type) continue;
        std::string kind;
        for (const auto word : split_words(rest)) {
            kind += (kind.empty() ? "" : " ") + std::string(word);
        }
        if (!kind.empty() && std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
    }
    return kinds;
}

std::vector<SentStream> sent_streams_of(const SdpMedia& media) {
    std::vector<SentStream> streams;
    for (const auto& attribute : media.attributes) {
        if (attribute.name == "ssrc") read_ssrc(attribute.value, streams);
    }
    std::vector<std::uint32_t> repairing;
    for (const auto& attribute : media.attributes) {
        const auto words = split_words(attribute.value);
        if (attribute.name != "ssrc-group" || words.size() != 3 || words[0] != "FID") continue;
        const auto ssrc = parse_number<std::uint32_t>(words[1]);
        const auto rtx = parse_number<std::uint32_t>(words[2]);
        if (!ssrc || !rtx || *ssrc == *rtx || *rtx == 0) continue;
        SentStream* stream = find_stream(streams, *ssrc);
        if (stream == nullptr) continue;
        stream->rtx_ssrc = *rtx;
        repairing.push_back(*rtx);
    }
    std::erase_if(streams, [&](const SentStream& stream) {
        return std::ranges::find(repairing, stream.ssrc) != repairing.end();
    });
    if (streams.size() > kMostStreams) streams.resize(kMostStreams);
    return streams;
}

std::optional<MediaStreamName> msid_of(const SdpMedia& media) {
    const auto* msid = find_attribute(media.attributes, "msid");
    const auto words = msid == nullptr ? std::vector<std::string_view>() : split_words(msid->value);
    if (words.empty()) return std::nullopt;
    return MediaStreamName{std::string(words[0]), words.size() > 1 ? std::string(words[1]) : ""};
}

}  // namespace signaling
