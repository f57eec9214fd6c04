#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "mcu/rtp/congestion/path_rate.h"
#include "mcu/session/audio_outbox.h"
#include "mcu/session/audio_stream.h"
#include "mcu/session/bundle_transport.h"
#include "mcu/session/picture_outbox.h"
#include "mcu/session/session.h"
#include "mcu/session/video_stream.h"

namespace mcu {

/// A session's half on the net thread: its streams, and the boxes that the mixer's threads put
/// things into.
///
/// Thread: net thread alone, construction and destruction too; but the sinks and the requester,
///         whose users are gone before it is destroyed.
/// Content: sinks and inlets belong to the first medium of their kind whose content is "main".
class SessionCore final : public mixer::KeyFrameRequester {
  public:
    /// One medium to have; `ports` only for one that is new and has its own.
    struct Plan {
        StreamConfig config;
        std::unique_ptr<UdpPortPair> ports;
        bool bundled = false;
    };
    /// The transport that bundled media share; `ports` only where there was none.
    struct BundlePlan {
        BundleConfig config;
        std::vector<IcePort> ports;
    };

    SessionCore(StreamEnvironment environment, std::uint64_t seed);

    /// Closes what is absent, opens what has ports, lets all others go on.
    void apply(std::vector<Plan> plans, std::optional<BundlePlan> bundle);
    void set_inlets(Session::Inlets inlets);
    void limit_peer(common::Bitrate limit);
    void want_rate(common::Bitrate all, common::Bitrate least) { path_.want(all, least); }
    void repeat_pictures(PictureRepeats repeats);
    void skip_to_start();
    /// Ports and SSRCs, in the order of the plans applied last. Addresses of those that are
    /// bundled; the others' are the caller's.
    [[nodiscard]] std::vector<LocalMedia> local_media() const;
    /// Of the bundle; none where there is none.
    [[nodiscard]] std::vector<IceHostCandidate> candidates() const;
    [[nodiscard]] std::vector<StreamCounters> counters() const;

    [[nodiscard]] mixer::PictureSink& picture_sink() { return pictures_; }
    [[nodiscard]] mixer::AudioSink& audio_sink() { return sound_; }
    void request_key_frame() override;  // any thread

  private:
    [[nodiscard]] std::unique_ptr<MediaStream> take_stream(const std::string& mid);
    std::unique_ptr<MediaStream> open_stream(Plan& plan);
    void choose_main();
    void on_path_rate(common::Bitrate all);
    void on_wake();

    const StreamEnvironment environment_;
    std::mt19937_64 seeds_;
    PathRate path_;  ///< of the main sound and picture
    Session::Inlets inlets_;
    std::unique_ptr<BundleTransport> bundle_;  ///< null: no medium is bundled
    std::vector<std::unique_ptr<MediaStream>> streams_;
    AudioStream* main_audio_ = nullptr;
    VideoStream* main_video_ = nullptr;
    Wakeup wakeup_;
    AudioOutbox sound_;
    PictureOutbox pictures_;
    std::atomic<bool> key_frame_requested_{false};
};

}  // namespace mcu
