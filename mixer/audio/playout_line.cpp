#include "mixer/audio/playout_line.h"

#include <algorithm>
#include <cstdlib>

namespace mixer {
namespace {

constexpr std::size_t kMaxPacketSamples = 5760;  // 120 ms
constexpr std::size_t kMaxLossFill = 4800;  // more than 100 ms of loss is left out, not invented
constexpr std::size_t kMaxSkip = 4800;
constexpr std::size_t kFifoSamples =
    kTickSamples + kMaxSkip + kMaxLossFill + kMaxPacketSamples + SampleFifo::kGlideSamples;

// Concealment that goes on becomes a drone: it fades between 60 and 160 ms, then the line rests.
constexpr std::size_t kFadeBegin = 2880;
constexpr std::size_t kFadeEnd = 7680;

// Standing delay is taken back in a pause; if none comes for a while, in mid-word.
constexpr float kQuietPeak = 0.003F;  // about -50 dBFS

constexpr common::Duration kJumpTolerance = std::chrono::milliseconds(500);

std::size_t to_samples(common::Duration duration) {
    return static_cast<std::size_t>(duration.count() * kSampleRateHz / 1'000'000'000);
}

common::Duration to_duration(std::int64_t samples) {
    // In two parts: a broken sender's RTP time may be days away, and samples times 10^9 would
    // overflow.
    constexpr std::int64_t kNsPerSecond = 1'000'000'000;
    return common::Duration(samples / kSampleRateHz * kNsPerSecond +
                            samples % kSampleRateHz * kNsPerSecond / kSampleRateHz);
}

float fade_gain(std::size_t concealed) {
    if (concealed <= kFadeBegin) return 1;
    if (concealed >= kFadeEnd) return 0;
    return static_cast<float>(kFadeEnd - concealed) / static_cast<float>(kFadeEnd - kFadeBegin);
}

common::Duration least_slack(const AudioPlayout::Config& config) {
    return std::max(common::Duration::zero(), config.target_delay - kAudioTick / 2);
}

}  // namespace

PlayoutLine::PlayoutLine(const AudioPlayout::Config& config, DecoderSet decoders,
                         PacketInbox& inbox, PlayoutTally& tally)
    : config_(config),
      decoders_(std::move(decoders)),
      inbox_(inbox),
      tally_(tally),
      fifo_(kFifoSamples),
      slack_(least_slack(config)) {}

AudioDecoder* PlayoutLine::decoder_for(common::AudioCodec codec) const {
    const auto index = static_cast<std::size_t>(codec);
    return index < decoders_.size() ? decoders_[index].get() : nullptr;
}

void PlayoutLine::accept(PacketSlot& slot) {
    AudioDecoder* decoder = decoder_for(slot.codec);
    const std::size_t samples = decoder == nullptr ? 0 : decoder->packet_samples(slot.payload());
    if (samples == 0 || samples > kMaxPacketSamples) {
        PlayoutTally::add_one(tally_.undecodable);
        give_back(slot);
        return;
    }
    bool displaced = false;
    const auto displace = [&](PacketSlot& old) {
        displaced = true;
        give_back(old);
    };
    switch (queue_.insert(slot, samples, displace)) {
        case PlayoutQueue::Verdict::Kept:
            if (displaced) PlayoutTally::add_one(tally_.overflow);
            return;
        case PlayoutQueue::Verdict::Restart:
            PlayoutTally::add_one(tally_.resyncs);
            playing_ = false;
            started_ = false;
            return;
        case PlayoutQueue::Verdict::Late:
        case PlayoutQueue::Verdict::Suspect:
            PlayoutTally::add_one(tally_.late);
            break;
        case PlayoutQueue::Verdict::Duplicate:
            PlayoutTally::add_one(tally_.duplicate);
            break;
    }
    give_back(slot);
}

void PlayoutLine::reset() {
    queue_.clear([&](PacketSlot& slot) { give_back(slot); });
    queue_.forget();
    fifo_.clear();
    for (const auto& decoder : decoders_) {
        if (decoder != nullptr) decoder->reset();
    }
    playing_ = joined_ = started_ = false;
    concealed_ = 0;
}

bool PlayoutLine::pull(common::Timestamp now, AudioFrame& out) {
    concealed_in_tick_ = false;
    drop_excess();
    while (fifo_.size() < kTickSamples && decode_next(now)) {
    }
    skip_standing(now);

    if (playing_ && fifo_.size() < kTickSamples) {
        conceal(kTickSamples - fifo_.size());
        // Rested: whoever comes next starts a spurt of its own.
        if (concealed_ >= kFadeEnd) playing_ = false;
    }
    const std::size_t filled = std::min(kTickSamples, fifo_.size());
    fifo_.pop(std::span(out.samples).first(filled));
    for (float& sample : out.samples) sample = std::clamp(sample, -1.0F, 1.0F);
    std::fill(out.samples.begin() + static_cast<std::ptrdiff_t>(filled), out.samples.end(), 0.0F);
    if (concealed_in_tick_) PlayoutTally::add_one(tally_.concealed_ticks);
    return filled > 0;
}

// How the front packet follows what was last decoded. RFC 3550 5.1: the timestamp says where it
// lies; the sequence number tells loss from a pause (DTX).
PlayoutLine::Step PlayoutLine::step_to_front() const {
    const PlayoutQueue::Entry& front = queue_.front();
    const std::int64_t missing = queue_.missing_before_front();
    const int clock_hz = rtp_clock_hz(front.slot->codec);
    const auto missing_samples = missing * static_cast<std::int64_t>(last_samples_);
    // Codecs of another clock rate count another time: only the sequence number links them.
    std::int64_t gap = missing_samples;
    if (clock_hz == rtp_clock_hz(codec_)) {
        gap = std::int64_t{static_cast<std::int32_t>(front.slot->rtp_time - expected_rtp_time_)} *
              (kSampleRateHz / clock_hz);
    }
    if (missing == 0 && gap == 0) return {};
    if (missing > 0 && gap > 0 && gap <= missing_samples * 3 / 2) return {Follows::AfterLoss, gap};
    return {Follows::AfterJump, gap};
}

// Packets come with the tick's period but another phase: the first one waits until the tick nearest
// to the target, so that the mean delay is the target and the least is half a tick less. Of packets
// shorter than a tick the last one needed is as much younger.
common::Duration PlayoutLine::wait_before_start(const PlayoutQueue::Entry& entry) const {
    const auto length = to_duration(static_cast<std::int64_t>(entry.samples));
    return least_slack(config_) + std::max(common::Duration::zero(), kAudioTick - length);
}

bool PlayoutLine::decode_next(common::Timestamp now) {
    if (queue_.empty()) return false;
    const PlayoutQueue::Entry& front = queue_.front();
    const bool early = now - front.slot->arrival < wait_before_start(front);
    if (!playing_) {
        if (early) return false;
        if (started_) count_jump(step_to_front());
        playing_ = joined_ = true;
        slack_.restart(now);
        return decode_front(now, {});
    }
    const Step step = step_to_front();
    if (step.follows == Follows::AfterJump) {
        if (early) return false;
        count_jump(step);
        // Straight after the last one, in number and in our time: only the clock is odd.
        joined_ = concealed_ > 0 || queue_.missing_before_front() > 0;
    }
    return decode_front(now, step);
}

void PlayoutLine::count_jump(const Step& step) {
    // A pause is as long on the wire as on the sender's clock; what is not, is another time line.
    const common::Duration elapsed = queue_.front().slot->arrival - last_arrival_;
    const common::Duration jump = to_duration(step.gap_samples) - elapsed;
    if (jump > kJumpTolerance || jump < -kJumpTolerance) PlayoutTally::add_one(tally_.resyncs);
}

bool PlayoutLine::decode_front(common::Timestamp now, const Step& step) {
    if (step.follows == Follows::AfterLoss && !fill_loss(step.gap_samples)) return false;
    if (concealed_ > kFadeBegin) joined_ = true;

    const PlayoutQueue::Entry entry = queue_.pop();
    PacketSlot& slot = *entry.slot;
    const common::Duration waited = now - slot.arrival;
    slack_.note(now, waited);
    tally_.delay_ns.store(waited.count(), std::memory_order_relaxed);
    decode_joined(entry);

    const auto length = entry.samples * static_cast<std::size_t>(rtp_clock_hz(slot.codec)) /
                        static_cast<std::size_t>(kSampleRateHz);
    expected_rtp_time_ = slot.rtp_time + static_cast<std::uint32_t>(length);
    last_samples_ = entry.samples;
    last_arrival_ = slot.arrival;
    started_ = true;
    give_back(slot);
    return true;
}

void PlayoutLine::decode_joined(const PlayoutQueue::Entry& entry) {
    std::array<float, SampleFifo::kGlideSamples> before{};
    const bool switched = started_ && entry.slot->codec != codec_;
    const bool join = joined_ || switched;
    if (join && started_) {
        const float gain = fade_gain(concealed_);
        if (gain > 0) decoder_for(codec_)->conceal(before.size(), before);
        for (float& sample : before) sample *= gain;
    }
    AudioDecoder& decoder = *decoder_for(entry.slot->codec);
    if (switched) decoder.reset();
    codec_ = entry.slot->codec;
    joined_ = false;

    const std::size_t samples = decoder.decode(entry.slot->payload(), fifo_.room());
    if (samples == 0) {
        PlayoutTally::add_one(tally_.undecodable);
        conceal(entry.samples);
        return;
    }
    fifo_.grow(samples);
    if (join) glide(before, fifo_.last(samples));
    concealed_ = 0;
}

// Fills what was lost before the front packet, only as far as this tick needs: of several missing
// packets the later ones may still come. False: not all is filled yet, and the tick is.
bool PlayoutLine::fill_loss(std::int64_t gap_samples) {
    const auto gap = static_cast<std::size_t>(gap_samples);
    const PlayoutQueue::Entry& front = queue_.front();
    while (concealed_ + front.samples < gap && concealed_ < kMaxLossFill) {
        if (fifo_.size() >= kTickSamples) return false;
        conceal(std::min(gap - front.samples - concealed_, kTickSamples - fifo_.size()));
    }
    if (gap <= concealed_ || concealed_ >= kMaxLossFill) return true;

    const std::size_t last_lost = gap - concealed_;
    AudioDecoder& decoder = *decoder_for(codec_);
    if (front.slot->codec != codec_ || !decoder.carries_fec(front.slot->payload())) {
        conceal(last_lost);
        return true;
    }
    fifo_.grow(decoder.decode_fec(front.slot->payload(), last_lost, fifo_.room()));
    PlayoutTally::add_one(tally_.fec_packets);
    concealed_ = 0;
    return true;
}

void PlayoutLine::conceal(std::size_t samples) {
    concealed_in_tick_ = true;
    std::size_t made = started_ ? decoder_for(codec_)->conceal(samples, fifo_.room()) : 0;
    if (made == 0) {  // nothing to go on with
        made = samples;
        std::fill_n(fifo_.room().begin(), made, 0.0F);
    }
    fifo_.grow(made);
    for (float& sample : fifo_.last(made)) sample *= fade_gain(concealed_++);
}

// A burst after a stall: more is waiting than anyone would want to hear late.
void PlayoutLine::drop_excess() {
    std::size_t waiting = fifo_.size() + queue_.samples();
    if (waiting <= to_samples(config_.max_delay) || queue_.size() < 2) return;
    const std::size_t keep = std::max(kTickSamples, to_samples(config_.target_delay));
    while (queue_.size() > 1 && waiting > keep) {
        const PlayoutQueue::Entry dropped = queue_.pop();
        waiting -= dropped.samples;
        give_back(*dropped.slot);
    }
    // What is left follows directly, wherever it lies, and the wait it had means nothing.
    const PlayoutQueue::Entry& front = queue_.front();
    if (started_) joined_ = true;
    if (started_ && front.slot->codec == codec_) expected_rtp_time_ = front.slot->rtp_time;
    PlayoutTally::add_one(tally_.resyncs);
}

void PlayoutLine::skip_standing(common::Timestamp now) {
    const std::size_t spare = std::min(slack_.spare_samples(), kMaxSkip);
    if (spare == 0) return;
    const bool quiet = fifo_.peak(kTickSamples) < kQuietPeak;
    if (!quiet && !slack_.urgent(now)) return;
    while (fifo_.size() < spare + kTickSamples && !queue_.empty() &&
           step_to_front().follows == Follows::Directly) {
        if (!decode_front(now, {})) break;
    }
    if (fifo_.size() < spare + kTickSamples) return;
    fifo_.skip(spare);
    slack_.restart(now);
}

}  // namespace mixer
