#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/executor.h"
#include "common/ids.h"
#include "common/media_types.h"
#include "common/result.h"
#include "common/units.h"
#include "mixer/codec/video_encoder.h"
#include "mixer/encode/encoded_picture.h"
#include "mixer/video/video_frame.h"

namespace mixer {

using ViewId = common::Id<struct ViewTag>;
using CanvasId = common::Id<struct CanvasTag>;
using SubscriptionId = common::Id<struct SubscriptionTag>;

/// A step of the bitrate table.
struct Rung {
    std::string name;            ///< "720p30"
    common::PictureSize size;    ///< for a 16:9 canvas
    int frames_per_second = 30;  ///< divides the tick rate
    common::Bitrate bitrate;
};

/// 1080p30 2.5 Mbit/s, 720p30 1.0, 480p30 0.6, 360p30 0.35, 240p30 0.17, 180p15 0.07,
/// best first.
[[nodiscard]] std::vector<Rung> default_rungs();

/// What one viewer's decoder and link can take: filters which rungs it may have.
struct StreamNeeds {
    common::VideoCodec codec = common::VideoCodec::H264;
    common::H264Profile profile = common::H264Profile::ConstrainedBaseline;
    int max_frame_size_mbs = 3600;            ///< level or max-fs: macroblocks per picture
    int max_frames_per_second = 0;            ///< VP8's max-fr; 0: no limit
    int max_macroblocks_per_second = 108000;  ///< level or max-mbps
    common::Bitrate max_bitrate;              ///< level, max-br, b=AS/TIAS
    int max_nal_bytes = 0;  ///< packetization-mode 0: slices must fit a packet; 0 = no limit
    common::PictureSize max_size{1280, 720};  ///< the room's canvas limit
    friend bool operator==(const StreamNeeds&, const StreamNeeds&) = default;
};

enum class StartReason : std::uint8_t { Join, PictureLoss, RungChange, ViewChange };

/// What the tick has to draw: a View at one size and rate.
struct CanvasTask {
    CanvasId canvas;
    ViewId view;
    common::PictureSize size;
    int frames_per_second = 30;
    int drawn_per_second = 30;  ///< fewer than `frames_per_second` while that is shed
    friend bool operator==(const CanvasTask&, const CanvasTask&) = default;
};

/// What viewers do without while the machine cannot do everything; 0 and false: nothing.
struct Shedding {
    int most_frames_per_second = 0;
    int most_rungs_per_view = 0;
    int most_lines = 0;  ///< of an upright picture: columns
    friend bool operator==(const Shedding&, const Shedding&) = default;
};

struct EncoderStageCounters {
    std::uint64_t encoders_opened = 0, encoders_running = 0;
    std::uint64_t splice_contexts = 0,
                  splice_contexts_opened = 0;  ///< open now, lent or resting; so far
    std::uint64_t pictures_encoded = 0, key_pictures = 0, splice_pictures = 0, pictures_skipped = 0;
    std::uint64_t refreshes = 0;  ///< of a stream, in columns, after splices
    std::uint64_t views = 0, subscriptions = 0;
    std::array<std::uint64_t, 4>
        starts_asked{};              ///< by StartReason; Join and the changes count the stage's own
    std::uint64_t starts_given = 0;  ///< to viewers: one splice IDR may be several
    std::uint64_t splice_bytes = 0;
    common::Duration encode_time{};  ///< CPU spent in x264, all encoders and splice contexts
    common::Duration splice_time{};  ///< the splice contexts' part of it
};

/// View -> Canvas -> Rendition -> Subscription for one conference (architecture.md, section 2):
/// never encodes the same pixels twice, and a start costs only who starts (splice IDR).
///
/// Thread: control thread, but where noted. Encoding runs on the executor, one SerialJob per
///         Rendition with room for one waiting picture: a newer canvas replaces the waiting one
///         (counted as skipped).
/// Owner:  borrows executor, clock and sinks; a sink outlives its subscription (unsubscribe
///         waits for a delivery under way).
class EncoderStage {
  public:
    struct Config {
        std::vector<Rung> rungs = default_rungs();
        int ticks_per_second = 30;
    };
    EncoderStage(Config config, common::Executor& media_pool, const common::Clock& clock);
    ~EncoderStage();

    ViewId open_view();
    /// Its subscriptions must have moved or ended. Its canvases stay in `canvases()` until everyone
    /// who moved away has a start elsewhere: keep drawing what is listed.
    void close_view(ViewId view);

    /// Fails with `Unsupported` when no rung fits the needs, naming the limit that excluded them.
    [[nodiscard]] common::Result<SubscriptionId> subscribe(ViewId view, const StreamNeeds& needs,
                                                           PictureSink& sink);
    void unsubscribe(SubscriptionId subscription);
    /// The viewer now belongs to another View. It gets pictures of the old one until a start in the
    /// new is ready.
    void move(SubscriptionId subscription, ViewId view);
    /// The stage picks the best rung within the budget (0: the best there is), and never none: the
    /// smallest is the floor.
    /// Down at once, up no sooner than 10 s after the last change: room systems take a second to
    /// follow each new size.
    void set_budget(SubscriptionId subscription, common::Bitrate budget);
    /// Fails as `subscribe` does; the subscription then keeps the old needs.
    common::Result<void> set_needs(SubscriptionId subscription, const StreamNeeds& needs);
    /// Starts of a viewer on a path that loses or is narrow are coarser and half as large, but for
    /// the smallest pictures. Ignored when the subscription is gone.
    void set_start_quality(SubscriptionId subscription, StartQuality quality);
    /// Any thread. Starts asked for before the next splice point are served together.
    void need_start(SubscriptionId subscription, StartReason reason);

    /// A lower frame rate draws and encodes less often in the same streams, at the same bitrate:
    /// nobody needs a start. Fewer or smaller rungs move viewers, who get their starts by splice.
    void set_shedding(const Shedding& shedding);

    /// About once a second: closes encoders that nobody has watched for 2 s, drops canvases that
    /// everyone has left, and takes up rungs that had to wait. (Every call above does so too.)
    void tidy();

    /// Lines (of an upright picture: columns) of the largest picture that such a viewer can get; 0:
    /// none.
    [[nodiscard]] int most_lines(const StreamNeeds& needs) const;

    /// The canvases that somebody watches, to build scenes for. Changes only by the calls above.
    [[nodiscard]] std::vector<CanvasTask> canvases() const;
    /// Bumped whenever `canvases()` changes. Any thread.
    [[nodiscard]] std::uint64_t canvases_revision() const;

    /// Video tick: hands a finished canvas to its Renditions. Neither takes a lock nor allocates.
    void encode(CanvasId canvas, const FrameRef& picture, common::Timestamp media_time);

    [[nodiscard]] EncoderStageCounters counters() const;  // any thread
    /// The rung a subscription has now, for statistics; empty when it is gone. Control thread.
    [[nodiscard]] std::optional<Rung> rung_of(SubscriptionId subscription) const;
    /// Encoders of a codec that run now, by the name of their rung. Control thread.
    [[nodiscard]] std::map<std::string, std::uint64_t> encoders_by_rung(
        common::VideoCodec codec) const;
    /// Why it gets no picture now: the encoder of its rung cannot be opened. Empty: all is well, or
    /// it is gone. Control thread.
    [[nodiscard]] std::string failure_of(SubscriptionId subscription) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer
