#include "signaling/sip/peer_flow.h"

#include "signaling/config/listener_settings.h"
#include "signaling/sip/local_route.h"

namespace signaling {
namespace {

std::string without_brackets(const std::string& host) {
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    return bracketed ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

bool is_behind_nat(const PeerPlace& place) {
    if (place.routed || place.source_address.empty()) return false;
    const std::string contact = without_brackets(place.contact_host);
    const std::string via = without_brackets(place.via_host);
    if (!is_numeric_address(contact)) return false;  // a name resolves to where it wants to be
    // RFC 3581 4: Via names another address than the message came from. It is the caller itself and
    // no proxy in front of it when its Contact names the same.
    return contact == via && contact != place.source_address;
}

std::string flow_to(const PeerPlace& place) {
    if (place.routed || place.source_address.empty() || place.source_port == 0) return {};
    if (place.transport == "udp" && !is_behind_nat(place)) return {};
    return "sip:" + host_port(place.source_address, place.source_port) +
           ";transport=" + place.transport;
}

std::string connection_of(const std::string& flow) {
    constexpr std::string_view kScheme = "sip:";
    const auto parameter = flow.rfind(";transport=");
    if (!flow.starts_with(kScheme) || parameter == std::string::npos || flow.ends_with("=udp"))
        return {};
    return flow.substr(kScheme.size(), parameter - kScheme.size());
}

}  // namespace signaling
