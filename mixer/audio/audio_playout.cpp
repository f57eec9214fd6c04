#include "mixer/audio/audio_playout.h"

#include <algorithm>
#include <string>

#include "common/invariant.h"
#include "mixer/audio/packet_inbox.h"
#include "mixer/audio/playout_line.h"

namespace mixer {

struct AudioPlayout::Impl {
    Impl(const Config& config, DecoderSet decoders)
        : line(config, std::move(decoders), inbox, tally, position) {}

    PacketInbox inbox;
    PlayoutTally tally;
    PlayoutPositionCell position;
    /// Raised by `reset`; packets carry the one they were pushed under, so that what the net thread
    /// pushes after a reset is not lost to it.
    std::atomic<std::uint32_t> generation{0};

    std::uint32_t played_generation = 0;  // audio tick
    PlayoutLine line;                     // audio tick

    void begin_generation(std::uint32_t wanted) {
        if (static_cast<std::int32_t>(wanted - played_generation) <= 0) return;
        played_generation = wanted;
        line.reset();
    }
};

AudioPlayout::AudioPlayout(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AudioPlayout::~AudioPlayout() = default;

common::Result<std::unique_ptr<AudioPlayout>> AudioPlayout::create(
    Config config, std::span<const common::AudioCodec> codecs) {
    if (codecs.empty() || config.target_delay < common::Duration::zero() ||
        config.max_delay < config.target_delay) {
        return common::fail(common::ErrorCode::InvalidArgument,
                            "an audio playout needs a codec, and a max_delay above its target");
    }
    DecoderSet decoders;
    for (const common::AudioCodec codec : codecs) {
        auto decoder = make_audio_decoder(codec);
        if (!decoder) return common::fail_in("make an audio playout", decoder.error());
        decoders[static_cast<std::size_t>(codec)] = std::move(*decoder);
    }
    return std::unique_ptr<AudioPlayout>(
        new AudioPlayout(std::make_unique<Impl>(config, std::move(decoders))));
}

void AudioPlayout::push(const AudioPacket& packet) {
    PlayoutTally::add_one(impl_->tally.packets);
    if (packet.payload.size() > PacketSlot::kMaxPayloadBytes) {
        PlayoutTally::add_one(impl_->tally.undecodable);
        return;
    }
    const PacketInbox::Write write = impl_->inbox.begin_write();
    if (write.slot == nullptr || write.evicted) PlayoutTally::add_one(impl_->tally.overflow);
    if (write.slot == nullptr) return;

    PacketSlot& slot = *write.slot;
    slot.codec = packet.codec;
    slot.sequence = packet.sequence;
    slot.rtp_time = packet.rtp_time;
    slot.generation = impl_->generation.load(std::memory_order_acquire);
    slot.arrival = packet.arrival;
    slot.said_dbfs = packet.said_dbfs;
    slot.payload_bytes = packet.payload.size();
    std::copy(packet.payload.begin(), packet.payload.end(), slot.bytes.begin());
    impl_->inbox.finish_write(slot);
}

void AudioPlayout::reset() {
    impl_->generation.fetch_add(1, std::memory_order_acq_rel);
}

bool AudioPlayout::pull(common::Timestamp now, AudioFrame& out) {
    take_packets();
    return impl_->line.pull(now, out, PlayoutLine::Heard::Yes) != Pulled::Nothing;
}

AudioSource::Pulled AudioPlayout::pull_unheard(common::Timestamp now, AudioFrame& out) {
    take_packets();
    return impl_->line.pull(now, out, PlayoutLine::Heard::OnlyIfLoud);
}

void AudioPlayout::take_packets() {
    Impl& impl = *impl_;
    impl.begin_generation(impl.generation.load(std::memory_order_acquire));
    // Bounded: a flood must not keep the tick here.
    for (std::size_t i = 0; i < PacketInbox::kSlots; ++i) {
        PacketSlot* slot = impl.inbox.take();
        if (slot == nullptr) break;
        impl.begin_generation(slot->generation);
        if (slot->generation == impl.played_generation) {
            impl.line.accept(*slot);
        } else {
            impl.inbox.give_back(*slot);
        }
    }
}

AudioPlayoutCounters AudioPlayout::counters() const {
    const PlayoutTally& tally = impl_->tally;
    return {.packets = tally.packets,
            .late = tally.late,
            .duplicate = tally.duplicate,
            .overflow = tally.overflow,
            .undecodable = tally.undecodable,
            .concealed_ticks = tally.concealed_ticks,
            .fec_packets = tally.fec_packets,
            .resyncs = tally.resyncs,
            .played_samples = tally.played_samples,
            .concealed_samples = tally.concealed_samples,
            .removed_samples = tally.removed_samples,
            .added_samples = tally.added_samples,
            .delay = common::Duration(tally.delay_ns.load()),
            .target = common::Duration(tally.target_ns.load())};
}

std::optional<PlayoutPosition> AudioPlayout::position() const {
    return impl_->position.load();
}

}  // namespace mixer
