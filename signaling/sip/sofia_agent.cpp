#include "signaling/sip/sofia_agent.h"

namespace signaling {
class SofiaDialog;
}  // namespace signaling

// nua's untyped pointers, typed: what it hands back is what we gave it.
#define NUA_MAGIC_T ::signaling::SofiaAgent::Impl
#define NUA_HMAGIC_T ::signaling::SofiaDialog

#include <netdb.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/nua.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/tport_tag.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "common/invariant.h"
#include "common/log.h"
#include "signaling/sip/caller_names.h"
#include "signaling/sip/local_route.h"
#include "signaling/sip/loop_timers.h"
#include "signaling/sip/refusal_response.h"
#include "signaling/sip/sip_call.h"
#include "signaling/sip/sofia_root.h"
#include "signaling/sip/tls_folder.h"

namespace signaling {
namespace {

constexpr const char* kAllow = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";
constexpr const char* kNoMethods = nullptr;  // forgets what nua answers by itself
constexpr std::size_t kLargestUdpMessage = 65535;

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

std::string text_of(const char* text) {
    return text == nullptr ? std::string() : text;
}

SipBody body_of(const sip_t* sip) {
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

// "SIP/2.0/UDP" -> "udp"
std::string transport_of(const sip_t* sip) {
    if (sip->sip_via == nullptr) return {};
    const std::string protocol = text_of(sip->sip_via->v_protocol);
    const auto slash = protocol.rfind('/');
    return lower(slash == std::string::npos ? protocol : protocol.substr(slash + 1));
}

std::string source_of(msg_t* message) {
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

// Without a transport parameter: UDP and TCP. A list of them crashes sofia 1.12.11 at the second
// agent, which reads the list after its scope has ended. It knows TLS by the scheme alone.
std::string listening_url(const SipListener& listener) {
    const std::string where = host_port(listener.address, listener.port);
    switch (listener.over) {
        case SipListener::Over::UdpAndTcp:
            break;
        case SipListener::Over::Udp:
            return "sip:" + where + ";transport=udp";
        case SipListener::Over::Tcp:
            return "sip:" + where + ";transport=tcp";
        case SipListener::Over::Tls:
            return "sips:" + where;
    }
    return "sip:" + where;
}

std::string uri_of(const url_t* url) {
    if (url == nullptr) return {};
    const std::string user = text_of(url->url_user);
    return text_of(url->url_scheme) + ":" + (user.empty() ? "" : user + "@") +
           text_of(url->url_host);
}

}  // namespace

/// One nua handle with an INVITE in it, and the call it carries.
class SofiaDialog final : public SipDialog {
  public:
    SofiaDialog(nua_handle_t* handle, std::string contact)
        : handle_(handle), contact_(std::move(contact)) {
        nua_handle_bind(handle_, this);
    }
    ~SofiaDialog() override {
        if (call_) call_->detach();
        release_request();
        nua_handle_bind(handle_, nullptr);
        nua_handle_destroy(handle_);
    }
    SofiaDialog(const SofiaDialog&) = delete;
    SofiaDialog& operator=(const SofiaDialog&) = delete;

    void adopt(std::shared_ptr<SipCall> call) { call_ = std::move(call); }
    SipCall& call() { return *call_; }

    /// The request that `respond` answers.
    void hold_request(msg_t* request) {
        release_request();
        if (request != nullptr) request_ = msg_ref_create(request);
    }

    void respond(const SipResponse& response) override;
    void reinvite(const SipBody& offer) override {
        nua_invite(handle_, SIPTAG_CONTACT_STR(contact_.c_str()),
                   SIPTAG_CONTENT_TYPE_STR(offer.type.c_str()),
                   SIPTAG_PAYLOAD_STR(offer.text.c_str()), TAG_END());
    }
    void acknowledge() override { nua_ack(handle_, TAG_END()); }
    void info(const SipBody& body) override {
        nua_info(handle_, SIPTAG_CONTENT_TYPE_STR(body.type.c_str()),
                 SIPTAG_PAYLOAD_STR(body.text.c_str()), TAG_END());
    }
    void end(const std::string& reason) override {
        if (answered_) {
            nua_bye(handle_, SIPTAG_REASON_STR(reason.c_str()), TAG_END());
            return;
        }
        SipResponse response;
        response.status = 480;
        respond(response);
    }
    void after(common::Duration delay, std::function<void()> run) override {
        timers_.after(delay, std::move(run));
    }

  private:
    void release_request() {
        if (request_ != nullptr) msg_destroy(std::exchange(request_, nullptr));
    }

    nua_handle_t* handle_;
    std::string contact_;
    msg_t* request_ = nullptr;
    bool answered_ = false;
    std::shared_ptr<SipCall> call_;
    LoopTimers timers_;
};

void SofiaDialog::respond(const SipResponse& response) {
    if (request_ == nullptr) return;  // answered already, by us or by a CANCEL
    const char* phrase =
        response.phrase != nullptr ? response.phrase : sip_status_phrase(response.status);
    const std::string retry_after = std::to_string(response.retry_after_s);
    nua_respond(handle_, response.status, phrase, NUTAG_WITH(request_),
                SIPTAG_CONTACT_STR(response.status < 300 ? contact_.c_str() : nullptr),
                TAG_IF(response.retry_after_s > 0, SIPTAG_RETRY_AFTER_STR(retry_after.c_str())),
                TAG_IF(!response.warning.empty(), SIPTAG_WARNING_STR(response.warning.c_str())),
                TAG_IF(!response.accept.empty(), SIPTAG_ACCEPT_STR(response.accept.c_str())),
                TAG_IF(!response.body.empty(), SIPTAG_CONTENT_TYPE_STR(response.body.type.c_str())),
                TAG_IF(!response.body.empty(), SIPTAG_PAYLOAD_STR(response.body.text.c_str())),
                TAG_END());
    if (response.status < 200) return;
    if (response.status < 300) answered_ = true;
    release_request();
}

struct SofiaAgent::Impl {
    Options options;
    Surroundings around;
    nua_t* nua = nullptr;
    bool stopped = false;
    std::unordered_map<SofiaDialog*, std::unique_ptr<SofiaDialog>> dialogs;

    Impl(Options o, Surroundings s) : options(std::move(o)), around(std::move(s)) {}

    void on_event(nua_event_t event, int status, const char* phrase, nua_handle_t* handle,
                  SofiaDialog* dialog, const sip_t* sip, tagi_t tags[]);

  private:
    void on_invite(nua_handle_t* handle, SofiaDialog* dialog, const sip_t* sip);
    void on_new_call(nua_handle_t* handle, const sip_t* sip);
    void on_options(nua_handle_t* handle, const SofiaDialog* dialog);
    void on_info(nua_handle_t* handle, SofiaDialog* dialog, const sip_t* sip);
    void on_state(SofiaDialog* dialog, int status, const char* phrase, tagi_t tags[]);
    void refuse_stranger(nua_handle_t* handle, int status, const std::string& why);
    CallRequest describe(const sip_t* sip, msg_t* message) const;
    std::string contact_for(const sip_t* sip, const CallRequest& request) const;
};

CallRequest SofiaAgent::Impl::describe(const sip_t* sip, msg_t* message) const {
    CallRequest request;
    request.room = percent_decoded(text_of(sip->sip_request->rq_url->url_user));
    const sip_from_t* from = sip->sip_from;
    request.display_name = caller_name(text_of(from->a_display), text_of(from->a_url->url_user),
                                       text_of(from->a_url->url_host));
    request.remote_uri = uri_of(from->a_url);
    if (sip->sip_user_agent != nullptr) request.user_agent = text_of(sip->sip_user_agent->g_string);
    request.protocol = "sip";
    request.secure_signalling = options.listener.over == SipListener::Over::Tls;
    request.transport = request.secure_signalling ? "tls" : transport_of(sip);
    request.media_encryption = options.listener.media_encryption;
    request.public_address = options.listener.public_address;
    request.remote_address = source_of(message);
    const std::string& bound = options.listener.address;
    const bool wildcard = bound == "0.0.0.0" || bound == "::";
    request.local_address = wildcard ? local_address_towards(request.remote_address) : bound;
    return request;
}

std::string SofiaAgent::Impl::contact_for(const sip_t* sip, const CallRequest& request) const {
    const std::string& named = options.listener.public_address;
    const std::string address = named.empty() ? request.local_address : named;
    const std::string user = text_of(sip->sip_request->rq_url->url_user);
    // RFC 5630 3.1.3: who asked for sips is answered with it.
    const bool sips = request.secure_signalling && sip->sip_request->rq_url->url_type == url_sips;
    return std::string(sips ? "<sips:" : "<sip:") + (user.empty() ? "" : user + "@") +
           host_port(address, options.listener.port) +
           (request.transport == "udp" || sips ? "" : ";transport=" + request.transport) + ">";
}

void SofiaAgent::Impl::on_event(nua_event_t event, int status, const char* phrase,
                                nua_handle_t* handle, SofiaDialog* dialog, const sip_t* sip,
                                tagi_t tags[]) {
    switch (event) {
        case nua_i_invite:
            return on_invite(handle, dialog, sip);
        case nua_i_options:
            return on_options(handle, dialog);
        case nua_i_info:
            return on_info(handle, dialog, sip);
        case nua_r_shutdown:
            if (status < 200) return;
            stopped = true;
            return around.on_fewer();
        default:
            break;
    }
    if (dialog == nullptr) return;
    switch (event) {
        case nua_i_update:
            dialog->hold_request(nua_current_request(nua));
            return dialog->call().on_update(body_of(sip));
        case nua_i_ack:
            return dialog->call().on_ack(body_of(sip));
        case nua_r_invite:
            return dialog->call().on_reinvite_answered(status, text_of(phrase), body_of(sip));
        case nua_i_cancel:
            dialog->hold_request(nullptr);
            return dialog->call().on_ended({Ending::Cause::PeerGaveUp, "CANCEL"});
        case nua_i_bye:
            return dialog->call().on_ended({Ending::Cause::PeerHungUp, "BYE"});
        case nua_i_state:
            return on_state(dialog, status, phrase, tags);
        default:
            return;
    }
}

void SofiaAgent::Impl::on_invite(nua_handle_t* handle, SofiaDialog* dialog, const sip_t* sip) {
    if (dialog == nullptr) return on_new_call(handle, sip);
    dialog->hold_request(nua_current_request(nua));
    dialog->call().on_reinvite(body_of(sip));
}

void SofiaAgent::Impl::on_new_call(nua_handle_t* handle, const sip_t* sip) {
    if (const std::string why = around.closed_to_callers(); !why.empty()) {
        return refuse_stranger(handle, 503, why);
    }
    CallRequest request = describe(sip, nua_current_request(nua));
    auto dialog = std::make_unique<SofiaDialog>(handle, contact_for(sip, request));
    SofiaDialog& placed = *dialog;
    dialogs.emplace(&placed, std::move(dialog));
    placed.hold_request(nua_current_request(nua));
    auto call =
        std::make_shared<SipCall>(placed, around.admission, around.clock, around.new_session_id());
    placed.adopt(call);
    // As it was written: decoded, a line break in it would forge lines of the log.
    LOG_INFO("sip invite room={} from={} address={} transport={}",
             text_of(sip->sip_request->rq_url->url_user), request.remote_uri,
             request.remote_address, request.transport);
    call->on_invite(std::move(request), body_of(sip));
}

void SofiaAgent::Impl::refuse_stranger(nua_handle_t* handle, int status, const std::string& why) {
    nua_respond(handle, status, sip_status_phrase(status), NUTAG_WITH_THIS(nua),
                SIPTAG_RETRY_AFTER_STR("5"), SIPTAG_WARNING_STR(warning_header(399, why).c_str()),
                TAG_END());
    nua_handle_destroy(handle);
}

void SofiaAgent::Impl::on_options(nua_handle_t* handle, const SofiaDialog* dialog) {
    nua_respond(handle, SIP_200_OK, NUTAG_WITH_THIS(nua), SIPTAG_ALLOW_STR(kAllow), TAG_END());
    if (dialog == nullptr) nua_handle_destroy(handle);
}

void SofiaAgent::Impl::on_info(nua_handle_t* handle, SofiaDialog* dialog, const sip_t* sip) {
    SipResponse response;
    response.status = 481;
    if (dialog != nullptr) response = dialog->call().on_info(body_of(sip));
    const char* phrase =
        response.phrase != nullptr ? response.phrase : sip_status_phrase(response.status);
    nua_respond(handle, response.status, phrase, NUTAG_WITH_THIS(nua),
                TAG_IF(!response.accept.empty(), SIPTAG_ACCEPT_STR(response.accept.c_str())),
                TAG_END());
    if (dialog == nullptr) nua_handle_destroy(handle);
}

void SofiaAgent::Impl::on_state(SofiaDialog* dialog, int status, const char* phrase,
                                tagi_t tags[]) {
    int state = nua_callstate_init;
    tl_gets(tags, NUTAG_CALLSTATE_REF(state), TAG_END());
    if (state < nua_callstate_terminating) return;
    // What ended it told already, unless it was silence: no ACK, no answer, no transport.
    dialog->call().on_ended(
        {Ending::Cause::PeerLost, std::to_string(status) + " " + text_of(phrase)});
    if (state < nua_callstate_terminated) return;
    dialogs.erase(dialog);
    around.on_fewer();
}

namespace {

extern "C" void on_nua_event(nua_event_t event, int status, const char* phrase, nua_t* /*nua*/,
                             SofiaAgent::Impl* agent, nua_handle_t* handle, SofiaDialog* dialog,
                             const sip_t* sip, tagi_t tags[]) {
    agent->on_event(event, status, phrase, handle, dialog, sip, tags);
}

}  // namespace

SofiaAgent::SofiaAgent(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

common::Result<std::unique_ptr<SofiaAgent>> SofiaAgent::open(SofiaRoot& root, Options options,
                                                             Surroundings around) {
    auto impl = std::make_unique<Impl>(std::move(options), std::move(around));
    const SipListener& listener = impl->options.listener;
    const std::string where = host_port(listener.address, listener.port);
    const std::string url = listening_url(listener);
    const TlsFolder folder(listener.over == SipListener::Over::Tls);
    std::optional<TlsIdentity::Furnishing> furnishing;
    if (listener.over == SipListener::Over::Tls) furnishing.emplace(*impl->options.identity);
    errno = 0;
    impl->nua = nua_create(
        static_cast<su_root_t*>(root.get()), on_nua_event, impl.get(), NUTAG_URL(url.c_str()),
        SIPTAG_USER_AGENT_STR(impl->options.user_agent.c_str()), NUTAG_MEDIA_ENABLE(0),
        NUTAG_AUTOACK(0), NUTAG_AUTOALERT(0), NUTAG_AUTOANSWER(0), NUTAG_ENABLEMESSAGE(0),
        NUTAG_SESSION_TIMER(0), SIPTAG_SUPPORTED(nullptr), SIPTAG_ALLOW_STR(kAllow),
        NUTAG_APPL_METHOD(kNoMethods), NUTAG_APPL_METHOD("INVITE, OPTIONS, INFO, UPDATE"),
        NTATAG_MAXSIZE(static_cast<usize_t>(impl->options.max_message_bytes)),
        NTATAG_UDP_MTU(kLargestUdpMessage), NTATAG_SERVER_RPORT(1),
        // Else every datagram that begins with 0 or 1 goes to its STUN parser (two heap overflows
        // in 2023, and a leak for each malformed request).
        TPTAG_STUN_SERVER(0),
        TAG_IF(!folder.path().empty(), NUTAG_CERTIFICATE_DIR(folder.path().c_str())), TAG_END());
    furnishing.reset();
    if (impl->nua == nullptr) {
        const std::string reason = errno != 0 ? std::strerror(errno) : "not a usable address";
        return common::fail(
            errno == EADDRINUSE ? common::ErrorCode::AlreadyExists : common::ErrorCode::Io,
            "listen for SIP on " + where + ": " + reason);
    }
    return std::unique_ptr<SofiaAgent>(new SofiaAgent(std::move(impl)));
}

SofiaAgent::~SofiaAgent() {
    INVARIANT(impl_->stopped);  // nua_destroy aborts before
    impl_->dialogs.clear();
    nua_destroy(impl_->nua);
}

void SofiaAgent::end_calls() {
    std::vector<SofiaDialog*> all;
    for (const auto& [dialog, owner] : impl_->dialogs) all.push_back(dialog);
    for (SofiaDialog* dialog : all) {
        if (impl_->dialogs.contains(dialog)) dialog->call().shut_down();
    }
}

void SofiaAgent::stop() {
    nua_shutdown(impl_->nua);
}

bool SofiaAgent::stopped() const {
    return impl_->stopped;
}

std::size_t SofiaAgent::dialog_count() const {
    return impl_->dialogs.size();
}

}  // namespace signaling
