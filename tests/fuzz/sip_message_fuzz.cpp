// A whole SIP message from anybody, as sofia reads it behind our gate, and what we take from it.
// Covers: signaling/sip/sofia_gate.cpp signaling/sip/sofia_message.cpp
// Covers: signaling/sip/sofia_parser.cpp signaling/sip/message_gate.cpp
//
// Messages of odd size come over a connection, in pieces; the others in one datagram.

#include <netinet/in.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "signaling/sip/connection_table.h"
#include "signaling/sip/message_gate.h"
#include "signaling/sip/sofia_gate.h"
#include "signaling/sip/sofia_message.h"
#include "signaling/sip/sofia_parser.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/fake_clock.h"

namespace {

using signaling::ConnectionTable;

signaling::SipLimits limits() {
    signaling::SipLimits some;
    some.max_unadmitted_calls = 2;
    return some;
}

/// A gate that lives as long as the process, so that floods of inputs are floods to it as well.
struct Door {
    tests::FakeClock clock;
    signaling::MessageGate gate{limits(), clock};
    int connected = 0;  // the newest; those before have closed
    ConnectionTable connections{
        {},
        {[this](const auto& one) { return one.descriptor == connected; },
         [](const auto&) { return common::Duration{}; }, [](const auto&) {}}};
    signaling::SofiaGate sofia{signaling::parser_without_session_timers(), gate, connections};
};

msg_t* message_from(Door& door, std::uint16_t port, bool stream) {
    auto* message = msg_create(static_cast<const msg_mclass_t*>(door.sofia.parser()), 0);
    su_sockaddr_t address{};
    address.su_sin.sin_family = AF_INET;
    address.su_sin.sin_port = htons(port);
    address.su_sin.sin_addr.s_addr = htonl(0xc0000201U + port % 7);
    msg_set_address(message, &address, sizeof address.su_sin);
    msg_addrinfo(message)->ai_socktype = stream ? SOCK_STREAM : SOCK_DGRAM;
    return message;
}

/// As sofia's transport does it. True: whole, and taken.
bool read(msg_t* message, const std::uint8_t* data, std::size_t size, std::size_t piece) {
    for (std::size_t at = 0; at < size; at += piece) {
        const auto bytes = static_cast<usize_t>(std::min(piece, size - at));
        void* room = msg_buf_alloc(message, bytes + 1);
        if (room == nullptr) return false;
        std::memcpy(room, data + at, bytes);
        msg_buf_commit(message, bytes, piece == size ? 1 : 0);
        if (msg_extract(message) != 0) break;
    }
    // A datagram that ends too early is complete to sofia, with an error, and answered with 400.
    return msg_is_complete(message) != 0 && msg_has_error(message) == 0;
}

void look_at(msg_t* message, const sip_t* sip, std::size_t size) {
    const std::string transport = signaling::transport_of(sip);
    const auto place = signaling::place_of(sip, message, transport);
    static_cast<void>(signaling::flow_to(place));
    static_cast<void>(signaling::is_behind_nat(place));
    FUZZ_EXPECT(signaling::body_of(sip).text.size() <= size);
    static_cast<void>(signaling::abilities_of(sip));
    const auto state = signaling::dialog_state_of(sip);
    FUZZ_EXPECT(state.call_id == sip->sip_call_id->i_id);
    FUZZ_EXPECT(signaling::from_uri_of(sip).size() <= size);
    static_cast<void>(signaling::authorization_of(sip, "tessera"));
    FUZZ_EXPECT(signaling::source_of(message).starts_with("192.0.2."));
    if (sip->sip_request == nullptr) return;
    static_cast<void>(signaling::request_uri_of(sip));
    FUZZ_EXPECT(signaling::request_parameter(sip, "layout").size() <= size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Door door;
    if (size == 0) return 0;
    door.clock.advance(std::chrono::milliseconds(20));
    const bool stream = size % 2 == 1;
    const auto port = static_cast<std::uint16_t>(1 + size % 1000);
    msg_t* message = message_from(door, port, stream);
    const auto peer = signaling::peer_of(message);
    FUZZ_EXPECT(peer.has_value());
    if (stream) {
        FUZZ_EXPECT(door.connections.admit(*peer, {++door.connected, 0}, door.clock.now()));
    }
    if (read(message, data, size, stream ? 1 + size % 97 : size)) {
        const sip_t* sip = sip_object(message);
        // What nta answers with 400 or drops gets no further either (nta_check_required).
        const bool whole = (sip->sip_request != nullptr || sip->sip_status != nullptr) &&
                           sip->sip_from != nullptr && sip->sip_to != nullptr &&
                           sip->sip_call_id != nullptr && sip->sip_cseq != nullptr &&
                           sip->sip_via != nullptr;
        if (whole) {
            if (sip->sip_request != nullptr && sip->sip_request->rq_method == sip_method_invite) {
                door.gate.joined(sip->sip_call_id->i_id, peer->source);
                if (size % 3 == 0) door.gate.confirmed(sip->sip_call_id->i_id, peer->source);
                door.gate.left(sip->sip_call_id->i_id);
            }
            look_at(message, sip, size);
        }
    }
    msg_destroy(message);
    FUZZ_EXPECT(door.gate.remembered() <= 20);
    return 0;
}
