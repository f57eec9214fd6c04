#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "signaling/conference/negotiate.h"
#include "signaling/sip/sip_call.h"
#include "tests/support/fake_clock.h"

/// One SipCall between a dialog that writes everything down and rooms that say yes.
namespace sip_bench {

using namespace signaling;
using namespace std::chrono_literals;

inline const std::string kHead =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";
inline const SipBody kOffer{"application/sdp", "", kHead + "m=audio 4000 RTP/AVP 0\r\n"};
inline const SipBody kHold{"application/sdp", "",
                           kHead + "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n"};
inline const SipBody kForeign{"application/sdp", "", kHead + "m=audio 4000 RTP/AVP 18\r\n"};

/// Writes down what the call asks of the stack; timers run when the test says so.
class RecordingDialog final : public SipDialog {
  public:
    void respond(SipMethod method, const SipResponse& response) override {
        responses.push_back(response);
        methods.push_back(method);
    }
    void reinvite(const SipBody& offer, const std::string& session_expires) override {
        reinvites.push_back(offer);
        proposals.push_back(session_expires);
    }
    void update(const std::string& session_expires) override {
        ++updates;
        proposals.push_back(session_expires);
    }
    void acknowledge() override { ++acks; }
    void info(const SipBody& body) override { infos.push_back(body); }
    void end(const std::string& reason) override { endings.push_back(reason); }
    void after(common::Duration delay, std::function<void()> run) override {
        timers.emplace(now + delay, std::move(run));
    }
    void set_session_timer(common::Duration delay, std::function<void()> run) override {
        const int serial = ++session_timers;
        timers.emplace(now + delay, [this, serial, run = std::move(run)] {
            if (serial == session_timers) run();
        });
    }

    void run_timers(common::Duration up_to = 10s) {
        while (!timers.empty() && timers.begin()->first <= now + up_to) {
            const auto run = std::move(timers.begin()->second);
            timers.erase(timers.begin());
            run();
        }
    }
    [[nodiscard]] std::vector<int> statuses() const {
        std::vector<int> all;
        for (const auto& r : responses) all.push_back(r.status);
        return all;
    }

    std::vector<SipResponse> responses;
    std::vector<SipMethod> methods;  ///< of the requests that they answer
    std::vector<std::string> proposals;
    int updates = 0;
    std::vector<SipBody> reinvites;
    std::vector<SipBody> infos;
    std::vector<std::string> endings;
    int acks = 0;
    int session_timers = 0;  ///< set so far; the last counts
    common::Duration now{};  ///< the time of its timers
    std::multimap<common::Duration, std::function<void()>> timers;
};

/// Rooms that answer at once, or hold the callback back for the test.
class FakeRooms final : public Admission {
  public:
    void admit(const CallRequest& r, Call& c, OnAdmitted done) override {
        request = r;
        call = &c;
        held_admission = std::move(done);
        if (!hold) finish_admission();
    }
    void resume(const Resumption&, Call& c, OnResumed done) override {
        call = &c;
        held_resumption = std::move(done);
    }
    void finish_resume(bool found) { std::exchange(held_resumption, nullptr)(found); }
    void update(const ParticipantId&, const std::optional<MediaOffer>& offer,
                OnMedia done) override {
        updates.push_back(offer);
        held_update = std::move(done);
        if (!hold) finish_update();
    }
    void answered(const ParticipantId&, const MediaOffer& answer, OnMedia done) override {
        answers.push_back(answer);
        done(settle(media, answer));
    }
    void dtmf(const ParticipantId&, char digit, common::Duration) override { digits += digit; }
    void picture_fast_update(const ParticipantId&, const std::string&) override {
        ++updates_wanted;
    }
    void left(const ParticipantId& id, const Ending& ending) override {
        goodbyes.emplace_back(id, ending);
    }

    void finish_admission() {
        const auto done = std::exchange(held_admission, nullptr);
        auto result = media_for(request.offer);
        if (!result) return done(tl::unexpected(result.error()));
        done(Admitted{"p1", *result});
    }
    void finish_update() { std::exchange(held_update, nullptr)(media_for(updates.back())); }
    tl::expected<MediaAnswer, Refusal> media_for(const std::optional<MediaOffer>& offer) {
        if (refusal) return tl::unexpected(*refusal);
        auto result = offer ? negotiate(*offer, {}) : make_offer({});
        if (result) media = with_ports(*result);
        return result ? tl::expected<MediaAnswer, Refusal>(media) : result;
    }
    MediaAnswer with_ports(MediaAnswer answer) const {
        for (auto& m : answer.media) {
            m.address = "192.0.2.9";
            m.rtp_port = port;
            m.rtcp_port = static_cast<std::uint16_t>(port + 1);
        }
        return answer;
    }

    bool hold = false;
    std::optional<Refusal> refusal;
    std::uint16_t port = 20000;
    CallRequest request;
    Call* call = nullptr;
    MediaAnswer media;
    OnAdmitted held_admission;
    OnResumed held_resumption;
    OnMedia held_update;
    std::vector<std::optional<MediaOffer>> updates;
    std::vector<MediaOffer> answers;
    std::string digits;
    int updates_wanted = 0;
    std::vector<std::pair<ParticipantId, Ending>> goodbyes;
};

struct Bench {
    tests::FakeClock clock;
    RecordingDialog dialog;
    FakeRooms rooms;
    std::shared_ptr<SipCall> call = std::make_shared<SipCall>(dialog, rooms, clock, "77");

    void invite(const SipBody& body = kOffer) {
        CallRequest request;
        request.room = "blue";
        call->on_invite(request, body);
    }
    void establish(const SipBody& body = kOffer) {
        invite(body);
        call->on_ack({});
        dialog.responses.clear();
    }
    /// The result of a re-offer, once it is there.
    std::vector<tl::expected<MediaOffer, Refusal>> results;
    void re_offer() {
        rooms.port = static_cast<std::uint16_t>(rooms.port + 10);
        call->re_offer([this] { return rooms.with_ports(rooms.media); },
                       [this](auto result) { results.push_back(std::move(result)); });
    }
};

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace sip_bench
