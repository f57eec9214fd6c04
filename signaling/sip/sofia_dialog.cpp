#include "signaling/sip/sofia_dialog.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/nua.h>
#include <sofia-sip/sip_status.h>

#include <utility>

#include "signaling/sip/sofia_message.h"

namespace signaling {
namespace {

std::string session_header(const std::string& session_expires) {
    return "Session-Expires: " + session_expires;
}

}  // namespace

SofiaDialog::SofiaDialog(nua_handle_t* handle, SipDialogState state, common::Duration keep_alive)
    : handle_(handle), state_(std::move(state)), keep_alive_(keep_alive) {
    nua_handle_bind(handle_, reinterpret_cast<nua_hmagic_t*>(this));
    follow_flow();
}

SofiaDialog::~SofiaDialog() {
    if (call_) call_->detach();
    hold(SipMethod::Invite, nullptr);
    hold(SipMethod::Update, nullptr);
    nua_handle_bind(handle_, nullptr);
    nua_handle_destroy(handle_);
}

void SofiaDialog::hold(SipMethod method, msg_t* request) {
    msg_t*& place = held(method);
    if (place != nullptr) msg_destroy(std::exchange(place, nullptr));
    if (request == nullptr) return;
    place = msg_ref_create(request);
    if (const auto peer = peer_of(request)) came_from_ = peer->host_port;
}

void SofiaDialog::moved(const std::string& remote_target, const std::string& flow,
                        std::uint32_t cseq) {
    state_.remote_cseq = cseq;
    if (!remote_target.empty()) state_.remote_target = remote_target;
    if (flow == state_.flow) return;
    state_.flow = flow;
    follow_flow();
}

// Every request of the handle goes there, those too that nua sends by itself. Nothing in the
// message changes.
void SofiaDialog::follow_flow() {
    nua_set_hparams(handle_, NUTAG_PROXY(state_.flow.empty() ? nullptr : state_.flow.c_str()),
                    TAG_END());
}

void SofiaDialog::keep_alive_from_now() {
    if (keep_alive_ == common::Duration{}) return;
    timers_.after(keep_alive_, [this] {
        nua_options(handle_, TAG_END());
        keep_alive_from_now();
    });
}

void SofiaDialog::respond(SipMethod method, const SipResponse& response) {
    msg_t* const request = held(method);
    if (request == nullptr) return;  // answered already, by us or by a CANCEL
    if (response.status >= 200 && response.status < 300) settled();
    const char* phrase =
        response.phrase != nullptr ? response.phrase : sip_status_phrase(response.status);
    const std::string retry_after = std::to_string(response.retry_after_s);
    const std::string session = session_header(response.session_expires);
    const std::string min_se = "Min-SE: " + std::to_string(response.min_se_s);
    nua_respond(handle_, response.status, phrase, NUTAG_WITH(request),
                SIPTAG_CONTACT_STR(response.status < 300 ? state_.contact.c_str() : nullptr),
                TAG_IF(response.retry_after_s > 0, SIPTAG_RETRY_AFTER_STR(retry_after.c_str())),
                TAG_IF(!response.warning.empty(), SIPTAG_WARNING_STR(response.warning.c_str())),
                TAG_IF(!response.accept.empty(), SIPTAG_ACCEPT_STR(response.accept.c_str())),
                TAG_IF(!response.session_expires.empty(), SIPTAG_HEADER_STR(session.c_str())),
                TAG_IF(response.require_timer, SIPTAG_REQUIRE_STR("timer")),
                TAG_IF(response.min_se_s > 0, SIPTAG_HEADER_STR(min_se.c_str())),
                TAG_IF(!response.body.empty(), SIPTAG_CONTENT_TYPE_STR(response.body.type.c_str())),
                TAG_IF(!response.body.empty(), SIPTAG_PAYLOAD_STR(response.body.text.c_str())),
                TAG_END());
    if (response.status < 200) return;
    if (method == SipMethod::Invite && response.status < 300) {
        if (!std::exchange(answered_, true)) keep_alive_from_now();
    }
    hold(method, nullptr);
}

void SofiaDialog::reinvite(const SipBody& offer, const std::string& session_expires) {
    const std::string session = session_header(session_expires);
    nua_invite(handle_, SIPTAG_CONTACT_STR(state_.contact.c_str()),
               TAG_IF(!session_expires.empty(), SIPTAG_HEADER_STR(session.c_str())),
               SIPTAG_CONTENT_TYPE_STR(offer.type.c_str()), SIPTAG_PAYLOAD_STR(offer.text.c_str()),
               TAG_END());
}

void SofiaDialog::acknowledge() {
    nua_ack(handle_, TAG_END());
}

void SofiaDialog::update(const std::string& session_expires) {
    const std::string session = session_header(session_expires);
    nua_update(handle_, SIPTAG_CONTACT_STR(state_.contact.c_str()),
               TAG_IF(!session_expires.empty(), SIPTAG_HEADER_STR(session.c_str())), TAG_END());
}

void SofiaDialog::info(const SipBody& body) {
    nua_info(handle_, SIPTAG_CONTENT_TYPE_STR(body.type.c_str()),
             SIPTAG_PAYLOAD_STR(body.text.c_str()), TAG_END());
}

void SofiaDialog::end(const std::string& reason) {
    if (answered_) {
        nua_bye(handle_, SIPTAG_REASON_STR(reason.c_str()), TAG_END());
        return;
    }
    SipResponse response;
    response.status = 480;
    respond(SipMethod::Invite, response);
}

void SofiaDialog::after(common::Duration delay, std::function<void()> run) {
    timers_.after(delay, std::move(run));
}

void SofiaDialog::set_session_timer(common::Duration delay, std::function<void()> run) {
    timers_.replace(session_timer_, delay, std::move(run));
}

}  // namespace signaling
