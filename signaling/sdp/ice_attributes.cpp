#include "signaling/sdp/ice_attributes.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "signaling/conference/tokens.h"
#include "signaling/sdp/sdp_writer.h"

namespace signaling {
namespace {

using Transport = IceCandidate::Transport;
using Type = IceCandidate::Type;
using TcpType = IceCandidate::TcpType;

constexpr std::array<std::pair<std::string_view, Type>, 4> kTypes{{{"host", Type::Host},
                                                                   {"srflx", Type::ServerReflexive},
                                                                   {"prflx", Type::PeerReflexive},
                                                                   {"relay", Type::Relay}}};
constexpr std::array<std::pair<std::string_view, TcpType>, 3> kTcpTypes{
    {{"active", TcpType::Active},
     {"passive", TcpType::Passive},
     {"so", TcpType::SimultaneousOpen}}};

template <typename Table>
auto meaning_of(const Table& table, std::string_view name)
    -> std::optional<typename Table::value_type::second_type> {
    for (const auto& [known, meaning] : table) {
        if (equal_no_case(known, name)) return meaning;
    }
    return std::nullopt;
}

template <typename Table, typename Meaning>
std::string name_of(const Table& table, Meaning meaning) {
    const auto found =
        std::ranges::find(table, meaning, [](const auto& entry) { return entry.second; });
    return std::string(found->first);
}

// RFC 8839 5.1: ALPHA / DIGIT / "+" / "/".
bool is_ice_text(std::string_view text, std::size_t least, std::size_t most) {
    return text.size() >= least && text.size() <= most && std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '+' || c == '/';
           });
}

// What is neither an address nor a host name is not repeated to anybody.
bool is_address_text(std::string_view text) {
    return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == ':' || c == '-' || c == '_';
    });
}

std::optional<Transport> transport_of(std::string_view name) {
    if (equal_no_case(name, "udp")) return Transport::Udp;
    if (equal_no_case(name, "tcp")) return Transport::Tcp;
    return std::nullopt;
}

/// The value of the extension `name` among the pairs behind the type.
std::string_view extension(const std::vector<std::string_view>& words, std::string_view name) {
    for (std::size_t i = 8; i + 1 < words.size(); i += 2) {
        if (words[i] == name) return words[i + 1];
    }
    return {};
}

const SdpAttribute* find_in(const SdpMedia& media, const SessionDescription& session,
                            std::string_view name) {
    const auto* own = find_attribute(media.attributes, name);
    return own != nullptr ? own : find_attribute(session.attributes, name);
}

void read_candidates(const std::vector<SdpAttribute>& attributes,
                     std::vector<IceCandidate>& candidates) {
    for (const SdpAttribute& attribute : attributes) {
        if (attribute.name != "candidate" || candidates.size() >= kMostCandidates) continue;
        auto candidate = IceCandidate::parse(attribute.value);
        if (candidate) candidates.push_back(*std::move(candidate));
    }
}

/// Reads the sections of a fragment one after the other; each may have said the credentials.
SdpError read_section(const std::vector<SdpAttribute>& attributes, IceFragment& fragment) {
    read_candidates(attributes, fragment.candidates);
    fragment.end_of_candidates =
        fragment.end_of_candidates || find_attribute(attributes, "end-of-candidates") != nullptr;
    const auto* ufrag = find_attribute(attributes, "ice-ufrag");
    const auto* pwd = find_attribute(attributes, "ice-pwd");
    if (ufrag == nullptr && pwd == nullptr) return {};
    if (ufrag == nullptr || pwd == nullptr) {
        return {0, "a=ice-ufrag and a=ice-pwd must stand together"};
    }
    const IceCredentials credentials{ufrag->value, pwd->value};
    if (!credentials.valid()) return {0, "a=ice-ufrag or a=ice-pwd is none of RFC 8839 5.4"};
    if (fragment.credentials && *fragment.credentials != credentials) {
        return {0, "a=ice-ufrag and a=ice-pwd differ between media that are bundled"};
    }
    fragment.credentials = credentials;
    return {};
}

}  // namespace

// candidate:<foundation> <component> <transport> <priority> <address> <port> typ <type> ...
std::optional<IceCandidate> IceCandidate::parse(std::string_view value) {
    constexpr std::string_view kPrefix = "candidate:";
    if (value.starts_with(kPrefix)) value.remove_prefix(kPrefix.size());
    const auto words = split_words(value);
    if (words.size() < 8 || words[6] != "typ" || !is_ice_text(words[0], 1, 32)) return std::nullopt;
    const auto component = parse_number<std::uint16_t>(words[1]);
    const auto transport = transport_of(words[2]);
    const auto priority = parse_number<std::uint32_t>(words[3]);
    const auto port = parse_number<std::uint16_t>(words[5]);
    const auto type = meaning_of(kTypes, words[7]);
    if (!component || *component < 1 || *component > 256) return std::nullopt;
    if (!transport || !priority || !port || !type) return std::nullopt;
    // RFC 8445 5.1.2: between 1 and 2^31 - 1.
    if (*priority == 0 || *priority > 0x7fffffff || !is_address_text(words[4])) return std::nullopt;
    IceCandidate candidate{std::string(words[0]), *component, *transport, *priority,
                           std::string(words[4]), *port,      *type,      {}};
    if (*transport == Transport::Tcp) {
        candidate.tcp_type = meaning_of(kTcpTypes, extension(words, "tcptype"));
        if (!candidate.tcp_type) return std::nullopt;  // RFC 6544 4.5: it must be there
    }
    return candidate;
}

std::string IceCandidate::text() const {
    std::string text = foundation + " " + std::to_string(component) +
                       (transport == Transport::Udp ? " udp " : " tcp ") +
                       std::to_string(priority) + " " + address + " " + std::to_string(port) +
                       " typ " + name_of(kTypes, type);
    if (tcp_type) text += " tcptype " + name_of(kTcpTypes, *tcp_type);
    return text;
}

bool IceCandidate::is_numeric() const {
    std::array<std::uint8_t, 16> bytes{};
    return inet_pton(AF_INET, address.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1;
}

bool IceCredentials::valid() const {
    return is_ice_text(ufrag, 4, 256) && is_ice_text(pwd, 22, 256);
}

std::optional<IceDescription> ice_of(const SdpMedia& media, const SessionDescription& session) {
    const auto* ufrag = find_in(media, session, "ice-ufrag");
    const auto* pwd = find_in(media, session, "ice-pwd");
    if (ufrag == nullptr || pwd == nullptr) return std::nullopt;
    IceDescription ice;
    ice.credentials = {ufrag->value, pwd->value};
    if (!ice.credentials.valid()) return std::nullopt;
    ice.lite = find_attribute(session.attributes, "ice-lite") != nullptr;
    if (const auto* options = find_in(media, session, "ice-options")) {
        const auto words = split_words(options->value);
        ice.trickle = std::ranges::find(words, "trickle") != words.end();
    }
    read_candidates(media.attributes, ice.candidates);
    ice.end_of_candidates = find_in(media, session, "end-of-candidates") != nullptr;
    return ice;
}

void describe_ice(const IceDescription& ours, SdpMedia& media) {
    media.attributes.push_back({"ice-ufrag", ours.credentials.ufrag});
    media.attributes.push_back({"ice-pwd", ours.credentials.pwd});
    // RFC 8445 10: "ice2" says that we follow it.
    media.attributes.push_back({"ice-options", ours.trickle ? "ice2 trickle" : "ice2"});
}

void describe_candidates(const IceDescription& ours, SdpMedia& media) {
    for (const IceCandidate& candidate : ours.candidates) {
        media.attributes.push_back({"candidate", candidate.text()});
    }
    if (ours.end_of_candidates) media.attributes.push_back({"end-of-candidates", ""});
}

tl::expected<IceFragment, SdpError> parse_ice_fragment(std::string_view text) {
    // RFC 8840 9.2: the grammar of SDP without the lines that every description begins with.
    constexpr std::string_view kHead = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\n";
    constexpr int kHeadLines = 2;
    auto parsed = parse_sdp(std::string(kHead) + std::string(text));
    if (!parsed) {
        SdpError error = std::move(parsed.error());
        error.line = std::max(0, error.line - kHeadLines);
        return tl::unexpected(std::move(error));
    }
    IceFragment fragment;
    SdpError error = read_section(parsed->attributes, fragment);
    for (const SdpMedia& media : parsed->media) {
        if (error.message.empty()) error = read_section(media.attributes, fragment);
    }
    if (!error.message.empty()) return tl::unexpected(std::move(error));
    return fragment;
}

std::string write_ice_fragment(const IceDescription& ours, std::string_view media,
                               std::string_view mid) {
    SessionDescription description;
    SdpMedia section{std::string(media), 9, "UDP/TLS/RTP/SAVPF", {"0"}, {}, {}, {}};
    section.attributes.push_back({"mid", std::string(mid)});
    describe_candidates(ours, section);
    description.media.push_back(std::move(section));
    SdpMedia head;
    describe_ice(ours, head);
    if (ours.lite) description.attributes.push_back({"ice-lite", ""});
    std::ranges::move(head.attributes, std::back_inserter(description.attributes));
    // A fragment begins with its attributes: v=, o=, s= and t= are a description's.
    const std::string whole = write_sdp(description);
    return whole.substr(whole.find("a="));
}

}  // namespace signaling
