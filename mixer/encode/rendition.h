#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/latest_value.h"
#include "common/mutex.h"
#include "common/serial_job.h"
#include "mixer/codec/video_encoder.h"
#include "mixer/encode/encoded_picture.h"
#include "mixer/encode/splice_pool.h"
#include "mixer/encode/stage_counters.h"
#include "mixer/encode/subscriber.h"
#include "mixer/video/video_frame.h"

namespace mixer {

/// A Canvas encoded for (codec, profile, bitrate): one encoder, and the viewers who get its
/// pictures.
///
/// Starts:  of H.264: whoever waits is served at the next picture with frame_num 0 by a splice IDR
/// that
///          only they get; at a low rate pictures are encoded more than once meanwhile, lest that
///          take more than a second. Only while nobody else follows the stream is a real key
///          picture made instead; it costs nobody anything.
///          Of VP8: whoever waits is served by a key picture that all get, as soon as the last
///          is kLeastKeyRest old (kLeastRepairRest where nobody but those wait who follow and
///          lost a picture).
/// Refresh: what a spliced viewer sees drifts from what the encoder believes; once splices have
///          ceased for a second, and seldom, all is coded anew in columns
///          (VideoEncoder::refresh).
/// Thread:  `offer` video tick; `add`, `release_leavers`, `close` control thread; encoding runs
///          on the executor.
/// Full:    one canvas waits; a newer one replaces it and the replaced one counts as skipped.
class Rendition final : private common::SerialJob {
  public:
    /// Of shared key pictures: who comes should wait no longer, and who loses all the time should
    /// not coarsen what the others see.
    static constexpr common::Duration kLeastKeyRest = std::chrono::milliseconds(400);
    static constexpr common::Duration kLeastRepairRest = std::chrono::seconds(2);

    Rendition(std::uint64_t id, const StreamFormat& format, common::Bitrate bitrate,
              common::Executor& media_pool, SplicePool& splice_pool, StageCounters& counters);
    ~Rendition() override;

    [[nodiscard]] std::uint64_t id() const { return id_; }
    [[nodiscard]] const StreamFormat& format() const { return format_; }
    [[nodiscard]] common::Bitrate bitrate() const { return bitrate_; }

    /// `max_nal_bytes`: packetization-mode 0, or 0. Limits the slices for all while this viewer is
    /// here.
    void add(std::shared_ptr<Subscriber> subscriber, int max_nal_bytes) EXCLUDES(members_mutex_);
    /// Lets go of those who are neither here nor on their way here. True while anyone is left.
    bool release_leavers() EXCLUDES(members_mutex_);

    /// How often pictures are offered, at most as often as the format says: the bitrate is shared
    /// among so many. Any thread.
    void set_pictures_per_second(int count) {
        pictures_per_second_.store(count, std::memory_order_relaxed);
    }
    /// Takes no lock.
    void offer(const FrameRef& picture, common::Timestamp media_time);
    /// No encoder opened when it was last tried; it is tried again, ever more seldom. Any thread.
    [[nodiscard]] bool refused() const { return refused_.load(std::memory_order_relaxed); }

  private:
    struct Waiting {
        FrameRef picture;
        common::Timestamp media_time;
    };
    struct Member {
        std::shared_ptr<Subscriber> subscriber;
        int max_nal_bytes = 0;
    };
    enum class Start : std::uint8_t { None, Splice, Key };

    void work() override;
    void encode_for_all(const Waiting& next);
    [[nodiscard]] int repetitions();
    void survey() EXCLUDES(members_mutex_);
    [[nodiscard]] bool ensure_encoder(common::Timestamp media_time);
    void rest_after_refusal(common::Timestamp media_time, const std::string& why);
    [[nodiscard]] Start plan_start(common::Timestamp media_time);
    [[nodiscard]] Start plan_shared_start(common::Timestamp media_time);
    void claim_waiting(common::Timestamp media_time);
    void deliver(Start start, const EncodedPictureRef& picture);
    void splice(common::Timestamp media_time, const EncodedPictureRef& shared);
    void refresh_when_due(common::Timestamp media_time);
    [[nodiscard]] std::optional<CodedPicture> encode_shared(const Waiting& next, PictureType type);
    [[nodiscard]] std::optional<CodedPicture> encode_splice();
    [[nodiscard]] EncodedPictureRef share(const CodedPicture& coded,
                                          common::Timestamp media_time) const;
    void limit_slices() REQUIRES(members_mutex_);

    const std::uint64_t id_;
    const StreamFormat format_;
    const common::Bitrate bitrate_;
    SplicePool& splice_pool_;
    StageCounters& counters_;
    common::LatestValue<Waiting> waiting_;
    std::atomic<int> max_nal_bytes_{0};
    std::atomic<bool> refused_{false};
    std::atomic<int> pictures_per_second_;

    common::Mutex members_mutex_;
    std::vector<Member> members_ GUARDED_BY(members_mutex_);

    // Touched by work() alone, of which one runs at a time.
    std::unique_ptr<VideoEncoder> encoder_;
    std::unique_ptr<SpliceEncoder> splicer_;  ///< borrowed from the pool while a splice IDR is made
    common::Duration refusal_rest_{};         ///< 0: it works
    common::Timestamp try_again_;
    int pictures_since_key_ = 0;
    int ticks_to_start_ = 0;  ///< in so many frame_num must have come round; 0: nobody waits
    bool held_ = false;       ///< somebody decodes this stream
    bool joining_ = false;    ///< somebody waits who does not
    std::optional<common::Timestamp> last_key_;
    std::optional<common::Timestamp> refresh_due_, refreshed_;
    std::vector<std::shared_ptr<Subscriber>> following_, waiting_for_start_, claimed_;
};

}  // namespace mixer
