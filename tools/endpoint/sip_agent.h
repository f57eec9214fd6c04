#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/result.h"
#include "tools/endpoint/negotiated.h"

namespace endpoint {

class SipCallObserver {
  public:
    virtual ~SipCallObserver() = default;
    /// Offer and answer are through, for the first time or anew.
    virtual void on_media(const Negotiated& media) = 0;
    virtual void on_remote_offer() = 0;
    /// INFO picture_fast_update: RFC 5168.
    virtual void on_fast_update() = 0;
    /// The call was refused, or ended by whomever. Nothing follows.
    virtual void on_ended(int status, const std::string& phrase) = 0;
};

/// One dialog. Belongs to the agent; lives until the agent goes.
class SipCall;

enum class Offer { InInvite, InAnswer };

/// SIP by sofia-sip's nua, with its own offer/answer engine (soa). Runs in the thread's default
/// GMainContext.
class SipAgent {
  public:
    struct Config {
        std::string host = "127.0.0.1";
        int port = 0;      ///< 0: any
        bool tls = false;  ///< and nothing else; whoever we dial is believed
    };
    [[nodiscard]] static common::Result<std::unique_ptr<SipAgent>> create(const Config& config);
    ~SipAgent();

    /// `user`: of our From address.
    SipCall& dial(const std::string& uri, const std::string& display_name, const std::string& user,
                  const std::string& sdp, Offer offer, SipCallObserver& observer);
    /// Who answers the next call that comes; nobody: 486.
    struct Answerer {
        std::string sdp;
        SipCallObserver* observer = nullptr;
        std::function<void(SipCall&)> on_call;
    };
    void listen(std::function<Answerer()> next);

    /// re-INVITEs.
    void hold(SipCall& call);
    void resume(SipCall& call);
    void offer(SipCall& call, const std::string& sdp);
    /// INFO application/dtmf-relay.
    void send_digit(SipCall& call, char digit);
    /// INFO picture_fast_update, RFC 5168.
    void ask_for_key_frame(SipCall& call);
    void hang_up(SipCall& call);

    struct Impl;

  private:
    SipAgent();
    std::unique_ptr<Impl> impl_;
};

}  // namespace endpoint
