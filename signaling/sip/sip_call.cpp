#include "signaling/sip/sip_call.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "common/log.h"
#include "signaling/sip/info_body.h"
#include "signaling/sip/refusal_response.h"

namespace signaling {
namespace {

using common::Duration;
using namespace std::chrono_literals;

constexpr Duration kKeyFrameInterval = 1s;
constexpr int kReofferAttempts = 6;
constexpr Duration kRefreshAgain = 10s;  // when a refresh was refused for a while
constexpr const char* kSdpType = "application/sdp";

SipResponse plain(int status, const char* phrase = nullptr) {
    SipResponse response;
    response.status = status;
    response.phrase = phrase;
    return response;
}

/// Nothing: it is a description, or there is none. Else what to answer.
std::optional<SipResponse> body_problem(const SipBody& body) {
    if (body.empty() || (body.type == kSdpType && body.encoding.empty())) return std::nullopt;
    SipResponse response = plain(415);
    response.accept = kSdpType;
    response.warning = warning_header(
        399, "expected application/sdp, got " + (body.type.empty() ? "no type" : body.type) +
                 (body.encoding.empty() ? "" : " in " + body.encoding));
    return response;
}

SipResponse bad_description(const std::string& why) {
    SipResponse response = plain(400, "Bad Session Description");
    response.warning = warning_header(399, why);
    return response;
}

/// The rooms' side of the contract: every entry answered, and a port where one is accepted.
std::optional<Refusal> check(const MediaAnswer& ours, std::size_t at_least) {
    if (ours.media.size() < at_least || ours.media.empty()) {
        return Refusal{RefusalReason::Internal, "not every medium was answered", 0};
    }
    for (const auto& medium : ours.media) {
        const bool open = !medium.address.empty() && medium.rtp_port != 0;
        if (medium.accepted && !open) {
            return Refusal{RefusalReason::Internal, "no port for medium " + medium.mid, 0};
        }
    }
    return std::nullopt;
}

const char* cause_word(Ending::Cause cause) {
    switch (cause) {
        case Ending::Cause::PeerHungUp:
            return "peer hung up";
        case Ending::Cause::PeerGaveUp:
            return "peer gave up";
        case Ending::Cause::PeerLost:
            return "peer lost";
        case Ending::Cause::Kicked:
            return "removed by a moderator";
        case Ending::Cause::RoomEnded:
            return "room ended";
        case Ending::Cause::MediaFailed:
            return "no common media";
        case Ending::Cause::KeysNotRenewed:
            return "media keys were not renewed, please call again";
        case Ending::Cause::Shutdown:
            return "server shuts down";
        case Ending::Cause::ProtocolError:
            break;
    }
    return "protocol error";
}

}  // namespace

SipCall::SipCall(SipDialog& dialog, Admission& admission, const common::Clock& clock,
                 std::string session_id, SessionTimer::Policy timer_policy)
    : dialog_(&dialog),
      admission_(admission),
      clock_(clock),
      sdp_(session_id),
      timer_(timer_policy),
      retry_spread_(std::hash<std::string>{}(session_id)) {}

// ---- going on

std::optional<SipCallState> SipCall::state() const {
    if (!participant_ || over()) return std::nullopt;
    SipCallState now;
    now.participant = *participant_;
    now.request = request_;
    now.peer_media = peer_media_;
    now.our_media = our_media_;
    now.sdp = sdp_.state();
    now.interval = timer_.interval();
    now.we_refresh = timer_.we_refresh();
    now.since_refresh = clock_.now() - last_refresh_;
    now.peer_knows_update = peer_.update;
    return now;
}

void SipCall::resume(const SipCallState& former) {
    resuming_ = established_ = true;
    exchange_ = Exchange::PeerOffered;
    sdp_ = SdpExchange(former.sdp);
    request_ = former.request;
    peer_media_ = former.peer_media;
    our_media_ = former.our_media;
    timer_.resume(former.interval, former.we_refresh);
    peer_.update = former.peer_knows_update;
    last_refresh_ = clock_.now() - former.since_refresh;
    admission_.resume(
        {former.participant, request_, our_media_, peer_media_}, *this,
        [self = shared_from_this(), former](bool found) { self->resumed(former, found); });
}

void SipCall::resumed(const SipCallState& former, bool found) {
    resuming_ = false;
    if (!found) return hang_up({Ending::Cause::RoomEnded, "its media session is gone"});
    participant_ = former.participant;
    if (over()) {  // said goodbye meanwhile
        if (!ending_) ending_ = Ending{Ending::Cause::PeerLost, "dialog gone"};
        return tell_left();
    }
    const Duration since = clock_.now() - last_refresh_;
    const Duration due = timer_.we_refresh() ? timer_.refresh_after() : timer_.expire_after();
    arm_session_timer(std::max<Duration>(due - since, 0s),
                      timer_.we_refresh() ? &SipCall::refresh_session : &SipCall::expire_session);
    exchange_done();
}

// ---- coming in

void SipCall::on_invite(CallRequest request, const SipBody& body, const SipAbilities& peer) {
    peer_ = peer;
    if (refuse_short_session(SipMethod::Invite, peer)) return;
    if (auto problem = body_problem(body)) return refuse(SipMethod::Invite, *problem);
    const bool we_offer = body.empty();
    request_ = request;
    if (!we_offer) {
        auto offer = sdp_.read_offer(body.text);
        if (!offer) return refuse(SipMethod::Invite, bad_description(offer.error()));
        peer_media_ = *offer;
        request.offer = *std::move(offer);
    }
    if (request.room.empty()) {
        return refuse(SipMethod::Invite,
                      response_for({RefusalReason::UnknownRoom, "no room in the request URI", 0}));
    }
    dialog_->respond(SipMethod::Invite, plain(180));
    exchange_ = Exchange::PeerOffered;
    admission_.admit(request, *this, [self = shared_from_this(), we_offer](auto result) {
        self->admitted(std::move(result), we_offer);
    });
}

void SipCall::admitted(tl::expected<Admitted, Refusal> result, bool we_offer) {
    if (!result) {
        if (!over()) refuse(SipMethod::Invite, response_for(result.error()));
        return;
    }
    participant_ = result->participant;
    if (over()) {  // gave up meanwhile
        if (!ending_) ending_ = Ending{Ending::Cause::PeerLost, "dialog gone"};
        return tell_left();
    }
    if (const auto problem = check(result->media, peer_media_.media.size())) {
        LOG_ERROR("sip participant={} refused: {}", *participant_, problem->text);
        refuse(SipMethod::Invite, response_for(*problem));
        return tell_left();
    }
    send_media(result->media, we_offer, SipMethod::Invite);
}

void SipCall::refuse(SipMethod method, const SipResponse& response) {
    const bool first = method == SipMethod::Invite && !established_;
    if (!participant_ || first) ending_ = Ending{Ending::Cause::MediaFailed, "refused"};
    exchange_ = Exchange::None;
    dialog_->respond(method, response);
}

void SipCall::send_media(const MediaAnswer& ours, bool we_offer, SipMethod method) {
    our_media_ = ours;
    exchange_ = we_offer ? Exchange::Offered : after_answer(method);
    accept(method, {kSdpType, "", we_offer ? sdp_.offer(ours) : sdp_.answer(ours)});
    if (exchange_ == Exchange::None) exchange_done();
}

/// 200, which refreshes the session, too.
void SipCall::accept(SipMethod method, SipBody body) {
    SipResponse response = plain(200);
    response.body = std::move(body);
    timer_.accept(peer_, response);
    session_refreshed();  // first: who keeps our state does so before the 200 is out
    dialog_->respond(method, response);
}

SipCall::Exchange SipCall::after_answer(SipMethod method) {
    // RFC 3311: an UPDATE is done with its 200; an INVITE waits for the ACK.
    return method == SipMethod::Update ? Exchange::None : Exchange::Answered;
}

// ---- the peer changes its media

void SipCall::on_reinvite(const SipBody& body, const SipAbilities& peer) {
    on_change(SipMethod::Invite, body, peer);
}

void SipCall::on_update(const SipBody& body, const SipAbilities& peer) {
    if (dialog_ == nullptr) return;
    if (!body.empty() || over() || !participant_) {
        return on_change(SipMethod::Update, body, peer);
    }
    // RFC 3311: without a description it refreshes the session and no more.
    if (refuse_short_session(SipMethod::Update, peer)) return;
    peer_ = peer;
    accept(SipMethod::Update, {});
}

void SipCall::on_change(SipMethod method, const SipBody& body, const SipAbilities& peer) {
    if (dialog_ == nullptr) return;
    if (over()) return dialog_->respond(method, plain(481));
    if (exchange_ != Exchange::None || !participant_) {
        // RFC 3261 14.2, RFC 3311 5.2: 491 while ours is out, 500 while another of theirs is.
        SipResponse busy = plain(exchange_ == Exchange::Reoffered ? 491 : 500);
        if (busy.status == 500) busy.retry_after_s = 1 + static_cast<int>(spread() % 9U);
        return dialog_->respond(method, busy);
    }
    if (refuse_short_session(method, peer)) return;
    if (auto problem = body_problem(body)) return dialog_->respond(method, *problem);
    peer_ = peer;
    std::optional<MediaOffer> offer;
    if (!body.empty()) {
        if (auto repeated = sdp_.repeated_answer(body.text)) {
            exchange_ = after_answer(method);
            return accept(method, {kSdpType, "", *std::move(repeated)});
        }
        auto read = sdp_.read_offer(body.text);
        if (!read) return dialog_->respond(method, bad_description(read.error()));
        offer = *std::move(read);
    }
    exchange_ = Exchange::PeerOffered;
    const auto on_media = [weak = weak_from_this(), offer, method](auto result) {
        const auto self = weak.lock();
        if (!self) return;
        if (result && offer) self->peer_media_ = *offer;
        self->changed(std::move(result), !offer.has_value(), method);
    };
    admission_.update(*participant_, offer, on_media);
}

void SipCall::changed(tl::expected<MediaAnswer, Refusal> result, bool we_offer, SipMethod method) {
    if (over()) return;
    if (result) {
        if (const auto problem = check(*result, we_offer ? 0 : peer_media_.media.size())) {
            result = tl::unexpected(*problem);
        }
    }
    if (result) return send_media(*result, we_offer, method);
    LOG_INFO("sip participant={} change refused: {}", *participant_, result.error().text);
    exchange_ = Exchange::None;
    dialog_->respond(method, response_for(result.error()));
    exchange_done();
}

void SipCall::on_ack(const SipBody& body) {
    if (over()) return;
    const bool first = !std::exchange(established_, true);
    if (exchange_ == Exchange::Answered) return exchange_done();
    if (exchange_ != Exchange::Offered) return;
    if (body.empty() && !first) {
        // A refresh whose sender ignored our offer: what was agreed stands.
        return settle_answer(peer_media_);
    }
    auto answer = body.empty() || body_problem(body)
                      ? tl::unexpected(std::string("the ACK brought no answer to our offer"))
                      : sdp_.read_answer(body.text);
    if (!answer) return hang_up({Ending::Cause::MediaFailed, answer.error()});
    settle_answer(*answer);
}

void SipCall::settle_answer(const MediaOffer& answer) {
    peer_media_ = answer;
    exchange_ = Exchange::AnswerInHand;
    admission_.answered(*participant_, answer, [weak = weak_from_this()](auto result) {
        const auto self = weak.lock();
        if (!self || self->over()) return;
        if (!result) return self->hang_up({Ending::Cause::MediaFailed, result.error().text});
        self->exchange_done();
    });
}

// ---- we change ours

void SipCall::re_offer(OfferNow ours, ReOffered done) {
    if (waiting_) {
        dialog_->after(0s, [old = std::move(waiting_->done)] {
            old(tl::unexpected(Refusal{RefusalReason::Internal, "a newer offer took its turn", 0}));
        });
    }
    waiting_ = WaitingOffer{std::move(ours), std::move(done), 0};
    if (over()) return;  // `left` is on its way, and fails it
    dialog_->after(0s, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->start_waiting_offer();
    });
}

void SipCall::exchange_done() {
    exchange_ = Exchange::None;
    if (dialog_ != nullptr) dialog_->settled();
    start_waiting_offer();
}

void SipCall::start_waiting_offer() {
    if (over() || !established_ || exchange_ != Exchange::None || !waiting_) return;
    running_ = std::exchange(waiting_, std::nullopt);
    ++running_->attempts;
    // Only now: while it waited, the peer may have changed what is agreed.
    const MediaAnswer ours = running_->ours();
    if (const auto problem = check(ours, 0)) {
        const ReOffered done = std::exchange(running_, std::nullopt)->done;
        return done(tl::unexpected(*problem));
    }
    exchange_ = Exchange::Reoffered;
    our_media_ = ours;
    dialog_->reinvite({kSdpType, "", sdp_.offer(ours)}, timer_.proposal());
}

void SipCall::on_reinvite_answered(int status, const std::string& phrase, const SipBody& body,
                                   const SipAbilities& peer) {
    if (status < 200 || exchange_ != Exchange::Reoffered) return;
    if (status < 300) {
        dialog_->acknowledge();
        if (!over()) reoffer_answered(body, peer);
        return;
    }
    if (over()) return;
    if (status == 422 && timer_.lengthen(peer)) return retry_reoffer(0s);
    const bool busy = status == 491 || status == 500;  // RFC 3261 14.1: another exchange runs there
    // RFC 3261 14.1: the side that did not make the Call-ID waits 0 to 2 s, in steps of 10 ms.
    if (busy && running_->attempts < kReofferAttempts) {
        return retry_reoffer(static_cast<std::int64_t>(spread() % 200U) * 10ms);
    }
    if (running_->refresh) refresh_refused(status, phrase, peer);
    const ReOffered done = std::exchange(running_, std::nullopt)->done;
    exchange_ = Exchange::None;
    done(tl::unexpected(refusal_from(status, phrase)));
    start_waiting_offer();
}

void SipCall::reoffer_answered(const SipBody& body, const SipAbilities& peer) {
    timer_.settle(peer);
    session_refreshed();
    auto answer = body.empty() || body_problem(body)
                      ? tl::unexpected(std::string("the answer to our offer is missing"))
                      : sdp_.read_answer(body.text);
    const bool refresh = running_->refresh;
    const ReOffered done = std::exchange(running_, std::nullopt)->done;
    exchange_ = Exchange::None;
    if (!answer) {
        // The two ends no longer agree on what runs: nothing but an end is sure.
        hang_up({Ending::Cause::ProtocolError, answer.error()});
        return done(tl::unexpected(Refusal{RefusalReason::NotAcceptable, answer.error(), 0}));
    }
    // Nobody in the rooms waits for the answer to a refresh; they hear when it says something new.
    if (refresh && peer_media_ != *answer) return settle_answer(*answer);
    peer_media_ = *answer;
    dialog_->settled();
    done(*std::move(answer));
    start_waiting_offer();
}

void SipCall::retry_reoffer(Duration delay) {
    exchange_ = Exchange::None;
    if (waiting_) {  // a newer one is there: it goes instead
        const ReOffered done = std::exchange(running_, std::nullopt)->done;
        done(tl::unexpected(Refusal{RefusalReason::Internal, "a newer offer took its turn", 0}));
    } else {
        waiting_ = std::exchange(running_, std::nullopt);
    }
    dialog_->after(delay, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->start_waiting_offer();
    });
}

std::uint64_t SipCall::spread() {
    retry_spread_ = retry_spread_ * 6364136223846793005U + 1442695040888963407U;
    return retry_spread_ >> 33U;
}

void SipCall::fail_reoffers(const Refusal& why) {
    for (auto* offer : {&running_, &waiting_}) {
        if (!*offer) continue;
        const ReOffered done = std::exchange(*offer, std::nullopt)->done;
        done(tl::unexpected(why));
    }
}

// ---- the session's time (RFC 4028)

bool SipCall::refuse_short_session(SipMethod method, const SipAbilities& peer) {
    if (!timer_.too_short(peer)) return false;
    SipResponse response = plain(422);
    response.min_se_s = timer_.min_se_s();
    if (participant_) {
        dialog_->respond(method, response);
    } else {
        refuse(method, response);
    }
    return true;
}

void SipCall::arm_session_timer(Duration delay, void (SipCall::*then)()) {
    dialog_->set_session_timer(delay, [weak = weak_from_this(), then] {
        const auto self = weak.lock();
        if (self && !self->over()) ((*self).*then)();
    });
}

void SipCall::session_refreshed() {
    last_refresh_ = clock_.now();
    if (timer_.we_refresh()) {
        arm_session_timer(timer_.refresh_after(), &SipCall::refresh_session);
    } else {
        arm_session_timer(timer_.expire_after(), &SipCall::expire_session);
    }
}

void SipCall::refresh_session() {
    const Duration left = timer_.expire_after() - (clock_.now() - last_refresh_);
    if (left <= 0s) return expire_session();
    arm_session_timer(left, &SipCall::expire_session);
    if (!established_) return;
    if (peer_.update) return dialog_->update(timer_.proposal());
    // By re-INVITE with what stands: one without a description would ask the peer to offer anew.
    // An exchange that runs or waits refreshes just as well.
    if (waiting_ || running_ || our_media_.media.empty()) {
        return arm_session_timer(std::min(left, kRefreshAgain), &SipCall::refresh_session);
    }
    waiting_ = WaitingOffer{[this] { return our_media_; }, [](const auto&) {}, 0, true};
    start_waiting_offer();
}

void SipCall::on_update_answered(int status, const std::string& phrase, const SipAbilities& peer) {
    if (status < 200 || over()) return;
    if (status >= 300) return refresh_refused(status, phrase, peer);
    timer_.settle(peer);
    session_refreshed();
    dialog_->settled();
}

void SipCall::refresh_refused(int status, const std::string& phrase, const SipAbilities& peer) {
    if (status == 481 || status == 408) {
        return hang_up({Ending::Cause::PeerLost, std::to_string(status) + " " + phrase});
    }
    const bool knows_no_update = peer_.update && (status == 405 || status == 501);
    if (knows_no_update) peer_.update = false;
    const bool at_once = knows_no_update || (status == 422 && timer_.lengthen(peer));
    arm_session_timer(at_once ? 0s : kRefreshAgain, &SipCall::refresh_session);
}

void SipCall::expire_session() {
    hang_up({Ending::Cause::PeerLost, "the session was not refreshed in time"});
}

// ---- small talk

SipResponse SipCall::on_info(const SipBody& body) {
    const InfoMeaning meaning = read_info(body);
    if (std::holds_alternative<InfoMalformed>(meaning)) return plain(400, "Bad INFO Body");
    if (std::holds_alternative<InfoUnknownType>(meaning)) {
        SipResponse response = plain(415);
        response.accept = kInfoTypes;
        return response;
    }
    if (!over() && resuming_) {
        SipResponse later = plain(500);
        later.retry_after_s = 1;
        return later;
    }
    if (over() || !participant_) return plain(481);
    if (const auto* digit = std::get_if<InfoDigit>(&meaning)) {
        admission_.dtmf(*participant_, digit->digit, digit->duration);
    } else if (std::holds_alternative<InfoPictureFastUpdate>(meaning)) {
        admission_.picture_fast_update(*participant_, "");
    }
    return plain(200);
}

void SipCall::request_key_frame(const std::string& mid) {
    const auto now = clock_.now();
    if (over() || !established_ || now - last_key_frame_request_ < kKeyFrameInterval) return;
    last_key_frame_request_ = now;
    LOG_DEBUG("sip participant={} key frame asked for mid={}", *participant_, mid);
    dialog_->info(picture_fast_update_body());
}

// ---- going out

void SipCall::hang_up(const Ending& ending) {
    if (over()) return;
    ending_ = ending;
    dialog_->end(std::string("SIP;cause=200;text=\"") + cause_word(ending.cause) + "\"");
    dialog_->after(0s, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->tell_left();
    });
}

void SipCall::shut_down() {
    if (over()) return;
    if (participant_ || resuming_)
        return hang_up({Ending::Cause::Shutdown, cause_word(Ending::Cause::Shutdown)});
    Refusal refusal{RefusalReason::MediaAway, cause_word(Ending::Cause::Shutdown), 5};
    refuse(SipMethod::Invite, response_for(refusal));
}

void SipCall::on_ended(const Ending& ending) {
    if (!ending_) ending_ = ending;
    tell_left();
}

void SipCall::tell_left() {
    if (!participant_ || std::exchange(told_left_, true)) return;
    fail_reoffers({RefusalReason::Internal, "the call ended", 0});
    admission_.left(*participant_, *ending_);
}

}  // namespace signaling
