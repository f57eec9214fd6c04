#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "common/bounded_queue.h"
#include "common/encoded_frame.h"
#include "common/serial_job.h"
#include "mixer/codec/video_decoder.h"
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
        std::atomic<std::uint64_t> too_large{0};  ///< refused for their size
    };
    VideoDecodeLane(common::Executor& media_pool, std::unique_ptr<VideoDecoder> decoder,
                    VideoPlayout& playout, KeyFrameRequester& requester);
    ~VideoDecodeLane() override;

    void push(common::EncodedFrame frame);
    /// A source nobody sees is not decoded: frames are dropped; showing it again requests a key
    /// frame. Any thread.
    void set_shown(bool shown);
    [[nodiscard]] const Counters& counters() const { return counters_; }
    /// Size of the newest decoded picture; 0x0 before the first. Any thread.
    [[nodiscard]] common::PictureSize picture_size() const;
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
    void note(Lack lack, common::Timestamp arrival);
    void count_failure(VideoDecodeError error);
    void request_key_frame();
    [[nodiscard]] bool patient(common::Timestamp arrival) const;

    std::unique_ptr<VideoDecoder> decoder_;
    VideoPlayout& playout_;
    KeyFrameRequester& requester_;
    common::BoundedQueue<Waiting> queue_;
    std::atomic<bool> shown_{true};
    std::atomic<bool> gap_{true};
    std::atomic<std::uint64_t> picture_size_{0};
    Lack lack_ = Lack::Nothing;        // work() only
    common::Timestamp lacking_since_;  // work() only
    Counters counters_;
};

}  // namespace mixer
