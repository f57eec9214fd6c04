#include "signaling/config/listener_settings.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace signaling {
namespace {

using common::TomlSection;

constexpr std::array<std::string_view, 3> kTransports{"udp", "tcp", "tls"};
constexpr std::array<std::string_view, 3> kEncryptions{"off", "optional", "required"};
constexpr std::uint16_t kSipPort = 5060;
constexpr std::uint16_t kSipTlsPort = 5061;

std::string found(const std::string& text, const std::string& expected) {
    return "found \"" + text + "\", expected " + expected;
}

std::optional<SipTransport> parse_transport(std::string_view text) {
    const auto* const name = std::ranges::find(kTransports, text);
    if (name == kTransports.end()) return std::nullopt;
    return static_cast<SipTransport>(name - kTransports.begin());
}

// "udp:0.0.0.0:5060"
std::optional<std::pair<SipTransport, ListenAddress>> parse_listener(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto transport = parse_transport(text.substr(0, colon));
    const auto at = parse_address(text.substr(colon + 1));
    if (!transport || !at) return std::nullopt;
    return std::pair(*transport, *at);
}

bool is_taken(const std::vector<ListenerSettings>& listeners, SipTransport transport,
              const ListenAddress& at) {
    const bool stream = transport != SipTransport::Udp;
    return std::ranges::any_of(listeners, [&](const ListenerSettings& other) {
        return other.at == at && std::ranges::any_of(other.transports, [&](SipTransport t) {
                   return (t != SipTransport::Udp) == stream;
               });
    });
}

// UDP and TCP of one address are one listener: a caller may send its long requests by TCP.
void add(std::vector<ListenerSettings>& listeners, SipTransport transport,
         const ListenAddress& at) {
    const auto same = std::ranges::find(listeners, at, &ListenerSettings::at);
    if (transport != SipTransport::Tls && same != listeners.end() &&
        same->transports.front() != SipTransport::Tls) {
        same->transports.push_back(transport);
        return;
    }
    ListenerSettings listener;
    listener.transports = {transport};
    listener.at = at;
    listeners.push_back(std::move(listener));
}

void read_short_form(TomlSection& signald, std::vector<ListenerSettings>& listeners) {
    const std::vector<std::string> given = signald.texts("sip", {});
    for (std::size_t i = 0; i < given.size(); ++i) {
        const auto listener = parse_listener(given[i]);
        if (!listener) {
            signald.problem("sip",
                            found(given[i],
                                  "udp:, tcp: or tls:, a numeric address and a port, such as "
                                  "udp:0.0.0.0:5060"),
                            i);
        } else if (is_taken(listeners, listener->first, listener->second)) {
            signald.problem("sip", "found \"" + given[i] + "\" a second time", i);
        } else {
            add(listeners, listener->first, listener->second);
        }
    }
    if (given.empty())
        signald.problem("sip", "found an empty array, expected at least one listener");
}

std::vector<SipTransport> read_transports(TomlSection& table) {
    std::vector<SipTransport> transports;
    const std::vector<std::string> given = table.texts("transport", {"udp", "tcp"});
    for (std::size_t i = 0; i < given.size(); ++i) {
        const auto transport = parse_transport(given[i]);
        if (!transport) {
            table.problem("transport", found(given[i], "one of udp, tcp, tls"), i);
        } else if (std::ranges::find(transports, *transport) != transports.end()) {
            table.problem("transport", "found \"" + given[i] + "\" a second time", i);
        } else {
            transports.push_back(*transport);
        }
    }
    const bool tls = std::ranges::find(transports, SipTransport::Tls) != transports.end();
    if (given.empty() || (tls && transports.size() > 1)) {
        table.problem("transport", "expected \"udp\", \"tcp\", both of them, or \"tls\" alone");
        return {SipTransport::Tls};
    }
    if (transports.empty()) transports = {SipTransport::Udp};  // noted already
    std::ranges::sort(transports);
    return transports;
}

ListenerSettings read_table(TomlSection& table) {
    ListenerSettings listener;
    listener.transports = read_transports(table);
    const bool tls = listener.transports.front() == SipTransport::Tls;
    listener.at.host = table.text("address", "0.0.0.0");
    if (!is_numeric_address(listener.at.host)) {
        table.problem("address", found(listener.at.host, "a numeric address, such as 0.0.0.0"));
    }
    listener.at.port =
        static_cast<std::uint16_t>(table.integer("port", tls ? kSipTlsPort : kSipPort, 1, 65535));
    listener.public_address = table.text("public_address", "");
    if (table.has("public_address") && !is_numeric_address(listener.public_address)) {
        table.problem("public_address",
                      found(listener.public_address, "a numeric address, such as 203.0.113.5"));
    } else if (!listener.public_address.empty() &&
               is_ipv6(listener.public_address) != is_ipv6(listener.at.host)) {
        table.problem("public_address",
                      found(listener.public_address, "an address of the same family as `address`"));
    }
    const std::string encryption = table.choice("media_encryption", "optional", kEncryptions);
    if (encryption == "off") listener.media_encryption = MediaEncryption::Off;
    if (encryption == "required") listener.media_encryption = MediaEncryption::Required;
    listener.digest_users_file = table.text("digest_users_file", "");
    if (table.has("digest_users_file") && listener.digest_users_file.empty()) {
        table.problem("digest_users_file", found("", "the path of a file"));
    }
    listener.digest_realm = table.text("digest_realm", listener.digest_realm);
    const bool plain = std::ranges::all_of(listener.digest_realm, [](char c) {
        return c >= ' ' && c <= '~' && c != '"' && c != '\\';
    });
    if (listener.digest_realm.empty() || !plain) {
        table.problem("digest_realm",
                      found(listener.digest_realm, "ASCII text without quotation marks"));
    }
    listener.digest_algorithms = table.texts("digest_algorithms", listener.digest_algorithms);
    for (std::size_t i = 0; i < listener.digest_algorithms.size(); ++i) {
        const std::string& name = listener.digest_algorithms[i];
        if (name != "SHA-256" && name != "MD5")
            table.problem("digest_algorithms", found(name, "SHA-256 or MD5"), i);
    }
    if (listener.digest_algorithms.empty())
        table.problem("digest_algorithms", "found an empty array, expected SHA-256, MD5 or both");
    for (const char* key : {"digest_realm", "digest_algorithms"}) {
        if (table.has(key)) table.require("digest_users_file");
    }
    return listener;
}

}  // namespace

bool is_numeric_address(const std::string& host) {
    std::array<std::uint8_t, 16> address{};
    return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

bool is_ipv6(const std::string& host) {
    return host.find(':') != std::string::npos;
}

std::optional<ListenAddress> parse_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;

    ListenAddress address{std::string(host), 0};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error != std::errc() || stop != end || address.port == 0) return std::nullopt;
    if (!is_numeric_address(address.host)) return std::nullopt;
    return address;
}

std::string to_string(const ListenAddress& address) {
    return (is_ipv6(address.host) ? "[" + address.host + "]" : address.host) + ":" +
           std::to_string(address.port);
}

std::vector<std::string> names_of(const ListenerSettings& listener) {
    std::vector<std::string> names;
    for (const SipTransport transport : listener.transports) {
        names.push_back(std::string(kTransports[static_cast<std::size_t>(transport)]) + ":" +
                        to_string(listener.at));
    }
    return names;
}

std::vector<ListenerSettings> read_listeners(TomlSection& signald,
                                             std::vector<ListenerSettings> defaults) {
    std::vector<TomlSection> tables = signald.sections("listener");
    if (!signald.has("sip") && tables.empty()) {
        static_cast<void>(signald.texts("sip", {}));  // a known key, although nobody gave it
        return defaults;
    }
    std::vector<ListenerSettings> listeners;
    if (signald.has("sip")) read_short_form(signald, listeners);
    for (TomlSection& table : tables) {
        ListenerSettings listener = read_table(table);
        const bool taken = std::ranges::any_of(listener.transports, [&](SipTransport transport) {
            return is_taken(listeners, transport, listener.at);
        });
        if (taken) {
            table.problem("port", "found " + to_string(listener.at) + " a second time");
        } else {
            listeners.push_back(std::move(listener));
        }
    }
    return listeners;
}

}  // namespace signaling
