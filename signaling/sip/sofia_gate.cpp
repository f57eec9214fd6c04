#include "signaling/sip/sofia_gate.h"

#include <sofia-sip/sip.h>
// What knows of SIP's messages comes first.
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>

#include <cstdlib>

#include "common/invariant.h"
#include "signaling/sip/sofia_message.h"

namespace signaling {
namespace {

/// A first line's class: sofia's own, but for its parser.
struct GatedLine : msg_hclass_s {
    GatedLine(const msg_hclass_s& line, MessageGate& g, ConnectionTable& c, SipTraffic& t,
              MessageGate::Kind k)
        : msg_hclass_s(line), original(&line), gate(&g), connections(&c), traffic(&t), kind(k) {}
    const msg_hclass_s* original;
    MessageGate* gate;
    ConnectionTable* connections;
    SipTraffic* traffic;
    MessageGate::Kind kind;
};

MessageGate::Over over_of(msg_t* message) {
    return msg_addrinfo(message)->ai_socktype == SOCK_STREAM ? MessageGate::Over::Connection
                                                             : MessageGate::Over::Datagram;
}

/// sofia neither closes a stream whose message its parser refused nor reads it further.
bool takes_line(const GatedLine& line, msg_t* message, const SocketPeer& sender) {
    if (line.gate->takes(sender.source, line.kind, over_of(message))) return true;
    line.connections->refuse(sender.host_port);
    return false;
}

void count(const GatedLine& line, const msg_header_t* header) {
    if (line.kind == MessageGate::Kind::Request) {
        const auto* request = reinterpret_cast<const sip_request_t*>(header);
        line.traffic->add_request(text_of(request->rq_method_name));
    } else {
        line.traffic->add_response(reinterpret_cast<const sip_status_t*>(header)->st_status);
    }
}

extern "C" issize_t parse_first_line(su_home_t* home, msg_header_t* header, char* text,
                                     isize_t bytes) {
    const auto* line = static_cast<const GatedLine*>(header->sh_common->h_class);
    // From here on it is sofia's: it tells headers by the address of their class.
    header->sh_common->h_class = line->original;
    // A message is its own memory's home (sofia-sip/msg.h, msg_home).
    const auto sender = peer_of(reinterpret_cast<msg_t*>(home));
    if (sender && !takes_line(*line, reinterpret_cast<msg_t*>(home), *sender)) return -1;
    const issize_t parsed = line->original->hc_parse(home, header, text, bytes);
    if (parsed >= 0 && sender) count(*line, header);
    return parsed;
}

bool is_taken(const GatedLine& line, msg_t* message, const sip_t* sip) {
    const auto sender = peer_of(message);
    if (!sender) return true;  // made by sofia itself
    const MessageGate::Over over = over_of(message);
    if (over == MessageGate::Over::Connection) line.connections->heard(sender->host_port);
    const bool whole = sip->sip_request != nullptr && sip->sip_call_id != nullptr &&
                       sip->sip_cseq != nullptr && sip->sip_via != nullptr;
    if (!whole) return true;  // answered with 400, and kept nothing of
    const bool in_dialog = sip->sip_to != nullptr && sip->sip_to->a_tag != nullptr;
    const bool taken = line.gate->takes(
        {text_of(sip->sip_call_id->i_id), sip->sip_cseq->cs_seq,
         text_of(sip->sip_request->rq_method_name), text_of(sip->sip_via->v_branch), in_dialog},
        sender->source, over);
    if (!taken && over == MessageGate::Over::Connection) {
        line.connections->refuse(sender->host_port);
    }
    return taken;
}

extern "C" issize_t extract_body(msg_t* message, msg_pub_t* object, char* text, isize_t bytes,
                                 int is_end) {
    auto* sip = reinterpret_cast<sip_t*>(object);
    const bool had_headers = (static_cast<unsigned>(sip->sip_flags) & MSG_FLG_BODY) != 0;
    const issize_t used = sip_extract_body(message, sip, text, bytes, is_end);
    const bool has_headers = (static_cast<unsigned>(sip->sip_flags) & MSG_FLG_BODY) != 0;
    if (had_headers || !has_headers) return used;
    const msg_mclass_t* parser = msg_mclass(message);
    const auto* line = static_cast<const GatedLine*>(parser->mc_request[0].hr_class);
    if (is_taken(*line, message, sip)) return used;
    sip->sip_request = nullptr;  // a request that is wrong is answered, one without a line is not
    return -1;
}

}  // namespace

struct SofiaGate::Impl {
    Impl(const msg_mclass_t& from, MessageGate& gate, ConnectionTable& connections)
        : request(*from.mc_request[0].hr_class, gate, connections, received,
                  MessageGate::Kind::Request),
          status(*from.mc_status[0].hr_class, gate, connections, received,
                 MessageGate::Kind::Response),
          parser(msg_mclass_clone(&from, 0, msg_mclass_copy)) {
        INVARIANT(parser != nullptr);
        request.hc_parse = parse_first_line;
        status.hc_parse = parse_first_line;
        parser->mc_request[0].hr_class = &request;
        parser->mc_status[0].hr_class = &status;
        parser->mc_extract_body = extract_body;
    }

    SipTraffic received;
    GatedLine request;
    GatedLine status;
    msg_mclass_t* parser;
};

SofiaGate::SofiaGate(const void* parser, MessageGate& gate, ConnectionTable& connections)
    : impl_(std::make_unique<Impl>(*static_cast<const msg_mclass_t*>(parser), gate, connections)) {}

SofiaGate::~SofiaGate() {
    std::free(impl_->parser);  // from malloc, says msg_mclass_clone
}

const SipTraffic& SofiaGate::received() const {
    return impl_->received;
}

const void* SofiaGate::parser() const {
    return impl_->parser;
}

}  // namespace signaling
