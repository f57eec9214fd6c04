#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>

#include "mcu/rtp/h264_packetizer.h"
#include "mcu/rtp/lip_sync.h"
#include "mcu/rtp/nack_tracker.h"
#include "mcu/rtp/picture_timing.h"
#include "mcu/rtp/retransmission_store.h"
#include "mcu/rtp/rtx.h"
#include "mcu/rtp/video_receiver.h"
#include "mcu/rtp/vp8_packetizer.h"
#include "mcu/session/media_stream.h"
#include "mcu/session/pacer.h"
#include "mcu/session/repeat_line.h"
#include "mixer/codec/video_decode_lane.h"
#include "mixer/encode/encoded_picture.h"

namespace mcu {

class AudioStream;

/// A session's video: packets to whole pictures to the decode lane, asking for key frames while
/// they are needed; encoded pictures out, packetized and paced.
///
/// Out: the first picture after anything was left out (hold, no destination, an overflow) is a key
///      picture; until it comes, others are dropped and a start is asked for.
/// Loss: with generic NACK, what is missing is asked for again before a key frame is, and the peer
///       gets again what it misses (by RTX where that was agreed). A peer without it gets packets
///       more than once, as told by `repeat_pictures`.
/// Thread: net thread alone.
class VideoStream final : public MediaStream {
  public:
    /// At most ten starts a second are asked of the mixer, whoever wants them.
    static constexpr common::Duration kLeastStartInterval = std::chrono::milliseconds(100);
    /// While waiting for one, a start is asked for again.
    static constexpr common::Duration kStartRepeat = std::chrono::milliseconds(500);
    static constexpr common::Duration kLongestSkip = std::chrono::milliseconds(1500);
    /// What a narrow path has not taken for so long is stale: the next picture is a key picture.
    static constexpr common::Duration kLongestBacklog = std::chrono::seconds(2);

    VideoStream(const StreamEnvironment& environment, const StreamConfig& config,
                std::uint64_t seed, StreamPorts ports);

    /// Null: received video is dropped. The old one is not used any more when it returns.
    void set_inlet(mixer::VideoDecodeLane* lane);
    /// Whose lips these are; null: nobody's sound. Not used any more when another is set.
    void set_sound(const AudioStream* sound) { sound_ = sound; }
    /// Asks the peer to send no more than this (TMMBR), whatever its SSRC, until told otherwise.
    void limit_peer(common::Bitrate limit);
    /// From the next picture on. Not for a peer that asks again.
    void repeat_pictures(PictureRepeats repeats) { repeats_ = repeats; }
    void send(const mixer::EncodedPicture& picture);
    /// A smaller picture is on its way: what comes before it would only fill a path that is full,
    /// and so would packets that were missed there and those that wait here. A key picture of
    /// another Rendition ends that, as does kLongestSkip.
    void skip_to_start();
    /// The path is found to carry another rate; `queue`: what stands in it, to be let out first.
    void on_path_rate(common::Duration queue);
    /// Pictures were lost on the way here; the next that comes is a key picture.
    void on_overflow();
    /// The decoder cannot go on without a key frame.
    void on_decoder_lost();
    [[nodiscard]] StreamCounters counters() const override;
    [[nodiscard]] std::uint32_t rtx_ssrc() const override { return rtx_ ? rtx_->ssrc() : 0; }

  private:
    void on_send_format() override;
    void on_receive_formats() override;
    void on_new_stream(std::uint32_t ssrc, common::Timestamp now) override;
    void on_packet(RtpPacket packet, std::int64_t extended_sequence) override;
    void on_peer_wants_start(common::Timestamp now) override;
    void on_own_ssrc_changed() override;
    void on_report(const RtcpSession::RemoteView& view) override;
    void on_packets_missed(std::span<const std::uint16_t> sequences,
                           common::Timestamp now) override;
    void on_deadline(common::Timestamp now) override;
    [[nodiscard]] std::optional<common::Timestamp> deadline() const override;

    void ask_for_missing(common::Timestamp now);
    void deliver(common::Timestamp now);
    [[nodiscard]] common::Timestamp due_of(const common::EncodedFrame& frame);
    void follow_key_frame_need(common::Timestamp now);
    void ask_start(common::Timestamp now, common::Duration least_interval);
    void follow_question(common::Timestamp now);
    void answer_question(std::span<const std::uint16_t> missed, common::Timestamp now);
    void note_start(common::Timestamp now);
    void packetize(const mixer::EncodedPicture& picture, common::Timestamp now);
    void limit_pace(bool key, common::Timestamp now);
    void queue(std::span<const std::uint8_t> packet, Pacer::Packets which);
    void send_again(std::span<const std::uint8_t> packet, common::Timestamp now);
    void follow_rtx(common::Timestamp now);
    [[nodiscard]] bool owes(std::size_t bytes, common::Timestamp now);
    void probe_with(std::span<const std::uint8_t> packet, common::Timestamp now);
    void note_missed(std::span<const std::uint16_t> sequences, common::Timestamp now);
    void queue_copy(std::span<const std::uint8_t> copy);
    void follow_codec(std::uint8_t payload_type);
    void restart_receiver();
    [[nodiscard]] VideoReceiver::Counters picture_counters() const;
    void tell_refused_set();

    mixer::VideoDecodeLane* lane_ = nullptr;
    common::VideoCodec codec_ = common::VideoCodec::H264;  ///< of what is received
    std::string sprop_;
    PictureTiming timing_;
    LipSync lip_sync_;
    const AudioStream* sound_ = nullptr;
    std::optional<VideoReceiver> receiver_;
    NackTracker nack_;
    std::vector<std::uint16_t> missing_;  ///< reused
    VideoReceiver::Counters before_;      ///< of the receivers before this one
    bool refusal_told_ = false;
    std::optional<std::uint32_t> remote_ssrc_;
    std::optional<common::Bitrate> peer_limit_;
    bool asking_ = false;  ///< rtcp() was told that a key frame is wanted of `remote_ssrc_`

    struct Payload {
        std::size_t bytes = 0;
        bool last = false;
    };
    [[nodiscard]] std::optional<Payload> next_payload(std::span<std::uint8_t> out);

    std::variant<H264Packetizer, Vp8Packetizer> packetizer_{std::in_place_type<H264Packetizer>,
                                                            H264Packetizer::Mode::SingleNal};
    std::optional<RetransmissionStore> sent_;  ///< with a peer that asks again
    std::optional<RtxSender> rtx_;             ///< as what it gets them; none: as they were
    std::uint64_t repeats_by_rtx_ = 0;
    Pacer pacer_;
    PictureRepeats repeats_;
    RepeatLine line_;  ///< what is to go out again
    std::uint64_t packets_repeated_ = 0;
    bool needs_key_ = true;  ///< nothing but a key picture may go out
    std::optional<common::Timestamp> start_asked_;
    /// A packet that is held back until the peer asks for it, and when the next one went out.
    struct Question {
        std::uint16_t sequence = 0;
        std::optional<common::Timestamp> asked;
    };
    std::optional<Question> question_;
    std::optional<common::Timestamp> skips_until_;
    std::uint64_t rendition_ = 0;  ///< of the picture sent last
    /// When the last start is there, and whole: who asks for another before cannot know.
    std::optional<common::Timestamp> start_there_;
    common::Timestamp start_seen_;  ///< before then who asks for another cannot know of it at all
    bool start_owed_ = false;       ///< who asked between the two is given another after that
    std::array<std::uint8_t, kPacketBufferBytes> probe_;
};

}  // namespace mcu
