#include "mixer/audio/playout_line.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "mixer/audio/time_scale.h"

namespace mixer {
namespace {

constexpr std::size_t kMaxPacketSamples = 5760;  // 120 ms
constexpr std::size_t kMaxLossFill = 4800;  // more than 100 ms of loss is left out, not invented
// What is cut at once, what it is compared with, and a tick that must remain.
constexpr std::size_t kCutSamples = kMostLag + 2 * kMatchSamples;
constexpr std::size_t kFifoSamples =
    kTickSamples + kCutSamples + kMostLag + kMaxLossFill + kMaxPacketSamples;

// Concealment that goes on becomes a drone: it fades between 60 and 160 ms, then the line rests.
constexpr std::size_t kFadeBegin = 2880;
constexpr std::size_t kFadeEnd = 7680;

// Speech is cut where two pitch periods are so alike that nobody can tell.
constexpr float kAlike = 0.8F;

// Losses: a share above the first is worth waiting a packet longer for the copy that Opus sends in
// the next one, until it has fallen below the second.
constexpr float kLossForget = 0.002F;
constexpr float kWorthWaiting = 0.005F;
constexpr float kNotWorthWaiting = 0.002F;

constexpr float kHeardPeak = 0.004F;  // -48 dBFS

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

}  // namespace

PlayoutLine::PlayoutLine(const AudioPlayout::Config& config, DecoderSet decoders,
                         PacketInbox& inbox, PlayoutTally& tally, PlayoutPositionCell& position)
    : config_(config),
      decoders_(std::move(decoders)),
      inbox_(inbox),
      tally_(tally),
      fifo_(kFifoSamples),
      position_(position) {}

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
    const PlayoutQueue::Verdict verdict = queue_.insert(slot, samples, displace);
    if (verdict == PlayoutQueue::Verdict::Restart) arrivals_.reset();
    if (verdict != PlayoutQueue::Verdict::Duplicate && verdict != PlayoutQueue::Verdict::Suspect) {
        slot.place = arrivals_.note(slot.rtp_time, rtp_clock_hz(slot.codec), slot.arrival);
    }
    switch (verdict) {
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
    arrivals_.reset();
    control_.restart();
    position_.clear();
    playing_ = joined_ = started_ = false;
    concealed_ = unjudged_ = unheard_ = sounding_ = 0;
    rest_.forget();
    loss_ = 0;
    fec_comes_ = waits_for_fec_ = false;
}

AudioSource::Pulled PlayoutLine::pull(common::Timestamp now, AudioFrame& out, Heard heard) {
    heard_ = heard;
    if (heard == Heard::Yes) rest_.stop();
    concealed_in_tick_ = decoded_in_tick_ = false;
    drop_excess();
    while (fifo_.size() < kTickSamples && decode_next(now)) {
    }
    if (decoded_in_tick_) keep_delay(now);

    if (playing_ && fifo_.size() < kTickSamples) {
        conceal(kTickSamples - fifo_.size());
        // Rested: whoever comes next starts a spurt of its own.
        if (concealed_ >= kFadeEnd) playing_ = false;
    }
    if (concealed_in_tick_) PlayoutTally::add_one(tally_.concealed_ticks);
    const std::size_t filled = std::min(kTickSamples, fifo_.size());
    if (heard == Heard::OnlyIfLoud && sounding_ == 0 && filled == kTickSamples) {
        fifo_.drop(filled);
        return AudioSource::Pulled::Rest;
    }
    sounding_ -= std::min(sounding_, filled);
    fifo_.pop(std::span(out.samples).first(filled));
    for (float& sample : out.samples) sample = std::clamp(sample, -1.0F, 1.0F);
    std::fill(out.samples.begin() + static_cast<std::ptrdiff_t>(filled), out.samples.end(), 0.0F);
    return filled > 0 ? AudioSource::Pulled::Sound : AudioSource::Pulled::Nothing;
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

// How long the fastest packet should lie here at least. Of the configured target half a tick is
// the mean wait for the tick itself.
common::Duration PlayoutLine::least_delay() const {
    const common::Duration least =
        std::max(common::Duration::zero(), config_.target_delay - kAudioTick / 2);
    common::Duration wanted = std::max(least, arrivals_.jitter());
    // On a clean link the lowest bucket says up to 5 ms, and that is within the least.
    if (waits_for_fec_) wanted += to_duration(static_cast<std::int64_t>(last_samples_));
    // A burst within the hard cap must not be thrown away: it needs a tick of room, and a packet.
    return std::clamp(wanted, least, std::max(least, config_.max_delay - 2 * kAudioTick));
}

// Packets whose length is no multiple of a tick are needed earlier at one tick than at another: the
// worst one counts.
std::size_t PlayoutLine::need_samples(std::size_t packet_samples) const {
    return to_samples(least_delay()) + kTickSamples - std::gcd(packet_samples, kTickSamples);
}

bool PlayoutLine::is_early(const PlayoutQueue::Entry& entry, common::Timestamp now) const {
    const common::Duration lay = now - entry.slot->arrival + arrivals_.lateness(entry.slot->place);
    return lay < to_duration(static_cast<std::int64_t>(need_samples(entry.samples)));
}

bool PlayoutLine::decode_next(common::Timestamp now) {
    if (queue_.empty()) return false;
    const PlayoutQueue::Entry& front = queue_.front();
    const bool early = is_early(front, now);
    if (!playing_) {
        if (early) return false;
        if (started_) {
            const Step step = step_to_front();
            count_jump(step);
            count_concealed(step);
        }
        playing_ = joined_ = true;
        control_.restart();
        return decode_front(now, {});
    }
    const Step step = step_to_front();
    if (step.follows == Follows::AfterJump) {
        if (early) return false;
        count_jump(step);
        // Straight after the last one, in number and in our time: only the clock is odd.
        joined_ = concealed_ > 0 || queue_.missing_before_front() > 0;
        control_.restart();
    }
    count_concealed(step);
    return decode_front(now, step);
}

// Only who comes after a silence says what it was: a pause is not concealed, it is silent.
void PlayoutLine::count_concealed(const Step& step) {
    const bool pause = queue_.missing_before_front() == 0 && step.gap_samples > 0;
    if (!pause) {
        PlayoutTally::add(tally_.concealed_samples, unjudged_);
        PlayoutTally::add(tally_.played_samples, unjudged_ + unheard_);
    }
    unjudged_ = unheard_ = 0;
}

void PlayoutLine::note_loss(const Step& step) {
    const bool lost = step.follows == Follows::AfterLoss;
    loss_ *= 1 - kLossForget;
    if (lost) {
        const auto missing = static_cast<float>(queue_.missing_before_front());
        loss_ = std::min(1.0F, loss_ + kLossForget * missing);
        const PlayoutQueue::Entry& front = queue_.front();
        fec_comes_ = decoder_for(front.slot->codec)->carries_fec(front.slot->payload());
    }
    waits_for_fec_ = fec_comes_ && loss_ > (waits_for_fec_ ? kNotWorthWaiting : kWorthWaiting);
}

void PlayoutLine::count_jump(const Step& step) {
    // A pause is as long on the wire as on the sender's clock; what is not, is another time line.
    const common::Duration elapsed = queue_.front().slot->arrival - last_arrival_;
    const common::Duration jump = to_duration(step.gap_samples) - elapsed;
    if (jump > kJumpTolerance || jump < -kJumpTolerance) PlayoutTally::add_one(tally_.resyncs);
}

bool PlayoutLine::decode_front(common::Timestamp now, const Step& step) {
    const bool leaves_out = leave_out_front();
    if (!leaves_out) wake_decoder();
    if (step.follows == Follows::AfterLoss && !fill_loss(step.gap_samples)) return false;
    if (concealed_ > kFadeBegin) joined_ = true;
    note_loss(step);

    const PlayoutQueue::Entry entry = queue_.pop();
    PacketSlot& slot = *entry.slot;
    const common::Duration waited = now - slot.arrival;
    const std::size_t ahead = fifo_.size();
    const common::Duration lay = waited + arrivals_.lateness(slot.place);
    lead_ = lay.count() * kSampleRateHz / 1'000'000'000 + static_cast<std::int64_t>(ahead);
    decoded_in_tick_ = true;
    tally_.delay_ns.store(waited.count(), std::memory_order_relaxed);
    publish_position(slot.rtp_time, slot.codec,
                     now + to_duration(static_cast<std::int64_t>(ahead)));
    if (leaves_out) {
        leave_out(entry);
    } else {
        decode_joined(entry);
    }

    const auto length = entry.samples * static_cast<std::size_t>(rtp_clock_hz(slot.codec)) /
                        static_cast<std::size_t>(kSampleRateHz);
    expected_rtp_time_ = slot.rtp_time + static_cast<std::uint32_t>(length);
    last_samples_ = entry.samples;
    last_arrival_ = slot.arrival;
    started_ = true;
    give_back(slot);
    return true;
}

// Of two looks at the same packet (a loss before it that takes several ticks to fill) the first
// counts.
bool PlayoutLine::leave_out_front() {
    const PlayoutQueue::Entry& front = queue_.front();
    if (heard_ == Heard::Yes || (started_ && front.slot->codec != codec_)) return false;
    if (looked_at_ != front.sequence) {
        looked_at_ = front.sequence;
        const auto payload = front.slot->payload();
        const auto loudness = front.slot->said_dbfs
                                  ? front.slot->said_dbfs
                                  : decoder_for(front.slot->codec)->glance_dbfs(payload);
        looked_soft_ = rest_.leave_out(loudness, payload.size());
    }
    return looked_soft_;
}

void PlayoutLine::leave_out(const PlayoutQueue::Entry& entry) {
    rest_.keep(entry.slot->payload());
    joined_ = false;
    fill_silence(entry.samples);
    PlayoutTally::add(tally_.played_samples, entry.samples);
    concealed_ = 0;
}

/// What was left out last goes through the decoder, for nobody: then its state is as if it had seen
/// all.
void PlayoutLine::wake_decoder() {
    rest_.catch_up([&](std::span<const std::uint8_t> payload) {
        (void)decoder_for(codec_)->decode(payload, fifo_.room());
    });
}

void PlayoutLine::fill_silence(std::size_t samples) {
    std::fill_n(fifo_.room().begin(), samples, 0.0F);
    fifo_.grow(samples);
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
    sounding_ = fifo_.size();
    if (join) glide(before, fifo_.last(samples));
    PlayoutTally::add(tally_.played_samples, samples);
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
    const std::size_t recovered =
        decoder.decode_fec(front.slot->payload(), last_lost, fifo_.room());
    fifo_.grow(recovered);
    sounding_ = fifo_.size();
    PlayoutTally::add_one(tally_.fec_packets);
    PlayoutTally::add(tally_.played_samples, recovered);
    concealed_ = 0;
    return true;
}

void PlayoutLine::conceal(std::size_t samples) {
    concealed_in_tick_ = true;
    if (heard_ == Heard::OnlyIfLoud && rest_.resting()) {  // silence goes on
        fill_silence(samples);
        unheard_ += samples;
        concealed_ += samples;
        return;
    }
    std::size_t made = started_ ? decoder_for(codec_)->conceal(samples, fifo_.room()) : 0;
    if (made == 0) {  // nothing to go on with
        made = samples;
        std::fill_n(fifo_.room().begin(), made, 0.0F);
    }
    fifo_.grow(made);
    sounding_ = fifo_.size();
    // What goes on from silence is silence, and nobody misses anything.
    const bool heard = std::ranges::any_of(
        fifo_.last(made), [](float sample) { return std::abs(sample) > kHeardPeak; });
    (heard ? unjudged_ : unheard_) += made;
    for (float& sample : fifo_.last(made)) sample *= fade_gain(concealed_++);
}

// A burst after a stall: more is waiting than anyone would want to hear late.
void PlayoutLine::drop_excess() {
    std::size_t waiting = fifo_.size() + queue_.samples();
    if (waiting <= to_samples(config_.max_delay) || queue_.size() < 2) return;
    const std::size_t keep = need_samples(queue_.front().samples) + kTickSamples / 2;
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

void PlayoutLine::keep_delay(common::Timestamp now) {
    tally_.target_ns.store((least_delay() + kAudioTick / 2).count(), std::memory_order_relaxed);
    const auto step = static_cast<std::int64_t>(std::gcd(last_samples_, kTickSamples));
    const auto rest = static_cast<std::int64_t>(fifo_.size()) % step;
    const auto need = static_cast<std::int64_t>(need_samples(last_samples_));
    const DelayControl::Wish wish = control_.wish(lead_, need, step, rest);
    if (wish.samples < 0) shorten(now, static_cast<std::size_t>(-wish.samples), wish.soon);
    if (wish.samples > 0) lengthen(static_cast<std::size_t>(wish.samples), wish.soon);
}

void PlayoutLine::shorten(common::Timestamp now, std::size_t most, bool anywhere) {
    const std::size_t enough = std::max(kCutSamples, kTickSamples + kMostLag);
    while (fifo_.size() < enough && !queue_.empty() &&
           step_to_front().follows == Follows::Directly) {
        if (!decode_front(now, {})) break;
    }
    // A tick must remain, or the cut would be filled by concealment.
    if (fifo_.size() <= kTickSamples) return;
    const std::size_t room = std::min(most, fifo_.size() - kTickSamples);
    PitchMatch match = find_pitch(fifo_.view(), kLeastLag, room);
    if (room < kLeastLag) match = find_pitch(fifo_.view(), kLeastLag, kLeastLag);
    if (match.lag == 0) return;
    if (match.quiet) {
        match.lag = std::min(room, kMostLag);
    } else if (room < kLeastLag || (match.likeness < kAlike && !anywhere)) {
        return;
    }
    fifo_.skip(match.lag);
    sounding_ = std::min(sounding_, fifo_.size());
    const auto cut = static_cast<std::int64_t>(match.lag);
    control_.done(-cut);
    PlayoutTally::add(tally_.removed_samples, match.lag);
    newest_position_.at = newest_position_.at - to_duration(cut);
    position_.store(newest_position_);
}

void PlayoutLine::lengthen(std::size_t least, bool anywhere) {
    PitchMatch match = find_pitch(fifo_.view(), kLeastLag, kMostLag);
    if (match.lag == 0) return;
    if (match.quiet) {
        const std::size_t most = std::min(kMostLag, fifo_.size() - SampleFifo::kGlideSamples);
        match.lag = std::clamp(least, kLeastLag, most);
    } else if (match.likeness < kAlike && !anywhere) {
        return;
    }
    fifo_.repeat(match.lag);
    if (sounding_ > 0) sounding_ += match.lag;
    const auto added = static_cast<std::int64_t>(match.lag);
    control_.done(added);
    PlayoutTally::add(tally_.added_samples, match.lag);
    newest_position_.at = newest_position_.at + to_duration(added);
    position_.store(newest_position_);
}

void PlayoutLine::publish_position(std::uint32_t rtp_time, common::AudioCodec codec,
                                   common::Timestamp at) {
    newest_position_ = {rtp_time, rtp_clock_hz(codec), at};
    position_.store(newest_position_);
}

}  // namespace mixer
