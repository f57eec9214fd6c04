#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/result.h"
#include "mcu/session/media_config.h"
#include "mcu/transport/ice_transport.h"
#include "mixer/audio/audio_playout.h"
#include "mixer/codec/video_decode_lane.h"
#include "mixer/encode/audio_encode_stage.h"
#include "mixer/encode/encoded_picture.h"

namespace mcu {

class NetThread;
class UdpPortRange;

/// What a session tells the floor above. All on its net thread: post to your own and return.
class SessionObserver {
  public:
    virtual ~SessionObserver() = default;
    virtual void on_dtmf(char digit, common::Duration duration) = 0;
    /// The first valid packet after silence of `kMediaSilence`, and the silence itself.
    virtual void on_media_started(const std::string& mid) = 0;
    virtual void on_media_stopped(const std::string& mid) = 0;
    /// The peer asks for a decodable start (PLI, FIR). At most ten a second reach here.
    virtual void on_start_wanted(const std::string& mid) = 0;
    /// We need a key frame and the peer understands no RTCP feedback: ask by signalling.
    virtual void on_key_frame_wanted(const std::string& mid) = 0;
    /// The peer asks to be sent no more than this (TMMBR), all headers counted.
    virtual void on_bitrate_limited(const std::string& mid, common::Bitrate limit) = 0;
    /// What the path to the peer carries, sound and picture with all headers; 0: all that it gets.
    virtual void on_path_rate(common::Bitrate /*all*/) {}
};

/// One peer's media: its transport, its RTP streams, its ports into a bridge.
///
/// Thread: control thread, but the sinks (audio tick, media pool) and the requester (any thread).
/// Its sockets, RTP state
///         and pacer live on one net thread; control calls post there and, where they return
///         something, wait for it.
/// Owner:  the bridge owns it; it borrows net thread, port range, clock, observer and the inlets,
/// which outlive it. Errors: `create` and `configure` fail when no port is free or a format is not
/// one we have, and change nothing then.
class Session {
  public:
    struct Config {
        std::string id = {};             ///< for logs
        std::string conference = {};     ///< for logs: its instance
        std::string local_address = {};  ///< empty: the route to the peer decides, or the wildcard
                                         ///< while there is no peer
        std::string cname = {};          ///< empty: a random one
        std::uint64_t seed =
            0;  ///< SSRCs, first sequence numbers and timestamps; from the system's random source
        const DtlsIdentity* identity = nullptr;  ///< null: no DTLS
    };
    /// Where received media goes; null: dropped.
    struct Inlets {
        mixer::AudioPlayout* audio = nullptr;
        mixer::VideoDecodeLane* video = nullptr;
    };

    static common::Result<std::unique_ptr<Session>> create(Config config, NetThread& net,
                                                           UdpPortRange& ports,
                                                           const common::Clock& clock,
                                                           SessionObserver& observer);
    ~Session();  ///< sends RTCP BYE, closes the ports; no callback after it returns

    /// The full desired list of media; repeating it is harmless. New mids open ports, absent ones
    /// close them. Media of `bundle` share its ports instead; a medium stays in it, or out of it.
    common::Result<std::vector<LocalMedia>> configure(
        const std::vector<MediaConfig>& media, const std::optional<BundleConfig>& bundle = {});
    /// Where the peer reaches the bundle, as configured last; none: there is no bundle.
    [[nodiscard]] const std::vector<IceHostCandidate>& candidates() const;
    void set_inlets(Inlets inlets);

    /// Asks the peer to send no more than this of its main picture (TMMBR), all headers counted,
    /// until told otherwise. A peer that does not understand is not asked. Posted, not waited for;
    /// false: the net thread takes no more now.
    [[nodiscard]] bool limit_peer(common::Bitrate limit);

    /// What would be sent to the peer, sound and picture with all headers, if its path carried it;
    /// 0: not more than now; and what is sent however little that is. Posted, not waited for;
    /// false: the net thread takes no more now.
    [[nodiscard]] bool want_rate(common::Bitrate all, common::Bitrate least);

    /// How often packets of the main picture go out again, from the next picture on; a peer that
    /// asks again for what it misses (NACK) gets them once.
    void repeat_pictures(PictureRepeats repeats);

    /// The path is full and a start in a smaller picture is on its way: until that is here,
    /// pictures are dropped. Posted, not waited for.
    void skip_to_start();

    [[nodiscard]] mixer::PictureSink& picture_sink();
    [[nodiscard]] mixer::AudioSink& audio_sink();
    [[nodiscard]] mixer::KeyFrameRequester& key_frame_requester();
    [[nodiscard]] std::vector<StreamCounters> counters() const;

  private:
    struct Impl;
    explicit Session(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

inline constexpr common::Duration kMediaSilence = std::chrono::seconds(5);

}  // namespace mcu
