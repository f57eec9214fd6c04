#include "signaling/sdp/sdp_parser.h"

#include <optional>
#include <utility>
#include <vector>

#include "signaling/conference/tokens.h"

namespace signaling {
namespace {

using Problem = std::optional<std::string>;  // nothing: all is well
constexpr auto kFine = std::nullopt;

/// Long or binary input is named by its beginning: the message goes to logs and Warning headers.
std::string quote(std::string_view text) {
    constexpr std::size_t kMost = 40;
    std::string quoted = "'";
    for (const char c : text.substr(0, kMost)) quoted += c >= ' ' && c <= '~' ? c : '?';
    return quoted + (text.size() > kMost ? "…'" : "'");
}

bool is_decimal(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Reads line after line into the description; each line either fits or ends the reading.
class SdpReader {
  public:
    explicit SdpReader(const SdpLimits& limits) : limits_(limits) {}

    Problem read_line(std::string_view line) {
        if (line.size() > limits_.line_bytes) return "line is longer than we read";
        if (line.find('\0') != std::string_view::npos) return "NUL inside a line";
        if (line.find('\r') != std::string_view::npos) return "carriage return inside a line";
        if (line.size() < 2 || line[1] != '=')
            return "expected a letter and '=', got " + quote(line);
        if (!seen_version_ && line[0] != 'v') return "expected v=0 first, got " + quote(line);
        return read_field(line[0], line.substr(2));
    }

    Problem finish() const {
        if (!seen_version_) return "empty";
        if (!seen_origin_) return "no o= line";
        return kFine;
    }

    SessionDescription take() { return std::move(result_); }

  private:
    Problem read_field(char letter, std::string_view value) {
        switch (letter) {
            case 'v':
                return read_version(value);
            case 'o':
                return read_origin(value);
            case 's':
                if (!in_media() && !value.empty()) result_.name = std::string(value);
                return kFine;
            case 'c':
                return read_connection(value);
            case 'b':
                return read_bandwidth(value);
            case 'a':
                return read_attribute(value);
            case 'm':
                return read_media(value);
            default:
                return kFine;  // RFC 8866 5: i u e p t r z k, and letters not invented yet
        }
    }

    bool in_media() const { return !result_.media.empty(); }

    Problem read_version(std::string_view value) {
        if (seen_version_) return "second v= line";
        if (trim(value) != "0") return "version " + quote(value) + " of v= is not 0";
        seen_version_ = true;
        return kFine;
    }

    // o=<username> <sess-id> <sess-version> IN IP4|IP6 <address>
    Problem read_origin(std::string_view value) {
        if (seen_origin_) return "second o= line";
        const auto words = split_words(value);
        if (words.size() != 6) return "o= needs six words, got " + quote(value);
        if (!is_decimal(words[1]) || !is_decimal(words[2])) {
            return "session id and version of o= must be numbers, got " + quote(value);
        }
        auto address = read_address(words[3], words[4], words[5]);
        if (!address) return "o=: " + address.error();
        result_.origin = {std::string(words[0]), std::string(words[1]), std::string(words[2]),
                          *std::move(address)};
        seen_origin_ = true;
        return kFine;
    }

    // c=IN IP4|IP6 <address>[/<ttl>][/<count>]
    Problem read_connection(std::string_view value) {
        auto& connection = in_media() ? result_.media.back().connection : result_.connection;
        if (connection) return "second c= line in one section";
        const auto words = split_words(value);
        if (words.size() != 3) return "c= needs three words, got " + quote(value);
        std::string_view address_and_ttl = words[2];
        auto address = read_address(words[0], words[1], take_until(address_and_ttl, '/'));
        if (!address) return "c=: " + address.error();
        connection = *std::move(address);
        return kFine;
    }

    static tl::expected<SdpAddress, std::string> read_address(std::string_view network,
                                                              std::string_view family,
                                                              std::string_view address) {
        const bool ipv6 = equal_no_case(family, "IP6");
        if (!equal_no_case(network, "IN") || (!ipv6 && !equal_no_case(family, "IP4"))) {
            return tl::unexpected("expected 'IN IP4' or 'IN IP6', got " +
                                  quote(std::string(network) + " " + std::string(family)));
        }
        if (address.empty()) return tl::unexpected(std::string("no address"));
        return SdpAddress{ipv6, std::string(address)};
    }

    // b=<type>:<number>
    Problem read_bandwidth(std::string_view value) {
        auto& bandwidths = in_media() ? result_.media.back().bandwidths : result_.bandwidths;
        if (bandwidths.size() >= kBandwidthsPerSection) return "more b= lines than we read";
        const std::string_view type = trim(take_until(value, ':'));
        const auto number = parse_number<std::uint64_t>(trim(value));
        if (type.empty() || !number) return "b= needs type:number, got " + quote(value);
        bandwidths.push_back({std::string(type), *number});
        return kFine;
    }

    Problem read_attribute(std::string_view value) {
        auto& attributes = in_media() ? result_.media.back().attributes : result_.attributes;
        if (attributes.size() >= limits_.attributes_per_section)
            return "more a= lines than we read";
        const std::string_view name = trim(take_until(value, ':'));
        if (name.empty()) return "a= without a name";
        attributes.push_back({std::string(name), std::string(trim(value))});
        return kFine;
    }

    // m=<media> <port>[/<count>] <protocol> <format>…
    Problem read_media(std::string_view value) {
        if (result_.media.size() >= limits_.media) return "more m= lines than we read";
        const auto words = split_words(value);
        if (words.size() < 4) return "m= needs media, port, protocol, format; got " + quote(value);
        if (words.size() - 3 > limits_.formats_per_media) return "more formats of m= than we read";
        std::string_view count = words[1];
        const std::string_view port_text = take_until(count, '/');
        const auto port = parse_number<std::uint16_t>(port_text);
        if (!port) {
            return "port " + quote(port_text) + " of m= is not a number from 0 to 65535";
        }
        SdpMedia media;
        media.media = std::string(words[0]);
        media.port = *port;
        media.protocol = std::string(words[2]);
        media.formats.assign(words.begin() + 3, words.end());
        result_.media.push_back(std::move(media));
        return kFine;
    }

    static constexpr std::size_t kBandwidthsPerSection = 16;
    const SdpLimits& limits_;
    SessionDescription result_;
    bool seen_version_ = false;
    bool seen_origin_ = false;
};

}  // namespace

std::string SdpError::text() const {
    return line == 0 ? message : "line " + std::to_string(line) + ": " + message;
}

tl::expected<SessionDescription, SdpError> parse_sdp(std::string_view text,
                                                     const SdpLimits& limits) {
    if (text.size() > limits.text_bytes) {
        return tl::unexpected(SdpError{0, "longer than we read"});
    }
    SdpReader reader(limits);
    for (int number = 1; !text.empty(); ++number) {
        if (static_cast<std::size_t>(number) > limits.lines) {
            return tl::unexpected(SdpError{number, "more lines than we read"});
        }
        std::string_view line = take_until(text, '\n');
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (trim(line).empty()) continue;
        if (auto problem = reader.read_line(line)) {
            return tl::unexpected(SdpError{number, *std::move(problem)});
        }
    }
    if (auto problem = reader.finish()) return tl::unexpected(SdpError{0, *std::move(problem)});
    return reader.take();
}

}  // namespace signaling
