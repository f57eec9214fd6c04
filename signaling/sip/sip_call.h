#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/clock.h"
#include "signaling/conference/call_door.h"
#include "signaling/sip/sdp_exchange.h"
#include "signaling/sip/session_timer.h"
#include "signaling/sip/sip_call_state.h"
#include "signaling/sip/sip_dialog.h"

namespace signaling {

/// One SIP dialog in the rooms' words: INVITE to BYE, whatever happens in between.
///
/// One offer and its answer at a time. The stack below keeps the transactions (retransmission,
/// overlap, glare, ACK and BYE timeouts); here is what they mean.
///
/// Thread: the loop.
/// Owner:  the agent, by shared_ptr: while `admit` runs, its callback holds one more. Borrows
/// dialog, admission and clock;
///         the dialog outlives it or is detached.
class SipCall final : public Call, public std::enable_shared_from_this<SipCall> {
  public:
    SipCall(SipDialog& dialog, Admission& admission, const common::Clock& clock,
            std::string session_id, SessionTimer::Policy timer_policy = {});

    /// A call of a former daemon: goes on when the rooms have found its participant, else hangs
    /// up. Until then changes are put off (500 with Retry-After) and a BYE is taken.
    void resume(const SipCallState& former);
    /// Nothing while it is not in a room, or no longer.
    [[nodiscard]] std::optional<SipCallState> state() const;
    /// Empty: not in a room yet.
    [[nodiscard]] ParticipantId participant() const { return participant_.value_or(""); }

    // ---- from the dialog
    /// The INVITE that starts it all. `request.offer` is filled in from the body.
    void on_invite(CallRequest request, const SipBody& body, const SipAbilities& peer = {});
    void on_reinvite(const SipBody& body, const SipAbilities& peer = {});
    void on_update(const SipBody& body, const SipAbilities& peer = {});
    void on_ack(const SipBody& body);
    [[nodiscard]] SipResponse on_info(const SipBody& body);
    void on_reinvite_answered(int status, const std::string& phrase, const SipBody& body,
                              const SipAbilities& peer = {});
    void on_update_answered(int status, const std::string& phrase, const SipAbilities& peer = {});
    /// CANCEL, BYE, no ACK, transport gone: nothing more can be sent.
    void on_ended(const Ending& ending);
    /// The daemon ends: refuses a caller who is not in yet, hangs up one who is.
    void shut_down();
    /// The dialog goes away before the call does.
    void detach() { dialog_ = nullptr; }

    // ---- from the rooms
    void hang_up(const Ending& ending) override;
    void re_offer(OfferNow ours, ReOffered done) override;
    void request_key_frame(const std::string& mid) override;

  private:
    /// Whose turn it is. One exchange at a time (RFC 3264 4).
    enum class Exchange : std::uint8_t {
        None,
        PeerOffered,   ///< the rooms think about it
        Answered,      ///< 200 with our answer is out, ACK is to come
        Offered,       ///< 200 with our offer is out, the answer comes in the ACK
        AnswerInHand,  ///< the rooms think about that answer
        Reoffered,     ///< our re-INVITE is out
    };
    struct WaitingOffer {
        OfferNow ours;
        ReOffered done;
        int attempts = 0;
        bool refresh = false;  ///< nothing changed: it only keeps the session alive
    };

    void resumed(const SipCallState& former, bool found);
    void admitted(tl::expected<Admitted, Refusal> result, bool we_offer);
    void on_change(SipMethod method, const SipBody& body, const SipAbilities& peer);
    void changed(tl::expected<MediaAnswer, Refusal> result, bool we_offer, SipMethod method);
    void send_media(const MediaAnswer& ours, bool we_offer, SipMethod method);
    void accept(SipMethod method, SipBody body);
    [[nodiscard]] bool refuse_short_session(SipMethod method, const SipAbilities& peer);
    void arm_session_timer(common::Duration delay, void (SipCall::*then)());
    void session_refreshed();
    void refresh_session();
    void refresh_refused(int status, const std::string& phrase, const SipAbilities& peer);
    void expire_session();
    void settle_answer(const MediaOffer& answer);
    void refuse(SipMethod method, const SipResponse& response);
    void exchange_done();
    void start_waiting_offer();
    void reoffer_answered(const SipBody& body, const SipAbilities& peer);
    void retry_reoffer(common::Duration delay);
    [[nodiscard]] std::uint64_t spread();
    [[nodiscard]] static Exchange after_answer(SipMethod method);
    void fail_reoffers(const Refusal& why);
    void tell_left();
    [[nodiscard]] bool over() const { return ending_.has_value() || dialog_ == nullptr; }

    SipDialog* dialog_;
    Admission& admission_;
    const common::Clock& clock_;
    SdpExchange sdp_;
    CallRequest request_;  ///< without its offer
    bool resuming_ = false;
    Exchange exchange_ = Exchange::None;
    bool established_ = false;  ///< the first ACK came
    std::optional<ParticipantId> participant_;
    std::optional<Ending> ending_;
    bool told_left_ = false;
    MediaOffer peer_media_;  ///< as the peer described it last
    MediaAnswer our_media_;  ///< as we described it last
    SessionTimer timer_;
    SipAbilities peer_;  ///< as it said in its last request
    common::Timestamp last_refresh_;
    std::optional<WaitingOffer> waiting_;
    std::optional<WaitingOffer> running_;
    common::Timestamp last_key_frame_request_;
    std::uint64_t retry_spread_;
};

}  // namespace signaling
