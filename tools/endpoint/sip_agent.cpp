#include "tools/endpoint/sip_agent.h"

#include <glib.h>
#include <sofia-sip/nua.h>
#include <sofia-sip/nua_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/soa_tag.h>
#include <sofia-sip/su_glib.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_tag_io.h>

#include <cstdarg>
#include <cstring>
#include <list>

#include "tools/endpoint/sdp_text.h"

namespace endpoint {

class SipCall {
  public:
    nua_handle_t* handle = nullptr;
    SipCallObserver* observer = nullptr;
    std::string sdp, local, remote;
    bool incoming = false, ended = false;
};

struct SipAgent::Impl {
    su_root_t* root = nullptr;
    nua_t* nua = nullptr;
    std::list<SipCall> calls;
    std::function<Answerer()> next;
    bool gone = false;

    static void on_event(nua_event_t event, int status, const char* phrase, nua_t* nua,
                         nua_magic_t* agent, nua_handle_t* handle, nua_hmagic_t* magic,
                         const sip_t* sip, tagi_t tags[]);
    void on_invite(nua_handle_t* handle, SipCall* call);
    void on_state(SipCall& call, tagi_t tags[]);
    void on_info(SipCall& call, const sip_t* sip);
    void end(SipCall& call, int status, const std::string& phrase);
};

namespace {
extern "C" void drop_log(void*, const char*, va_list) {}
}  // namespace

void SipAgent::Impl::on_event(nua_event_t event, int status, const char* phrase, nua_t*,
                              nua_magic_t* agent, nua_handle_t* handle, nua_hmagic_t* magic,
                              const sip_t* sip, tagi_t tags[]) {
    auto& self = *static_cast<Impl*>(agent);
    auto* call = static_cast<SipCall*>(magic);
    switch (event) {
        case nua_r_shutdown:
            if (status >= 200) self.gone = true;
            return;
        case nua_i_invite:
            self.on_invite(handle, call);
            return;
        case nua_i_state:
            if (call != nullptr) self.on_state(*call, tags);
            return;
        case nua_i_info:
            if (call != nullptr) self.on_info(*call, sip);
            return;
        case nua_r_invite:
            // A refused re-INVITE leaves the call as it was.
            if (call != nullptr && status >= 300 && call->remote.empty()) {
                self.end(*call, status, phrase);
            }
            return;
        case nua_i_bye:
        case nua_i_cancel:
        case nua_r_bye:
        case nua_i_terminated:
            if (call != nullptr) self.end(*call, status, phrase != nullptr ? phrase : "");
            return;
        default:
            return;
    }
}

void SipAgent::Impl::on_invite(nua_handle_t* handle, SipCall* call) {
    if (call == nullptr) {
        Answerer answerer;
        if (next) answerer = next();
        if (answerer.observer == nullptr) {
            nua_respond(handle, SIP_486_BUSY_HERE, TAG_END());
            return;
        }
        call = &calls.emplace_back();
        call->handle = handle;
        call->observer = answerer.observer;
        call->sdp = answerer.sdp;
        call->incoming = true;
        nua_handle_bind(handle, call);
        if (answerer.on_call) answerer.on_call(*call);
    } else {
        call->observer->on_remote_offer();
    }
    nua_respond(handle, SIP_200_OK, SOATAG_USER_SDP_STR(call->sdp.c_str()), TAG_END());
}

void SipAgent::Impl::on_state(SipCall& call, tagi_t tags[]) {
    int state = nua_callstate_init;
    const char* local = nullptr;
    const char* remote = nullptr;
    tl_gets(tags, NUTAG_CALLSTATE_REF(state), SOATAG_LOCAL_SDP_STR_REF(local),
            SOATAG_REMOTE_SDP_STR_REF(remote), TAG_END());
    if (local != nullptr) call.local = local;
    if (remote != nullptr) call.remote = remote;
    if (state != nua_callstate_ready && state != nua_callstate_completed) return;
    if (call.local.empty() || call.remote.empty()) return;
    if (const auto media = agreed(call.local, call.remote)) call.observer->on_media(*media);
}

void SipAgent::Impl::on_info(SipCall& call, const sip_t* sip) {
    if (sip == nullptr || sip->sip_payload == nullptr) return;
    const std::string body(sip->sip_payload->pl_data, sip->sip_payload->pl_len);
    if (body.find("picture_fast_update") != std::string::npos) call.observer->on_fast_update();
}

void SipAgent::Impl::end(SipCall& call, int status, const std::string& phrase) {
    if (call.ended) return;
    call.ended = true;
    call.observer->on_ended(status, phrase);
}

SipAgent::SipAgent() : impl_(std::make_unique<Impl>()) {}

common::Result<std::unique_ptr<SipAgent>> SipAgent::create(const Config& config) {
    static const bool once = [] {
        su_init();
        su_log_redirect(nullptr, drop_log, nullptr);
        return true;
    }();
    static_cast<void>(once);
    std::unique_ptr<SipAgent> agent(new SipAgent);
    Impl& impl = *agent->impl_;
    impl.root = su_glib_root_create(nullptr);
    su_root_threading(impl.root, 0);
    g_source_attach(su_glib_root_gsource(impl.root), nullptr);
    const bool v6 = config.host.find(':') != std::string::npos;
    const std::string bind = (config.tls ? "sips:" : "sip:") +
                             (v6 ? "[" + config.host + "]" : config.host) + ":" +
                             (config.port != 0 ? std::to_string(config.port) : "*");
    impl.nua =
        nua_create(impl.root, Impl::on_event, &impl, NUTAG_URL(bind.c_str()),
                   SIPTAG_USER_AGENT_STR("tessera-endpoint"), NUTAG_ALLOW("INFO"),
                   NUTAG_AUTOANSWER(0), NUTAG_SESSION_TIMER(0), SOATAG_AF(SOA_AF_ANY), TAG_END());
    if (impl.nua == nullptr) {
        return common::fail(common::ErrorCode::AlreadyExists, "cannot listen on " + bind);
    }
    return agent;
}

SipAgent::~SipAgent() {
    if (impl_->nua != nullptr) {
        nua_shutdown(impl_->nua);
        const gint64 deadline = g_get_monotonic_time() + 3 * G_USEC_PER_SEC;
        while (!impl_->gone && g_get_monotonic_time() < deadline) su_root_step(impl_->root, 20);
        for (SipCall& call : impl_->calls) nua_handle_destroy(call.handle);
        nua_destroy(impl_->nua);
    }
    if (impl_->root != nullptr) su_root_destroy(impl_->root);
}

SipCall& SipAgent::dial(const std::string& uri, const std::string& display_name,
                        const std::string& user, const std::string& sdp, Offer offer,
                        SipCallObserver& observer) {
    SipCall& call = impl_->calls.emplace_back();
    call.observer = &observer;
    call.sdp = sdp;
    const std::string from = "\"" + display_name + "\" <sip:" + user + "@tessera.invalid>";
    call.handle = nua_handle(impl_->nua, &call, NUTAG_URL(uri.c_str()),
                             SIPTAG_TO_STR(("<" + uri + ">").c_str()),
                             SIPTAG_FROM_STR(from.c_str()), TAG_END());
    nua_invite(call.handle, SOATAG_USER_SDP_STR(sdp.c_str()),
               SOATAG_DELAYED_OFFER_ENABLE(offer == Offer::InAnswer ? 1 : 0), TAG_END());
    return call;
}

void SipAgent::listen(std::function<Answerer()> next) {
    impl_->next = std::move(next);
}

void SipAgent::hold(SipCall& call) {
    nua_invite(call.handle, SOATAG_HOLD("*"), TAG_END());
}

void SipAgent::resume(SipCall& call) {
    nua_invite(call.handle, SOATAG_HOLD(""), TAG_END());
}

void SipAgent::offer(SipCall& call, const std::string& sdp) {
    call.sdp = sdp;
    nua_invite(call.handle, SOATAG_USER_SDP_STR(call.sdp.c_str()), TAG_END());
}

void SipAgent::send_digit(SipCall& call, char digit) {
    const std::string body = std::string("Signal=") + digit + "\r\nDuration=160\r\n";
    nua_info(call.handle, SIPTAG_CONTENT_TYPE_STR("application/dtmf-relay"),
             SIPTAG_PAYLOAD_STR(body.c_str()), TAG_END());
}

void SipAgent::ask_for_key_frame(SipCall& call) {
    nua_info(call.handle, SIPTAG_CONTENT_TYPE_STR("application/media_control+xml"),
             SIPTAG_PAYLOAD_STR("<?xml version=\"1.0\" encoding=\"utf-8\" ?>\r\n"
                                "<media_control><vc_primitive><to_encoder><picture_fast_update/>"
                                "</to_encoder></vc_primitive></media_control>\r\n"),
             TAG_END());
}

void SipAgent::hang_up(SipCall& call) {
    if (!call.ended) nua_bye(call.handle, TAG_END());
}

}  // namespace endpoint
