#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "mcu/bridge/bridge_audio.h"
#include "mcu/bridge/bridge_services.h"
#include "mcu/bridge/conference_state.h"
#include "mcu/bridge/drop_watch.h"
#include "mcu/bridge/fec_strength.h"
#include "mcu/bridge/inbound_limit.h"
#include "mcu/bridge/loss_guard.h"
#include "mcu/bridge/picture_watch.h"
#include "mcu/session/session.h"
#include "mixer/audio/audio_playout.h"
#include "mixer/codec/video_decode_lane.h"
#include "mixer/encode/encoder_stage.h"
#include "mixer/encode/view_lineage.h"
#include "mixer/video/video_playout.h"

namespace mcu {

/// What a bridged session tells its bridge. On a net thread, by session id: post to the control
/// thread and return.
class BridgedSessionEvents {
  public:
    virtual ~BridgedSessionEvents() = default;
    virtual void post_dtmf(const std::string& session, char digit, common::Duration duration) = 0;
    virtual void post_media(const std::string& session, const std::string& mid, bool started) = 0;
    virtual void post_key_frame_wanted(const std::string& session, const std::string& mid) = 0;
    virtual void post_bitrate_limited(const std::string& session, const std::string& mid,
                                      common::Bitrate limit) = 0;
    virtual void post_path_rate(const std::string& session, common::Bitrate all) = 0;
};

/// One session's place in a bridge: its media transport, its voice and picture on the way into the
/// mixer, and its listener's place on the way out.
///
/// Thread: control thread; it observes its Session on the net thread and only posts from there.
/// Owner:  owned by the Bridge; borrows the bridge's mixers. After `leave` nothing is sent or
/// received; the object must
///         live on until no video tick uses its playout (BridgeVideo::adopted_revision).
class BridgedSession final : private SessionObserver {
  public:
    static common::Result<std::unique_ptr<BridgedSession>> create(
        const std::string& conference, const SessionState& state, common::SourceId source,
        const BridgeServices& services, NetThread& net, BridgeAudio& audio,
        mixer::EncoderStage& stage, BridgedSessionEvents& events);
    ~BridgedSession() override;

    /// Fails and changes nothing when ports or formats do not allow it. Repeating it is harmless.
    common::Result<void> apply(const SessionState& state);
    /// Out of the sound mix, ports closed, no callback after it returns. The viewer's subscription
    /// must be gone.
    void leave();

    [[nodiscard]] const SessionState& state() const { return state_; }
    [[nodiscard]] const std::vector<LocalMedia>& local() const { return local_; }
    /// Of its bundle; none: it has none.
    [[nodiscard]] const std::vector<IceHostCandidate>& candidates() const {
        return session_->candidates();
    }
    [[nodiscard]] common::SourceId source() const { return source_; }
    [[nodiscard]] mixer::ViewerId viewer() const { return mixer::ViewerId{source_.value}; }
    [[nodiscard]] mixer::VideoPlayout& video_playout() { return video_playout_; }
    [[nodiscard]] mixer::PictureSink& picture_sink() { return session_->picture_sink(); }
    /// The peer's TMMBR, headers counted: what it is sent from the next plan on. Of less than the
    /// smallest rung it gets the smallest.
    void limit_bitrate(common::Bitrate limit);
    /// What its path carries, sound and picture with all headers; 0: all that it gets. Sound has
    /// less of it where the smallest picture would not fit beside it; the picture counts from the
    /// next plan on.
    void limit_path(common::Bitrate all);
    /// What its picture may have now: by its TMMBR, by its path, and by its guard while every
    /// packet goes out twice. 0: as much as it needs.
    [[nodiscard]] common::Bitrate budget() const;
    /// What its decoder and link can take; nothing when it receives no pictures.
    [[nodiscard]] std::optional<mixer::StreamNeeds> needs(common::PictureSize max_size) const;
    [[nodiscard]] bool shows_video() const;  ///< a picture (not an avatar) may be expected of it
    void set_shown(bool shown);
    /// The tiles that show it, which its decoder scales for.
    void set_tiles(std::span<const mixer::TileNeed> tiles) { lane_->set_tiles(tiles); }
    /// After each plan: asks the peer (where it knows TMMBR or REMB) for no more than a picture
    /// needs that is seen with so many lines at most.
    void follow_size(int lines_shown, common::Timestamp now);
    /// Where PLIs of the peer go. Any start asked for before it is set is answered by the first
    /// picture anyway.
    void set_subscription(mixer::SubscriptionId id) { subscription_.store(id.value); }

    /// Once a second. Frozen or Resumed when its picture stopped or came back; nothing
    /// while nobody sees it, since it is not decoded then.
    std::optional<MediaEvent> check_picture(common::Timestamp now);
    /// Once a second, before what follows: asks the net thread, once for all, what the session
    /// counted.
    void count();
    /// Once a second: protects the listener's sound and the viewer's picture against the loss that
    /// it reports. `budget` counts from the next plan on.
    void follow_loss(common::Timestamp now);
    /// Once a second: tells the session what it would be sent if its path carried all, of a room
    /// with pictures of that size.
    void follow_wishes(common::PictureSize max_size);
    [[nodiscard]] SessionStatistics statistics(Counted when) const;
    /// Adds what its pictures have cost to `cpu`.
    void add_cpu(StageCpu& cpu) const;
    /// Logs what its ports dropped, as counted last, since it was last called.
    void tell_drops();
    [[nodiscard]] const std::string& video_mid() const { return video_mid_; }

  private:
    static constexpr common::Duration kPoorPathMemory = std::chrono::seconds(30);

    BridgedSession(common::SourceId source, const BridgeServices& services, BridgeAudio& audio,
                   mixer::EncoderStage& stage, BridgedSessionEvents& events);

    void apply_listener(const MediaConfig* audio);
    void follow_path(const StreamCounters* sound, common::Timestamp now);
    void protect_sound(const StreamCounters* sound, common::Timestamp now);
    void protect_picture(const StreamCounters& picture, double sound_loss, common::Timestamp now);
    [[nodiscard]] std::optional<common::Bitrate> agreed_bitrate() const;
    [[nodiscard]] std::optional<common::Bitrate> path_share() const;
    void skip_to_smaller_picture();
    [[nodiscard]] common::Bitrate sound_limit(const MediaConfig& audio) const;
    void ask_for_who_does_not(const StreamCounters& picture);
    void apply_video(const MediaConfig* video, bool muted);

    void on_dtmf(char digit, common::Duration duration) override;
    void on_media_started(const std::string& mid) override;
    void on_media_stopped(const std::string& mid) override;
    void on_start_wanted(const std::string& mid) override;
    void on_key_frame_wanted(const std::string& mid) override;
    void on_bitrate_limited(const std::string& mid, common::Bitrate limit) override;
    void on_path_rate(common::Bitrate all) override;

    const common::SourceId source_;
    const BridgeServices& services_;
    BridgeAudio& audio_;
    mixer::EncoderStage& stage_;
    BridgedSessionEvents& events_;

    mixer::VideoPlayout video_playout_;
    std::unique_ptr<mixer::AudioPlayout> audio_playout_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<mixer::VideoDecodeLane> lane_;

    SessionState state_;
    std::string id_;
    std::string who_;  ///< for logs: "conference=… session=…"
    std::vector<LocalMedia> local_;
    std::string video_mid_;
    std::optional<mixer::AudioFormat> listens_;
    FecStrength fec_;
    InboundLimit inbound_;
    common::Bitrate asked_;       ///< of the peer's picture; 0: nothing yet
    std::string listen_failure_;  ///< why it hears nothing though it should
    std::atomic<std::uint64_t> subscription_{0};
    common::Bitrate budget_;  ///< by the peer's TMMBR; 0: not limited
    common::Bitrate path_;    ///< sound and picture, by the peer's reports; 0: not limited
    std::optional<common::Timestamp> poor_path_;  ///< when it was last narrow, or lost packets
    common::Bitrate wish_;                        ///< as told to the session
    common::Bitrate least_;                       ///< likewise: smallest picture, least sound
    common::Bitrate smallest_;                    ///< of the rungs it may have
    LossGuard guard_;
    std::optional<common::Bitrate> unguarded_;  ///< its rung's when `guard_` came to share it
    PictureRepeats repeats_;                    ///< as told to the session
    std::uint64_t bad_reports_ = 0, starts_asked_ = 0;  ///< so far; by the peer itself
    std::uint64_t start_asked_ = 0;                     ///< by signalling, answered so far
    std::vector<StreamCounters> counted_;               ///< when `count` was last called
    PictureWatch picture_;
    DropWatch drops_;
    bool shown_ = true;
};

/// The first medium of a kind that carries the main content, or null.
[[nodiscard]] const MediaConfig* main_media(const std::vector<MediaConfig>& media, MediaKind kind);
[[nodiscard]] bool we_send(Direction direction);
[[nodiscard]] bool we_receive(Direction direction);

}  // namespace mcu
