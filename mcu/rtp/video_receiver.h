#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "common/encoded_frame.h"
#include "mcu/rtp/h264_depacketizer.h"
#include "mcu/rtp/jitter_buffer.h"
#include "mcu/rtp/vp8_depacketizer.h"

namespace mcu {

/// Packets of one video stream in, decodable EncodedFrames out: JitterBuffer, Depacketizer, and
/// what to do after a loss.
///
/// From the start, and after a loss, a key frame is wanted. Until it comes pictures are dropped;
/// after kMostFreeze they are handed over all the same (`follows_loss`), because a concealed
/// picture is better than one that visibly stands. Where losses come within kLossyPath of each
/// other, nothing is dropped: such a stream would stand most of the time.
///
/// Thread: net thread. Steady state allocates nothing: hand the same EncodedFrame to every `take`.
class VideoReceiver {
  public:
    /// What people call a freeze, between two pictures of a stream that flows.
    static constexpr common::Duration kFreeze = std::chrono::milliseconds(500);
    static constexpr common::Duration kMostFreeze = std::chrono::milliseconds(300);
    static constexpr common::Duration kLossyPath = std::chrono::seconds(5);
    /// At a stream's start there is nothing to conceal with: longer.
    static constexpr common::Duration kMostStartWait = std::chrono::seconds(2);

    struct Counters {
        std::uint64_t pictures = 0;  ///< handed over
        std::uint64_t key_frames = 0;
        std::uint64_t broken_pictures = 0;  ///< whole, but their payload made no sense
        std::uint64_t undecodable = 0;      ///< dropped while waiting for a key frame
        std::uint64_t freezes = 0;          ///< nothing handed over for longer than kFreeze
        common::Duration
            longest_repair{};  ///< from the last whole picture to the next, over a loss
        /// Of two receivers of the same stream, one after the other.
        Counters& operator+=(const Counters& later);
    };

    /// `sprop_parameter_sets` is the fmtp's value of H.264, or empty.
    explicit VideoReceiver(std::string_view sprop_parameter_sets,
                           common::Duration max_wait = std::chrono::milliseconds(100),
                           common::VideoCodec codec = common::VideoCodec::H264);

    void on_stream_started(common::Timestamp now);
    /// On hold: that no more pictures come is no freeze from now on.
    void on_paused(common::Timestamp now);
    /// How long a missing packet is waited for: long where it is asked for again, short elsewhere.
    void set_max_wait(common::Duration max_wait) { jitter_buffer_.set_max_wait(max_wait); }
    void insert(RtpPacket packet, std::int64_t extended_sequence);
    /// The next frame to decode, or false: none now. Call until false, after each insert and at
    /// `next_deadline`. `due` is set to `arrival`: who knows the playout delay moves it.
    bool take(common::Timestamp now, common::EncodedFrame& frame);
    [[nodiscard]] std::optional<common::Timestamp> next_deadline() const {
        return jitter_buffer_.next_deadline();
    }

    /// Stands from a start or loss until a key frame came: feed it to RtcpSession::want_key_frame.
    [[nodiscard]] bool wants_key_frame() const { return waiting_for_key_; }
    /// The decoder says it cannot go on; from here on like after a loss, but nothing is dropped.
    void on_decoder_lost() { waiting_for_key_ = true; }

    [[nodiscard]] const Counters& counters() const { return counters_; }
    /// With a freeze that has not ended.
    [[nodiscard]] Counters counters_at(common::Timestamp now) const;
    [[nodiscard]] const JitterBuffer& jitter_buffer() const { return jitter_buffer_; }
    /// Of H.264: the last parameter set was refused, and why; see H264ParameterSets::refusal.
    [[nodiscard]] std::optional<common::SpsError> refused_set() const;

  private:
    using Depacketizer = std::variant<H264Depacketizer, Vp8Depacketizer>;

    [[nodiscard]] PictureCompletion assemble(common::EncodedFrame& frame);
    void on_loss(common::Timestamp now);
    void note_picture(const common::EncodedFrame& frame, common::Timestamp now);
    [[nodiscard]] bool frozen(common::Timestamp now) const;
    [[nodiscard]] bool can_conceal() const;
    [[nodiscard]] bool may_pass(const common::EncodedFrame& frame, common::Timestamp now);

    JitterBuffer jitter_buffer_;
    Depacketizer depacketizer_;
    PicturePackets picture_;
    bool waiting_for_key_ = true;
    bool dropping_ = true;  ///< waiting, and nothing is handed over meanwhile
    bool lost_ = false;     ///< since the last frame handed over
    std::optional<common::Timestamp> frozen_since_;
    std::optional<common::Timestamp> broken_since_;  ///< a loss that no key frame has healed
    std::optional<common::Timestamp> last_handed_over_;
    std::optional<common::Timestamp> last_loss_;
    bool starting_ = true;  ///< no key frame of this stream was seen yet
    Counters counters_;
};

}  // namespace mcu
