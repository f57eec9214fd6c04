#include "signaling/sip/sofia_leg.h"

namespace signaling {
class SofiaLeg;
}  // namespace signaling

// nta's untyped pointers, typed.
#define NTA_LEG_MAGIC_T ::signaling::SofiaLeg
#define NTA_INCOMING_MAGIC_T ::signaling::SofiaLeg
#define NTA_OUTGOING_MAGIC_T ::signaling::SofiaLeg

#include <sofia-sip/msg.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_alloc.h>

#include <utility>

#include "common/invariant.h"
#include "signaling/sip/peer_flow.h"
#include "signaling/sip/sofia_message.h"

namespace signaling {
namespace {

using namespace std::chrono_literals;

extern "C" int on_leg_request(SofiaLeg* self, nta_leg_t* /*leg*/, nta_incoming_t* request,
                              const sip_t* sip) {
    return self->on_request(request, sip);
}
extern "C" int on_leg_ack(SofiaLeg* self, nta_incoming_t* request, const sip_t* sip) {
    return self->on_ack_or_cancel(request, sip);
}
extern "C" int on_leg_response(SofiaLeg* self, nta_outgoing_t* request, const sip_t* sip) {
    return self->on_response(request, sip);
}

const url_string_t* place_or_null(const std::string& flow) {
    return flow.empty() ? nullptr : reinterpret_cast<const url_string_t*>(flow.c_str());
}

struct BothEnds {
    std::string ours, theirs;
};
BothEnds from_to_of(const SipDialogState& state) {
    const std::string tag = state.remote_tag.empty() ? std::string() : ";tag=" + state.remote_tag;
    return {"<" + state.local_uri + ">;tag=" + state.local_tag, "<" + state.remote_uri + ">" + tag};
}

std::string routes_of(const SipDialogState& state) {
    std::string routes;
    for (const std::string& route : state.route_set)
        routes += (routes.empty() ? "<" : ", <") + route + ">";
    return routes;
}

std::string header(const char* name, const std::string& value) {
    return std::string(name) + ": " + value;
}

}  // namespace

SofiaLeg::SofiaLeg(const Surroundings& around, SipDialogState state, common::Duration keep_alive,
                   std::function<void(SofiaLeg&)> changed, std::function<void(SofiaLeg&)> gone)
    : around_(around),
      state_(std::move(state)),
      keep_alive_(keep_alive),
      changed_(std::move(changed)),
      gone_(std::move(gone)) {
    make_leg();
    keep_alive_from_now();
}

bool SofiaLeg::can_carry(const SipDialogState& state) {
    auto* const home = static_cast<su_home_t*>(su_home_new(sizeof(su_home_t)));
    const auto [ours, theirs] = from_to_of(state);
    const std::string target = "<" + state.remote_target + ">";
    const std::string routes = routes_of(state);
    const bool readable = sip_call_id_make(home, state.call_id.c_str()) != nullptr &&
                          sip_from_make(home, ours.c_str()) != nullptr &&
                          sip_to_make(home, theirs.c_str()) != nullptr &&
                          sip_contact_make(home, target.c_str()) != nullptr &&
                          sip_contact_make(home, state.contact.c_str()) != nullptr &&
                          (routes.empty() || sip_record_route_make(home, routes.c_str()));
    su_home_unref(home);
    return readable && !state.local_tag.empty();
}

void SofiaLeg::make_leg() {
    const auto [ours, theirs] = from_to_of(state_);
    const std::string number = std::to_string(state_.local_cseq) + " INVITE";
    leg_ = nta_leg_tcreate(
        around_.agent, on_leg_request, this, SIPTAG_CALL_ID_STR(state_.call_id.c_str()),
        SIPTAG_FROM_STR(ours.c_str()), SIPTAG_TO_STR(theirs.c_str()),
        SIPTAG_CSEQ_STR(number.c_str()), NTATAG_REMOTE_CSEQ(state_.remote_cseq), TAG_END());
    INVARIANT(leg_ != nullptr);
    const std::string routes = routes_of(state_);
    const std::string target = "<" + state_.remote_target + ">";
    auto* const home = static_cast<su_home_t*>(su_home_new(sizeof(su_home_t)));
    auto* const route = routes.empty() ? nullptr : sip_record_route_make(home, routes.c_str());
    nta_leg_server_route(leg_, route, sip_contact_make(home, target.c_str()));
    su_home_unref(home);
}

SofiaLeg::~SofiaLeg() {
    if (call_) call_->detach();
    for (nta_incoming_t* request : {invite_, update_}) {
        if (request != nullptr) nta_incoming_destroy(request);
    }
    if (our_invite_ != nullptr) nta_outgoing_destroy(our_invite_);
    for (nta_outgoing_t* request : open_) nta_outgoing_destroy(request);
    nta_leg_destroy(leg_);
}

// ---- coming in

int SofiaLeg::on_request(nta_incoming_t* request, const sip_t* sip) {
    const sip_method_t method = sip->sip_request->rq_method;
    if (method == sip_method_ack) return 200;  // of an exchange that ended before us
    if (finished_ || ending_) return method == sip_method_bye ? 200 : 481;
    SipResponse response;
    response.status = 200;
    switch (method) {
        case sip_method_invite:
            if (invite_ != nullptr) {  // RFC 3261 14.2: one at a time
                response.status = 500;
                response.retry_after_s = 1;
                break;
            }
            follow(request, sip);
            invite_ = request;
            invite_answered_ = false;
            nta_incoming_bind(request, on_leg_ack, this);
            nta_incoming_treply(request, SIP_100_TRYING, TAG_END());
            call_->on_reinvite(body_of(sip), abilities_of(sip));
            return 0;
        case sip_method_update:
            if (update_ != nullptr) {
                response.status = 500;
                response.retry_after_s = 1;
                break;
            }
            follow(request, sip);
            update_ = request;
            call_->on_update(body_of(sip), abilities_of(sip));
            return 0;
        case sip_method_info:
            response = call_->on_info(body_of(sip));
            break;
        case sip_method_bye:
            reply(request, response);
            nta_incoming_destroy(request);
            finish({Ending::Cause::PeerHungUp, "BYE"});
            return 0;
        case sip_method_options:
            break;
        default:
            response.status = 405;
            break;
    }
    reply(request, response);
    nta_incoming_destroy(request);
    return 0;
}

int SofiaLeg::on_ack_or_cancel(nta_incoming_t* request, const sip_t* sip) {
    if (request != invite_) return 0;
    const bool ack = sip != nullptr && sip->sip_request != nullptr &&
                     sip->sip_request->rq_method == sip_method_ack;
    // A CANCEL comes too late: our answer is on its way (RFC 3261 9.2).
    if (sip != nullptr && !ack) return 0;
    const bool agreed = nta_incoming_status(request) < 300;
    nta_incoming_destroy(std::exchange(invite_, nullptr));
    if (ack && agreed) call_->on_ack(body_of(sip));
    // RFC 3261 13.3.1.4: nobody acknowledged the 2xx.
    if (!ack && agreed) call_->hang_up({Ending::Cause::PeerLost, "no ACK"});
    return 0;
}

// As SofiaAgent does for the dialogs of nua: the peer may have moved.
void SofiaLeg::follow(nta_incoming_t* request, const sip_t* sip) {
    if (sip->sip_cseq != nullptr) state_.remote_cseq = sip->sip_cseq->cs_seq;
    if (sip->sip_contact == nullptr) return;
    msg_t* const message = nta_incoming_getrequest(request);
    PeerPlace place = place_of(sip, message, transport_of(sip));
    msg_destroy(message);
    place.routed = !state_.route_set.empty();
    state_.remote_target = dialog_state_of(sip).remote_target;
    state_.flow = flow_to(place);
    nta_leg_client_reroute(leg_, nullptr, sip->sip_contact, 0);
}

void SofiaLeg::reply(nta_incoming_t* request, const SipResponse& response) {
    const char* phrase =
        response.phrase != nullptr ? response.phrase : sip_status_phrase(response.status);
    const std::string retry_after = std::to_string(response.retry_after_s);
    const std::string session = header("Session-Expires", response.session_expires);
    const std::string min_se = header("Min-SE", std::to_string(response.min_se_s));
    nta_incoming_treply(
        request, response.status, phrase,
        SIPTAG_CONTACT_STR(response.status < 300 ? state_.contact.c_str() : nullptr),
        SIPTAG_ALLOW_STR(around_.allow.c_str()), SIPTAG_SUPPORTED_STR(around_.supported.c_str()),
        SIPTAG_USER_AGENT_STR(around_.user_agent.c_str()),
        TAG_IF(response.retry_after_s > 0, SIPTAG_RETRY_AFTER_STR(retry_after.c_str())),
        TAG_IF(!response.warning.empty(), SIPTAG_WARNING_STR(response.warning.c_str())),
        TAG_IF(!response.accept.empty(), SIPTAG_ACCEPT_STR(response.accept.c_str())),
        TAG_IF(!response.session_expires.empty(), SIPTAG_HEADER_STR(session.c_str())),
        TAG_IF(response.require_timer, SIPTAG_REQUIRE_STR("timer")),
        TAG_IF(response.min_se_s > 0, SIPTAG_HEADER_STR(min_se.c_str())),
        TAG_IF(!response.body.empty(), SIPTAG_CONTENT_TYPE_STR(response.body.type.c_str())),
        TAG_IF(!response.body.empty(), SIPTAG_PAYLOAD_STR(response.body.text.c_str())), TAG_END());
}

// ---- going out

void SofiaLeg::respond(SipMethod method, const SipResponse& response) {
    const bool to_invite = method == SipMethod::Invite;
    nta_incoming_t* const request = to_invite ? invite_ : update_;
    if (request == nullptr || (to_invite && invite_answered_)) return;
    if (response.status >= 200 && response.status < 300) changed_(*this);
    reply(request, response);
    if (response.status < 200) return;
    // That of an INVITE waits for its ACK, also after a refusal.
    if (to_invite) {
        invite_answered_ = true;
    } else {
        nta_incoming_destroy(std::exchange(update_, nullptr));
    }
}

void SofiaLeg::reinvite(const SipBody& offer, const std::string& session_expires) {
    if (our_invite_ != nullptr) nta_outgoing_destroy(std::exchange(our_invite_, nullptr));
    const std::string session = header("Session-Expires", session_expires);
    acknowledged_ = false;
    our_invite_ = nta_outgoing_tcreate(
        leg_, on_leg_response, this, place_or_null(state_.flow), SIP_METHOD_INVITE, nullptr,
        SIPTAG_CONTACT_STR(state_.contact.c_str()), SIPTAG_ALLOW_STR(around_.allow.c_str()),
        SIPTAG_SUPPORTED_STR(around_.supported.c_str()),
        SIPTAG_USER_AGENT_STR(around_.user_agent.c_str()),
        TAG_IF(!session_expires.empty(), SIPTAG_HEADER_STR(session.c_str())),
        SIPTAG_CONTENT_TYPE_STR(offer.type.c_str()), SIPTAG_PAYLOAD_STR(offer.text.c_str()),
        TAG_END());
}

void SofiaLeg::acknowledge() {
    if (our_invite_ == nullptr) return;
    acknowledged_ = true;
    const std::string number = std::to_string(nta_outgoing_cseq(our_invite_)) + " ACK";
    nta_outgoing_t* const ack =
        nta_outgoing_tcreate(leg_, nullptr, nullptr, place_or_null(state_.flow), SIP_METHOD_ACK,
                             nullptr, SIPTAG_CSEQ_STR(number.c_str()), TAG_END());
    if (ack != nullptr) nta_outgoing_destroy(ack);
}

void SofiaLeg::update(const std::string& session_expires) {
    const std::string session = header("Session-Expires", session_expires);
    sent(nta_outgoing_tcreate(
        leg_, on_leg_response, this, place_or_null(state_.flow), SIP_METHOD_UPDATE, nullptr,
        SIPTAG_CONTACT_STR(state_.contact.c_str()), SIPTAG_SUPPORTED_STR(around_.supported.c_str()),
        SIPTAG_USER_AGENT_STR(around_.user_agent.c_str()),
        TAG_IF(!session_expires.empty(), SIPTAG_HEADER_STR(session.c_str())), TAG_END()));
}

void SofiaLeg::info(const SipBody& body) {
    sent(nta_outgoing_tcreate(leg_, on_leg_response, this, place_or_null(state_.flow),
                              SIP_METHOD_INFO, nullptr,
                              SIPTAG_USER_AGENT_STR(around_.user_agent.c_str()),
                              SIPTAG_CONTENT_TYPE_STR(body.type.c_str()),
                              SIPTAG_PAYLOAD_STR(body.text.c_str()), TAG_END()));
}

// An answer that comes after us must find nobody.
bool SofiaLeg::sent(nta_outgoing_t* request) {
    if (request != nullptr) open_.insert(request);
    return request != nullptr;
}

void SofiaLeg::keep_alive_from_now() {
    if (keep_alive_ == common::Duration{}) return;
    timers_.after(keep_alive_, [this] {
        if (ending_ || finished_) return;
        sent(nta_outgoing_tcreate(leg_, on_leg_response, this, place_or_null(state_.flow),
                                  SIP_METHOD_OPTIONS, nullptr, TAG_END()));
        keep_alive_from_now();
    });
}

void SofiaLeg::end(const std::string& reason) {
    if (finished_ || std::exchange(ending_, true)) return;
    const bool on_its_way =
        sent(nta_outgoing_tcreate(leg_, on_leg_response, this, place_or_null(state_.flow),
                                  SIP_METHOD_BYE, nullptr, SIPTAG_REASON_STR(reason.c_str()),
                                  SIPTAG_USER_AGENT_STR(around_.user_agent.c_str()), TAG_END()));
    if (on_its_way) return;
    timers_.after(0s, [this] { finish({Ending::Cause::PeerLost, "BYE could not be sent"}); });
}

int SofiaLeg::on_response(nta_outgoing_t* request, const sip_t* sip) {
    const int status = nta_outgoing_status(request);
    if (status < 200) return 0;
    const std::string phrase = sip != nullptr && sip->sip_status != nullptr
                                   ? text_of(sip->sip_status->st_phrase)
                                   : text_of(sip_status_phrase(status));
    const sip_method_t method = nta_outgoing_method(request);
    if (method == sip_method_invite) {
        if (request != our_invite_) return 0;
        if (acknowledged_) {  // our ACK was lost
            acknowledge();
            return 0;
        }
        if (status < 300 && sip != nullptr && sip->sip_contact != nullptr) {
            state_.remote_target = dialog_state_of(sip).remote_target;
            nta_leg_client_reroute(leg_, nullptr, sip->sip_contact, 0);
        }
        call_->on_reinvite_answered(status, phrase, body_of(sip), abilities_of(sip));
        return 0;
    }
    open_.erase(request);
    nta_outgoing_destroy(request);
    if (method == sip_method_update) call_->on_update_answered(status, phrase, abilities_of(sip));
    if (method == sip_method_bye)
        finish({Ending::Cause::PeerLost, std::to_string(status) + " " + phrase});
    return 0;
}

void SofiaLeg::finish(const Ending& ending) {
    if (std::exchange(finished_, true)) return;
    if (invite_ != nullptr && !invite_answered_) {  // RFC 3261 15.1.2
        SipResponse terminated;
        terminated.status = 487;
        reply(invite_, terminated);
        invite_answered_ = true;
    }
    call_->on_ended(ending);
    gone_(*this);
}

void SofiaLeg::after(common::Duration delay, std::function<void()> run) {
    timers_.after(delay, std::move(run));
}

void SofiaLeg::set_session_timer(common::Duration delay, std::function<void()> run) {
    timers_.replace(session_timer_, delay, std::move(run));
}

}  // namespace signaling
