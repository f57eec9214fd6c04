#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "common/bounded_queue.h"
#include "common/clock.h"
#include "common/encoded_frame.h"
#include "common/mutex.h"
#include "common/quantile_tracker.h"
#include "common/serial_job.h"
#include "mixer/codec/video_decoder.h"
#include "mixer/video/tile_fitter.h"
#include "mixer/video/video_playout.h"

namespace mixer {

/// The mixer cannot show a source until a key frame comes. Implemented by whoever can ask the peer
/// (the session: PLI or FIR, rate-limited there).
class KeyFrameRequester {
  public:
    virtual ~KeyFrameRequester() = default;
    /// Any thread, may be called often.
    virtual void request_key_frame() = 0;
};

/// Takes one source's access units from the network side to its VideoPlayout, decoding on the media
/// pool.
///
/// Thread: `push` any one thread (net). Decoding is a SerialJob on the executor.
/// Full:   8 access units; when the decoder cannot keep up the whole queue is dropped up to the
/// next key frame
///         and one is requested: a frame without its references would only smear.
/// Loss:   after lost packets or damaged data a key frame is requested and the last good picture
/// stays. A peer
///         that sends none within 2 s is shown as far as it can be concealed, rather than frozen
///         for ever.
class VideoDecodeLane final : private common::SerialJob {
  public:
    struct Counters {
        std::atomic<std::uint64_t> decoded{0}, corrupt{0}, dropped{0}, key_frames_requested{0};
        std::atomic<std::uint64_t> concealed{0};  ///< decoded, but with parts guessed
        std::atomic<std::uint64_t> withheld{
            0};  ///< decoded, but not shown: a key frame is awaited, or hidden meanwhile
        std::atomic<std::uint64_t> too_large{0};    ///< refused for their size
        std::atomic<std::int64_t> cpu_ns{0};        ///< of its thread: decoding and scaling
        std::atomic<std::int64_t> scale_cpu_ns{0};  ///< scaling's part of it
    };
    VideoDecodeLane(common::Executor& media_pool, const common::Clock& clock,
                    std::unique_ptr<VideoDecoder> decoder, FramePool& frames, VideoPlayout& playout,
                    KeyFrameRequester& requester);
    ~VideoDecodeLane() override;

    void push(common::EncodedFrame frame);
    /// A source nobody sees is not decoded: frames are dropped; showing it again requests a key
    /// frame. Any thread.
    void set_shown(bool shown);
    /// What each picture is scaled to as soon as it is decoded, at most kMostFitted; further ones
    /// are left to whoever draws them. Any thread.
    void set_tiles(std::span<const TileNeed> tiles) EXCLUDES(tiles_mutex_);
    [[nodiscard]] const Counters& counters() const { return counters_; }
    /// Size of the newest decoded picture; 0x0 before the first. Any thread.
    [[nodiscard]] common::PictureSize picture_size() const;
    /// From a picture's last packet until it can be drawn, of 199 pictures in 200 lately: waiting
    /// for a thread, decoding, scaling. Any thread.
    [[nodiscard]] common::Duration decoding() const {
        return common::Duration(decoding_ns_.load(std::memory_order_relaxed));
    }
    /// As SerialJob's. Drops what waits.
    void close();

  private:
    struct Waiting {
        common::EncodedFrame frame;
        bool after_gap;  ///< frames before it were dropped here
    };
    /// Why a key frame is awaited. `Gap`: nothing is decoded until then; `Damage`: decoded and
    /// withheld.
    enum class Lack : std::uint8_t { Nothing, Gap, Damage };

    void work() override;
    void decode(const Waiting& waiting);
    void show(const FrameRef& picture, common::Timestamp arrival);
    [[nodiscard]] SourcePicture fit_for_tiles(const FrameRef& picture) EXCLUDES(tiles_mutex_);
    [[nodiscard]] bool small_tiles() const EXCLUDES(tiles_mutex_);
    void note(Lack lack, common::Timestamp arrival);
    void count_failure(VideoDecodeError error);
    void request_key_frame();
    [[nodiscard]] bool patient(common::Timestamp arrival) const;

    struct Tiles {
        std::array<TileNeed, kMostFitted> needs;
        std::size_t count = 0;
        bool all = false;  ///< no more are wanted
    };

    static constexpr common::Duration kFirstGuess = std::chrono::milliseconds(4);

    const common::Clock& clock_;
    std::unique_ptr<VideoDecoder> decoder_;
    TileFitter fitter_;  // work() only
    VideoPlayout& playout_;
    KeyFrameRequester& requester_;
    common::BoundedQueue<Waiting> queue_;
    std::atomic<bool> shown_{true};
    std::atomic<bool> gap_{true};
    std::atomic<std::uint64_t> picture_size_{0};
    Lack lack_ = Lack::Nothing;        // work() only
    common::Timestamp lacking_since_;  // work() only
    // work() only
    common::QuantileTracker slow_{0.995, std::chrono::milliseconds(1), kFirstGuess};
    std::atomic<std::int64_t> decoding_ns_{common::Duration(kFirstGuess).count()};
    mutable common::Mutex tiles_mutex_;
    Tiles tiles_ GUARDED_BY(tiles_mutex_);
    Counters counters_;
};

}  // namespace mixer
