#include "signaling/sdp/security_attributes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "signaling/conference/tokens.h"

namespace signaling {

using common::Fingerprint;
using common::SrtpKey;
using Profile = OfferedSecurity::Profile;

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kMostFingerprints = 8;
constexpr std::size_t kMostCryptos = 16;

constexpr std::array<std::pair<std::string_view, DtlsSetup>, 3> kSetups{
    {{"active", DtlsSetup::Active},
     {"passive", DtlsSetup::Passive},
     {"actpass", DtlsSetup::ActPass}}};

/// RFC 4648 4, with or without the padding; nothing: other letters, or bits left over.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
    while (text.size() % 4 == 0 && text.ends_with('=')) {
        text.remove_suffix(1);
        if (text.ends_with('=')) text.remove_suffix(1);
        break;
    }
    if (text.size() % 4 == 1) return std::nullopt;
    std::vector<std::uint8_t> bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::size_t value = kBase64.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = (bits << 6U | static_cast<std::uint32_t>(value)) & 0xffffU;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes.push_back(static_cast<std::uint8_t>(bits >> static_cast<unsigned>(count)));
        bits &= (1U << static_cast<unsigned>(count)) - 1U;
    }
    if (bits != 0) return std::nullopt;
    return bytes;
}

std::string to_base64(std::span<const std::uint8_t> bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = std::uint32_t{bytes[i]} << 16U;
        if (count > 1) bits |= std::uint32_t{bytes[i + 1]} << 8U;
        if (count > 2) bits |= bytes[i + 2];
        for (std::size_t k = 0; k < 4; ++k) {
            text += k <= count ? kBase64[bits >> (18U - 6U * k) & 0x3fU] : '=';
        }
    }
    return text;
}

// "2^31", "1048576"
bool is_lifetime(std::string_view text) {
    if (text.starts_with("2^")) text.remove_prefix(2);
    return parse_number<std::uint64_t>(text).has_value();
}

/// What speaks against it; empty: nothing.
std::string session_parameter_problem(std::string_view parameter) {
    std::string_view rest = parameter;
    const std::string_view name = take_until(rest, '=');
    if (equal_no_case(name, "WSH") || name.starts_with('-')) return {};
    if (equal_no_case(name, "KDR") && rest == "0") return {};
    for (const char* known : {"KDR", "UNENCRYPTED_SRTP", "UNENCRYPTED_SRTCP",
                              "UNAUTHENTICATED_SRTP", "FEC_ORDER", "FEC_KEY"}) {
        if (equal_no_case(name, known)) return std::string("a=crypto with ") + known;
    }
    return "a=crypto with an unknown session parameter";
}

tl::expected<SrtpKey, std::string> parse_inline(std::string_view text, common::SrtpSuite suite) {
    if (text.find(';') != std::string_view::npos) {
        return tl::unexpected(std::string("a=crypto with several keys"));
    }
    const std::string_view method = take_until(text, ':');
    if (!equal_no_case(method, "inline")) {
        return tl::unexpected(std::string("a=crypto whose key is not inline"));
    }
    const auto bytes = from_base64(take_until(text, '|'));
    const auto key = bytes ? SrtpKey::of(suite, *bytes) : std::nullopt;
    if (!key) {
        return tl::unexpected(std::string("a=crypto whose key does not fit ") +
                              common::srtp_suite_name(suite));
    }
    while (!text.empty()) {
        const std::string_view part = take_until(text, '|');
        if (part.find(':') != std::string_view::npos) {
            return tl::unexpected(std::string("a=crypto with an MKI"));
        }
        if (!is_lifetime(part)) return tl::unexpected(std::string("a=crypto with a bad lifetime"));
    }
    return *key;
}

void note(OfferedSecurity& security, std::string why) {
    if (security.why_not.empty()) security.why_not = std::move(why);
}

void read_cryptos(const SdpMedia& media, OfferedSecurity& security) {
    for (const SdpAttribute& attribute : media.attributes) {
        if (attribute.name != "crypto" || security.sdes.size() >= kMostCryptos) continue;
        auto key = parse_crypto(attribute.value);
        if (!key) {
            note(security, std::move(key.error()));
            continue;
        }
        // RFC 4568 5.1.1: a tag is there once.
        const auto twice = std::ranges::find(security.sdes, key->tag, &SdesKey::tag);
        if (twice == security.sdes.end()) security.sdes.push_back(*std::move(key));
    }
}

void read_fingerprints(const std::vector<SdpAttribute>& attributes, OfferedSecurity& security) {
    std::vector<Fingerprint> all;
    for (const SdpAttribute& attribute : attributes) {
        if (attribute.name != "fingerprint" || all.size() >= kMostFingerprints) continue;
        if (auto fingerprint = Fingerprint::parse(attribute.value)) {
            all.push_back(*std::move(fingerprint));
        } else {
            note(security, "a=fingerprint is not of sha-256, sha-384 or sha-512");
        }
    }
    if (all.empty()) return;
    const auto strongest = std::ranges::max(all, {}, &Fingerprint::hash).hash;
    std::ranges::copy_if(all, std::back_inserter(security.fingerprints),
                         [&](const Fingerprint& f) { return f.hash == strongest; });
}

}  // namespace

tl::expected<SdesKey, std::string> parse_crypto(std::string_view value) {
    const auto words = split_words(value);
    const auto tag = words.empty() ? std::nullopt : parse_number<std::uint32_t>(words[0]);
    if (!tag || *tag > 999'999'999 || words[0].size() > 9 || words.size() < 3) {
        return tl::unexpected(std::string("a=crypto that cannot be read"));
    }
    const auto suite = common::srtp_suite_named(words[1]);
    if (!suite) {
        return tl::unexpected(
            std::string("a=crypto of none of AEAD_AES_256_GCM, AEAD_AES_128_GCM, "
                        "AES_CM_128_HMAC_SHA1_80"));
    }
    auto key = parse_inline(words[2], *suite);
    if (!key) return tl::unexpected(std::move(key.error()));
    for (std::size_t i = 3; i < words.size(); ++i) {
        std::string problem = session_parameter_problem(words[i]);
        if (!problem.empty()) return tl::unexpected(std::move(problem));
    }
    return SdesKey{*tag, *key};
}

std::string crypto_value(const SdesKey& key) {
    return std::to_string(key.tag) + " " + common::srtp_suite_name(key.key.suite()) +
           " inline:" + to_base64(key.key.bytes());
}

std::optional<Profile> profile_of(std::string_view protocol) {
    for (const char* plain : {"RTP/AVP", "RTP/AVPF"}) {
        if (equal_no_case(protocol, plain)) return Profile::Plain;
    }
    for (const char* secure : {"RTP/SAVP", "RTP/SAVPF"}) {
        if (equal_no_case(protocol, secure)) return Profile::Secure;
    }
    for (const char* dtls : {"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"}) {
        if (equal_no_case(protocol, dtls)) return Profile::SecureByDtls;
    }
    return std::nullopt;
}

OfferedSecurity security_of(const SdpMedia& media, const SessionDescription& session) {
    OfferedSecurity security;
    security.profile = profile_of(media.protocol).value_or(Profile::Plain);
    read_cryptos(media, security);
    const bool own = find_attribute(media.attributes, "fingerprint") != nullptr;
    read_fingerprints(own ? media.attributes : session.attributes, security);
    const SdpAttribute* setup = find_attribute(media.attributes, "setup");
    if (setup == nullptr) setup = find_attribute(session.attributes, "setup");
    if (setup == nullptr) return security;
    for (const auto& [name, meaning] : kSetups) {
        if (equal_no_case(setup->value, name)) security.setup = meaning;
    }
    if (!security.setup) {
        // RFC 5763 5: holdconn is not used with it.
        security.fingerprints.clear();
        note(security, "a=setup is none of active, passive, actpass");
    }
    return security;
}

void describe_security(const AnsweredSecurity& ours, SdpMedia& media) {
    for (const SdesKey& key : ours.sdes) media.attributes.push_back({"crypto", crypto_value(key)});
    if (!ours.setup || ours.fingerprint.empty()) return;
    media.attributes.push_back({"fingerprint", ours.fingerprint});
    const auto name =
        std::ranges::find(kSetups, *ours.setup, [](const auto& s) { return s.second; });
    media.attributes.push_back({"setup", std::string(name->first)});
}

const char* protocol_for(const AnsweredSecurity& ours) {
    if (!ours.required) return "RTP/AVP";
    return ours.sdes.empty() ? "UDP/TLS/RTP/SAVP" : "RTP/SAVP";
}

}  // namespace signaling
