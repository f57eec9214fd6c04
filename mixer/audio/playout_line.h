#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "mixer/audio/arrival_watch.h"
#include "mixer/audio/audio_playout.h"
#include "mixer/audio/delay_control.h"
#include "mixer/audio/packet_inbox.h"
#include "mixer/audio/playout_position_cell.h"
#include "mixer/audio/playout_queue.h"
#include "mixer/audio/rest_watch.h"
#include "mixer/audio/sample_fifo.h"
#include "mixer/codec/audio_codec.h"

namespace mixer {

inline constexpr std::size_t kAudioCodecs = 4;
using DecoderSet = std::array<std::unique_ptr<AudioDecoder>, kAudioCodecs>;

/// AudioPlayoutCounters, each written by one thread and read by any.
struct PlayoutTally {
    using Count = std::atomic<std::uint64_t>;
    Count packets{0}, late{0}, duplicate{0}, overflow{0}, undecodable{0};
    Count concealed_ticks{0}, fec_packets{0}, resyncs{0};
    Count played_samples{0}, concealed_samples{0}, removed_samples{0}, added_samples{0};
    std::atomic<std::int64_t> delay_ns{0}, target_ns{0};

    static void add(Count& count, std::size_t more) {
        count.fetch_add(more, std::memory_order_relaxed);
    }
    static void add_one(Count& count) { add(count, 1); }
};

/// The line of sound one participant's packets are decoded into: decides what is due, fills gaps,
/// and keeps the delay where it was meant to be.
///
/// Time moves by what is heard. RTP time says where a packet lies after the one before it; a gap
/// that was already filled while waiting is not filled again. So a late packet is played when it
/// comes (and the delay has grown). ArrivalWatch says how much delay is needed, DelayControl when
/// to leave out or repeat a pitch period to get there.
///
/// Thread: audio tick alone; allocates nothing after creation.
class PlayoutLine {
  public:
    PlayoutLine(const AudioPlayout::Config& config, DecoderSet decoders, PacketInbox& inbox,
                PlayoutTally& tally, PlayoutPositionCell& position);

    /// Takes the slot: it goes back to the inbox when played or refused.
    void accept(PacketSlot& slot);
    /// Forgets everything.
    void reset();
    enum class Heard : std::uint8_t { Yes, OnlyIfLoud };
    /// One tick. `Rest` only for what is heard `OnlyIfLoud`.
    AudioSource::Pulled pull(common::Timestamp now, AudioFrame& out, Heard heard);

  private:
    enum class Follows : std::uint8_t { Directly, AfterLoss, AfterJump };
    struct Step {
        Follows follows = Follows::Directly;
        std::int64_t gap_samples = 0;
    };

    [[nodiscard]] AudioDecoder* decoder_for(common::AudioCodec codec) const;
    [[nodiscard]] Step step_to_front() const;
    [[nodiscard]] common::Duration least_delay() const;
    [[nodiscard]] std::size_t need_samples(std::size_t packet_samples) const;
    [[nodiscard]] bool is_early(const PlayoutQueue::Entry& entry, common::Timestamp now) const;
    bool decode_next(common::Timestamp now);
    bool decode_front(common::Timestamp now, const Step& step);
    void decode_joined(const PlayoutQueue::Entry& entry);
    [[nodiscard]] bool leave_out_front();
    void leave_out(const PlayoutQueue::Entry& entry);
    void wake_decoder();
    void fill_silence(std::size_t samples);
    bool fill_loss(std::int64_t gap_samples);
    void conceal(std::size_t samples);
    void count_jump(const Step& step);
    void count_concealed(const Step& step);
    void note_loss(const Step& step);
    void drop_excess();
    void keep_delay(common::Timestamp now);
    void shorten(common::Timestamp now, std::size_t most, bool anywhere);
    void lengthen(std::size_t least, bool anywhere);
    void publish_position(std::uint32_t rtp_time, common::AudioCodec codec, common::Timestamp at);
    void give_back(PacketSlot& slot) { inbox_.give_back(slot); }

    const AudioPlayout::Config config_;
    DecoderSet decoders_;
    PacketInbox& inbox_;
    PlayoutTally& tally_;
    PlayoutQueue queue_;
    SampleFifo fifo_;
    ArrivalWatch arrivals_;
    DelayControl control_;
    PlayoutPositionCell& position_;
    RestWatch rest_;

    Heard heard_ = Heard::Yes;    ///< in this tick
    std::int64_t looked_at_ = 0;  ///< sequence of the packet last judged by its loudness
    bool looked_soft_ = false;
    std::size_t sounding_ = 0;  ///< samples in the line up to the last that was decoded
    bool playing_ = false;      ///< false: the next packet starts a spurt, and waits for its time
    bool joined_ = false;       ///< the next packet does not follow what was heard: glide into it
    bool started_ = false;      ///< codec_ and the expectations below mean something
    common::AudioCodec codec_ = common::AudioCodec::Opus;
    std::uint32_t expected_rtp_time_ = 0;
    std::size_t last_samples_ = 0;
    common::Timestamp last_arrival_;
    std::size_t concealed_ = 0;  ///< samples since the last one decoded
    bool concealed_in_tick_ = false;
    std::size_t unjudged_ = 0;  ///< samples concealed for a loss, or for what was only a pause
    std::size_t unheard_ = 0;   ///< like those, but too soft to be heard
    bool decoded_in_tick_ = false;
    std::int64_t lead_ = 0;   ///< of the packet decoded last; see DelayControl
    float loss_ = 0;          ///< share of packets lost lately
    bool fec_comes_ = false;  ///< at the last loss, the next packet carried a copy
    bool waits_for_fec_ = false;
    PlayoutPosition newest_position_;
};

}  // namespace mixer
