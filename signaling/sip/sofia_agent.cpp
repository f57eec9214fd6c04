#include "signaling/sip/sofia_agent.h"

namespace signaling {
class SofiaDialog;
}  // namespace signaling

// nua's untyped pointers, typed: what it hands back is what we gave it.
#define NUA_MAGIC_T ::signaling::SofiaAgent::Impl
#define NUA_HMAGIC_T ::signaling::SofiaDialog

#include <sofia-sip/nta.h>
#include <sofia-sip/nua.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/tport_tag.h>

#include <algorithm>
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
#include "signaling/sip/restored_calls.h"
#include "signaling/sip/sip_call.h"
#include "signaling/sip/sofia_dialog.h"
#include "signaling/sip/sofia_gate.h"
#include "signaling/sip/sofia_message.h"
#include "signaling/sip/sofia_nta.h"
#include "signaling/sip/sofia_parser.h"
#include "signaling/sip/sofia_root.h"
#include "signaling/sip/tls_folder.h"

namespace signaling {
namespace {

constexpr const char* kAllow = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK";
constexpr const char* kSupported = "timer, 100rel";
constexpr const char* kNoMethods = nullptr;  // forgets what nua answers by itself
// How long NATs keep what nobody uses: RFC 4787 4.3 wants two minutes, many know half of one.
constexpr common::Duration kUdpPinhole = std::chrono::seconds(25);
constexpr common::Duration kConnectionPinhole = std::chrono::seconds(120);
constexpr std::size_t kLargestUdpMessage = 65535;
// How many may wait to be accepted: with sofia's 64, two in a hundred quick ones wait for a second.
constexpr unsigned kConnecting = 512;

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

bool has_sdes(const MediaAnswer& ours) {
    return std::ranges::any_of(
        ours.media, [](const AnsweredMedia& medium) { return !medium.security.sdes.empty(); });
}

}  // namespace

struct SofiaAgent::Impl {
    Options options;
    Surroundings around;
    SofiaGate gate;
    nua_t* nua = nullptr;
    nta_agent_t* nta = nullptr;
    bool stopped = false;
    std::unique_ptr<RestoredCalls> restored;  // null: none of a former daemon
    std::unordered_map<SofiaDialog*, std::unique_ptr<SofiaDialog>> dialogs;

    Impl(Options o, Surroundings s)
        : options(std::move(o)),
          around(std::move(s)),
          gate(parser_without_session_timers(), *options.gate, *options.connections) {}

    void on_event(nua_event_t event, int status, const char* phrase, nua_handle_t* handle,
                  SofiaDialog* dialog, const sip_t* sip, tagi_t tags[]);

  private:
    void on_invite(nua_handle_t* handle, SofiaDialog* dialog, const sip_t* sip);
    void on_new_call(nua_handle_t* handle, const sip_t* sip);
    void on_options(nua_handle_t* handle, const SofiaDialog* dialog);
    void on_info(nua_handle_t* handle, SofiaDialog* dialog, const sip_t* sip);
    void on_state(SofiaDialog* dialog, int status, const char* phrase, tagi_t tags[]);
    void refuse_stranger(nua_handle_t* handle, int status, const std::string& why);
    bool let_through(nua_handle_t* handle, const sip_t* sip);
    void keep(SofiaDialog& dialog) const;
    void follow(SofiaDialog& dialog, const sip_t* sip) const;
    CallRequest describe(const sip_t* sip, msg_t* message) const;
    std::string contact_for(const sip_t* sip, const CallRequest& request) const;
};

CallRequest SofiaAgent::Impl::describe(const sip_t* sip, msg_t* message) const {
    CallRequest request;
    request.room = percent_decoded(text_of(sip->sip_request->rq_url->url_user));
    const sip_from_t* from = sip->sip_from;
    request.display_name = caller_name(text_of(from->a_display), text_of(from->a_url->url_user),
                                       text_of(from->a_url->url_host));
    request.remote_uri = from_uri_of(sip);
    request.layout = request_parameter(sip, "layout");
    if (sip->sip_user_agent != nullptr) request.user_agent = text_of(sip->sip_user_agent->g_string);
    request.authenticated = options.guard != nullptr;  // nobody else comes so far
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
           (request.transport == "udp" || sips ? "" : ";transport=" + request.transport) +
           ">;isfocus";  // RFC 4579 5.1: a conference
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
            follow(*dialog, sip);
            dialog->hold(SipMethod::Update, nua_current_request(nua));
            return dialog->call().on_update(body_of(sip), abilities_of(sip));
        case nua_i_ack:
            if (const auto peer = peer_of(nua_current_request(nua)))
                options.gate->confirmed(dialog->state().call_id, peer->source);
            return dialog->call().on_ack(body_of(sip));
        case nua_r_invite:
            return dialog->call().on_reinvite_answered(status, text_of(phrase), body_of(sip),
                                                       abilities_of(sip));
        case nua_r_update:
            return dialog->call().on_update_answered(status, text_of(phrase), abilities_of(sip));
        case nua_i_cancel:
            dialog->hold(SipMethod::Invite, nullptr);
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
    follow(*dialog, sip);
    dialog->hold(SipMethod::Invite, nua_current_request(nua));
    dialog->call().on_reinvite(body_of(sip), abilities_of(sip));
}

void SofiaAgent::Impl::on_new_call(nua_handle_t* handle, const sip_t* sip) {
    if (const std::string why = around.closed_to_callers(); !why.empty()) {
        return refuse_stranger(handle, 503, why);
    }
    if (!let_through(handle, sip)) return;
    CallRequest request = describe(sip, nua_current_request(nua));
    const PeerPlace place = place_of(sip, nua_current_request(nua), request.transport);
    SipDialogState state = dialog_state_of(sip);
    state.contact = contact_for(sip, request);
    state.flow = flow_to(place);
    const bool behind_nat = is_behind_nat(place);
    auto dialog = std::make_unique<SofiaDialog>(handle, std::move(state),
                                                !behind_nat                  ? common::Duration{}
                                                : request.transport == "udp" ? kUdpPinhole
                                                                             : kConnectionPinhole);
    SofiaDialog& placed = *dialog;
    if (const auto peer = peer_of(nua_current_request(nua)))
        options.gate->joined(placed.state().call_id, peer->source);
    dialogs.emplace(&placed, std::move(dialog));
    placed.hold(SipMethod::Invite, nua_current_request(nua));
    auto call = std::make_shared<SipCall>(placed, around.admission, around.clock,
                                          around.new_session_id(), options.session_timer);
    placed.adopt(call);
    if (options.journal != nullptr)
        placed.on_changed([this](SofiaDialog& changed) { keep(changed); });
    // As it was written: decoded, a line break in it would forge lines of the log.
    LOG_INFO("sip invite room={} from={} address={} transport={} behind_nat={}",
             text_of(sip->sip_request->rq_url->url_user), request.remote_uri,
             request.remote_address, request.transport, behind_nat);
    call->on_invite(std::move(request), body_of(sip), abilities_of(sip));
}

// The peer's later requests may come from elsewhere: a NAT forgot it, or it made a new connection.
void SofiaAgent::Impl::follow(SofiaDialog& dialog, const sip_t* sip) const {
    const bool tls = options.listener.over == SipListener::Over::Tls;
    PeerPlace place = place_of(sip, nua_current_request(nua), tls ? "tls" : transport_of(sip));
    place.routed = !dialog.state().route_set.empty();  // RFC 3261 12.2: it does not change
    const std::string target =
        sip->sip_contact == nullptr ? std::string() : dialog_state_of(sip).remote_target;
    if (!target.empty()) dialog.moved(target, flow_to(place), dialog_state_of(sip).remote_cseq);
}

void SofiaAgent::Impl::keep(SofiaDialog& dialog) const {
    auto call = dialog.call().state();
    // Keys stand in no journal, and without ours a refresh would say another thing than before.
    if (!call || nta == nullptr || has_sdes(call->our_media)) return;
    SipDialogState state = dialog.state();
    nta_leg_t* const leg = nta_leg_by_call_id(nta, state.call_id.c_str());
    // Of two dialogs with one Call-ID the other may come: that one is not kept.
    if (leg == nullptr || text_of(nta_leg_get_rtag(leg)) != state.remote_tag) return;
    state.local_tag = text_of(nta_leg_get_tag(leg));
    state.local_cseq = nta_leg_get_seq(leg);
    const SipListener& at = options.listener;
    options.journal->put(
        {host_port(at.address, at.port), std::move(state), dialog.keep_alive(), *std::move(call)});
}

// Whoever is refused here has seen nothing of the rooms: all names and all rooms look alike.
bool SofiaAgent::Impl::let_through(nua_handle_t* handle, const sip_t* sip) {
    if (options.guard == nullptr) return true;
    const auto verdict = options.guard->check("INVITE", request_uri_of(sip),
                                              authorization_of(sip, options.listener.digest_realm));
    if (verdict == DigestGuard::Verdict::Pass) return true;
    const auto challenges = options.guard->challenges(verdict == DigestGuard::Verdict::Stale);
    const std::string first = "WWW-Authenticate: " + challenges.front();
    const std::string last = "WWW-Authenticate: " + challenges.back();
    nua_respond(handle, SIP_401_UNAUTHORIZED, NUTAG_WITH_THIS(nua),
                SIPTAG_HEADER_STR(first.c_str()),
                TAG_IF(challenges.size() > 1, SIPTAG_HEADER_STR(last.c_str())), TAG_END());
    nua_handle_destroy(handle);
    return false;
}

void SofiaAgent::Impl::refuse_stranger(nua_handle_t* handle, int status, const std::string& why) {
    nua_respond(handle, status, sip_status_phrase(status), NUTAG_WITH_THIS(nua),
                SIPTAG_RETRY_AFTER_STR("5"), SIPTAG_WARNING_STR(warning_header(399, why).c_str()),
                TAG_END());
    nua_handle_destroy(handle);
}

void SofiaAgent::Impl::on_options(nua_handle_t* handle, const SofiaDialog* dialog) {
    // Allow is there without a word. Named here, nua would take it for the dialog's setting from
    // now on, and keep each of them until the call ends.
    nua_respond(handle, SIP_200_OK, NUTAG_WITH_THIS(nua), TAG_END());
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
    if (options.journal != nullptr) options.journal->drop(dialog->call().participant());
    // What ended it told already, unless it was silence: no ACK, no answer, no transport.
    dialog->call().on_ended(
        {Ending::Cause::PeerLost, std::to_string(status) + " " + text_of(phrase)});
    if (state < nua_callstate_terminated) return;
    options.gate->left(dialog->state().call_id);
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
        NUTAG_SESSION_TIMER(0), NUTAG_RETRY_COUNT(0),
        NUTAG_SIP_PARSER(static_cast<const msg_mclass_t*>(impl->gate.parser())),
        SIPTAG_SUPPORTED_STR(kSupported), SIPTAG_ALLOW_STR(kAllow), NUTAG_APPL_METHOD(kNoMethods),
        NUTAG_APPL_METHOD("INVITE, OPTIONS, INFO, UPDATE"),
        NTATAG_MAXSIZE(static_cast<usize_t>(impl->options.max_message_bytes)),
        NTATAG_UDP_MTU(kLargestUdpMessage), NTATAG_SERVER_RPORT(1),
        // Else every datagram that begins with 0 or 1 goes to its STUN parser (two heap overflows
        // in 2023, and a leak for each malformed request).
        TPTAG_STUN_SERVER(0), TPTAG_PONG2PING(1), TPTAG_QUEUESIZE(kConnecting),
        TAG_IF(!folder.path().empty(), NUTAG_CERTIFICATE_DIR(folder.path().c_str())), TAG_END());
    impl->nta = last_nta_agent();
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
    impl_->restored.reset();
    nua_destroy(impl_->nua);
}

void SofiaAgent::end_calls() {
    if (impl_->restored) impl_->restored->end_all();
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

std::size_t SofiaAgent::unadmitted_count() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        impl_->dialogs, [](const auto& one) { return !one.first->is_answered(); }));
}

std::size_t SofiaAgent::dialog_count() const {
    return impl_->dialogs.size() + restored_count();
}

std::size_t SofiaAgent::restored_count() const {
    return impl_->restored ? impl_->restored->count() : 0;
}

const SipTraffic& SofiaAgent::received() const {
    return impl_->gate.received();
}

void SofiaAgent::add_connections(std::unordered_set<std::string>& in_calls) const {
    // The flow is the caller's own; a proxy's connection carries calls, too.
    for (const auto& [dialog, owner] : impl_->dialogs) {
        in_calls.insert(connection_of(dialog->state().flow));
        in_calls.insert(dialog->came_from());
    }
    if (impl_->restored) impl_->restored->add_connections(in_calls);
}

std::string SofiaAgent::listener_name() const {
    return host_port(impl_->options.listener.address, impl_->options.listener.port);
}

bool SofiaAgent::restore(const DialogRecord& record) {
    const Options& options = impl_->options;
    if (impl_->nta == nullptr || options.journal == nullptr) return false;
    if (impl_->restored == nullptr) {
        impl_->restored = std::make_unique<RestoredCalls>(
            RestoredCalls::Surroundings{{impl_->nta, options.user_agent, kAllow, kSupported},
                                        impl_->around.admission,
                                        impl_->around.clock,
                                        options.session_timer,
                                        *options.journal,
                                        *options.gate,
                                        impl_->around.on_fewer});
    }
    return impl_->restored->restore(record);
}

}  // namespace signaling
