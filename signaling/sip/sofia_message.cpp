#include "signaling/sip/sofia_message.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/su_alloc.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "signaling/conference/tokens.h"
#include "signaling/sip/caller_names.h"

namespace signaling {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

std::string text_of_url(const url_t* url) {
    char* text = url == nullptr ? nullptr : url_as_string(nullptr, url);
    std::string copy = text_of(text);
    su_free(nullptr, text);
    return copy;
}

// "1800;refresher=uac": the number; nothing when there is none.
std::optional<common::Duration> delta_seconds(std::string_view value) {
    value = trim(value);
    std::uint32_t seconds = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc() || stop == value.data()) return std::nullopt;
    return std::chrono::seconds(seconds);
}

SipAbilities::Refresher refresher_of(const std::string& value) {
    const std::string text = lower(value);
    const std::size_t at = text.find("refresher");
    if (at == std::string::npos) return SipAbilities::Refresher::NotSaid;
    if (text.find("uac", at) != std::string::npos) return SipAbilities::Refresher::Uac;
    if (text.find("uas", at) != std::string::npos) return SipAbilities::Refresher::Uas;
    return SipAbilities::Refresher::NotSaid;
}

const sockaddr* address_of(msg_t* message) {
    const su_addrinfo_t* info = message == nullptr ? nullptr : msg_addrinfo(message);
    return info == nullptr ? nullptr : info->ai_addr;
}

}  // namespace

std::string text_of(const char* text) {
    return text == nullptr ? std::string() : text;
}

SipBody body_of(const sip_s* sip) {
    SipBody body;
    if (sip == nullptr || sip->sip_payload == nullptr || sip->sip_payload->pl_len == 0) return body;
    body.text.assign(sip->sip_payload->pl_data, sip->sip_payload->pl_len);
    if (sip->sip_content_type != nullptr) body.type = lower(text_of(sip->sip_content_type->c_type));
    if (const auto* encoding = sip->sip_content_encoding; encoding != nullptr) {
        if (encoding->k_items != nullptr && encoding->k_items[0] != nullptr) {
            body.encoding = encoding->k_items[0];
        }
    }
    if (body.encoding == "identity") body.encoding.clear();
    return body;
}

SipAbilities abilities_of(const sip_s* sip) {
    SipAbilities abilities;
    if (sip == nullptr) return abilities;
    abilities.timer = sip_has_feature(sip->sip_supported, "timer") != 0 ||
                      sip_has_feature(sip->sip_require, "timer") != 0;
    abilities.update = sip_is_allowed(sip->sip_allow, sip_method_update, "UPDATE") != 0 &&
                       sip->sip_allow != nullptr;
    // The parser leaves these to us: see sofia_parser.h.
    for (const sip_unknown_t* header = sip->sip_unknown; header != nullptr;
         header = header->un_next) {
        const std::string name = lower(text_of(header->un_name));
        const std::string value = text_of(header->un_value);
        if (name == "session-expires" || name == "x") {
            abilities.session_expires = delta_seconds(value);
            abilities.refresher = refresher_of(value);
        } else if (name == "min-se") {
            abilities.min_se = delta_seconds(value).value_or(common::Duration{});
        }
    }
    return abilities;
}

std::string transport_of(const sip_s* sip) {
    if (sip->sip_via == nullptr) return {};
    const std::string protocol = text_of(sip->sip_via->v_protocol);
    const auto slash = protocol.rfind('/');
    return lower(slash == std::string::npos ? protocol : protocol.substr(slash + 1));
}

std::string source_of(msg_s* message) {
    const su_addrinfo_t* info = message == nullptr ? nullptr : msg_addrinfo(message);
    if (info == nullptr || info->ai_addr == nullptr) return {};
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(info->ai_addr, info->ai_addrlen, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
        return {};
    }
    const std::string address = text.data();
    return address.starts_with("::ffff:") ? address.substr(7) : address;
}

std::uint16_t source_port_of(msg_s* message) {
    const sockaddr* address = address_of(message);
    if (address == nullptr) return 0;
    if (address->sa_family == AF_INET)
        return ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port);
    if (address->sa_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6*>(address)->sin6_port);
    return 0;
}

std::optional<SocketPeer> peer_of(msg_t* message) {
    return socket_peer(address_of(message));
}

PeerPlace place_of(const sip_s* sip, msg_s* message, const std::string& transport) {
    PeerPlace place;
    place.transport = transport;
    place.source_address = source_of(message);
    place.source_port = source_port_of(message);
    if (sip->sip_via != nullptr) place.via_host = text_of(sip->sip_via->v_host);
    if (sip->sip_contact != nullptr) {
        place.contact_host = text_of(sip->sip_contact->m_url->url_host);
    }
    place.routed = sip->sip_record_route != nullptr;
    return place;
}

SipDialogState dialog_state_of(const sip_s* sip) {
    SipDialogState state;
    if (sip->sip_call_id != nullptr) state.call_id = text_of(sip->sip_call_id->i_id);
    state.local_uri = text_of_url(sip->sip_to->a_url);
    state.remote_uri = text_of_url(sip->sip_from->a_url);
    state.remote_tag = text_of(sip->sip_from->a_tag);
    if (sip->sip_contact != nullptr) state.remote_target = text_of_url(sip->sip_contact->m_url);
    // RFC 3261 12.1.1: as a server, in the order of the request.
    for (const sip_record_route_t* route = sip->sip_record_route; route != nullptr;
         route = route->r_next) {
        state.route_set.push_back(text_of_url(route->r_url));
    }
    if (sip->sip_cseq != nullptr) state.remote_cseq = sip->sip_cseq->cs_seq;
    return state;
}

std::string from_uri_of(const sip_s* sip) {
    const url_t* url = sip->sip_from->a_url;
    const std::string user = text_of(url->url_user);
    return text_of(url->url_scheme) + ":" + (user.empty() ? "" : user + "@") +
           text_of(url->url_host);
}

std::string request_uri_of(const sip_s* sip) {
    return text_of_url(sip->sip_request->rq_url);
}

std::string authorization_of(const sip_s* sip, const std::string& realm) {
    for (const sip_authorization_t* said = sip->sip_authorization; said != nullptr;
         said = said->au_next) {
        std::string header = text_of(said->au_scheme);
        const auto* parameter = said->au_params;
        for (bool first = true; parameter != nullptr && *parameter != nullptr; ++parameter) {
            header.append(std::exchange(first, false) ? " " : ", ").append(*parameter);
        }
        if (header.find("\"" + realm + "\"") != std::string::npos) return header;
    }
    return {};
}

std::string request_parameter(const sip_s* sip, const char* name) {
    return uri_parameter(text_of(sip->sip_request->rq_url->url_params), name);
}

}  // namespace signaling
