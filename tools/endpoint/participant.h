#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/mutex.h"
#include "common/result.h"
#include "tools/endpoint/clip.h"
#include "tools/endpoint/media_leg.h"
#include "tools/endpoint/options.h"
#include "tools/endpoint/send_table.h"
#include "tools/endpoint/sip_agent.h"
#include "tools/endpoint/sound.h"

namespace endpoint {

/// One call: its dialog, its clip and tone going out, its recording.
///
/// Thread: GLib loop, but `send_due` and `next_due_ns`: the sending thread.
class Participant final : public MediaLegObserver, public SipCallObserver {
  public:
    [[nodiscard]] static common::Result<std::unique_ptr<Participant>> create(
        const Options& options, std::uint32_t identity, const std::string& name, SendTable& table);
    ~Participant() override;

    void dial(SipAgent& agent);
    /// The SDP to answer a call with.
    [[nodiscard]] std::string sdp() const;
    void answered(SipAgent& agent, SipCall& call);
    void hang_up();
    /// What was asked for on the command line and is due now; about ten times a second.
    void misbehave();
    [[nodiscard]] Recording stop();

    [[nodiscard]] std::uint32_t identity() const { return identity_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool ended() const { return ended_; }
    /// Nanoseconds since the answer; negative before.
    [[nodiscard]] std::int64_t answered_for_ns() const;

    /// Sends what is due at `now_ns`.
    void send_due(std::int64_t now_ns);
    [[nodiscard]] std::int64_t next_due_ns() const;

    void on_key_frame_request() override;
    void on_picture_sent(std::int64_t pts_ns, std::int64_t now_ns) override;
    void on_media(const Negotiated& media) override;
    void on_remote_offer() override;
    void on_fast_update() override;
    void on_ended(int status, const std::string& phrase) override;

  private:
    Participant(const Options& options, std::uint32_t identity, std::string name, SendTable& table);
    void send_picture(std::int64_t due_ns);
    void send_sound(std::int64_t due_ns);
    void press_digits(double since_answer_s);

    const Options& options_;
    const std::uint32_t identity_;
    const std::string name_;
    SendTable& table_;
    std::shared_ptr<const Clip> clip_;
    std::map<AudioCodec, SoundLoop> loops_;
    std::unique_ptr<MediaLeg> leg_;

    SipAgent* agent_ = nullptr;
    SipCall* call_ = nullptr;
    Recording dialog_;  // the dialog's half of the recording
    bool ended_ = false, held_ = false, resumed_ = false, codec_changed_ = false,
         fast_update_asked_ = false;
    std::size_t digits_sent_ = 0, info_digits_sent_ = 0;
    bool digit_down_ = false;

    // Sending thread.
    std::uint32_t next_picture_ = 0;
    std::int64_t next_picture_ns_ = 0, next_sound_ns_ = 0;
    std::atomic<bool> key_frame_wanted_{false};
    std::atomic<std::int64_t> key_frame_requests_{0};
    std::atomic<bool> picture_stopped_{false}, sound_stopped_{false};

    common::Mutex mutex_;
    std::map<std::int64_t, std::uint32_t> in_flight_ GUARDED_BY(mutex_);  // PTS -> number
};

}  // namespace endpoint
