#include "tools/endpoint/participant.h"

#include <ctime>

namespace endpoint {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kPacket = 20'000'000;

std::int64_t monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * kSecond + now.tv_nsec;
}

}  // namespace

Participant::Participant(const Options& options, std::uint32_t identity, std::string name,
                         SendTable& table)
    : options_(options), identity_(identity), name_(std::move(name)), table_(table) {}
Participant::~Participant() = default;

common::Result<std::unique_ptr<Participant>> Participant::create(const Options& options,
                                                                 std::uint32_t identity,
                                                                 const std::string& name,
                                                                 SendTable& table) {
    std::unique_ptr<Participant> made(new Participant(options, identity, name, table));
    auto clip = Clip::load_or_make(options.cache, identity, options.clip, options.clip_seconds);
    if (!clip) return tl::unexpected(clip.error());
    made->clip_ = *clip;
    for (const AudioCodecFacts& facts : audio_codecs()) {
        auto loop = SoundLoop::make(identity, options.sound, facts.codec);
        if (!loop) return tl::unexpected(loop.error());
        made->loops_.emplace(facts.codec, std::move(*loop));
    }
    MediaLegConfig config;
    config.host = options.host;
    config.packetization_mode = options.abilities.packetization_mode;
    config.cname = "identity-" + std::to_string(identity) + "@tessera-endpoint";
    config.jitter_latency_ms = options.playout_ms;
    config.kbps = options.abilities.video_kbps;
    config.asks_again = options.abilities.nack;
    config.report_ms = options.report_ms;
    config.srtp = options.abilities.srtp;
    if (options.rtp_port != 0) {
        config.first_port = options.rtp_port + 4 * (static_cast<int>(identity) - options.identity);
    }
    auto leg = MediaLeg::create(config, *made);
    if (!leg) return tl::unexpected(leg.error());
    made->leg_ = std::move(*leg);
    table.begin(identity, made->clip_->file());
    // Everybody's packets at a moment of their own, as real devices' are; a burst still begins on
    // its packet of the common two seconds.
    const std::int64_t now = monotonic_ns();
    made->next_sound_ns_ = (now / kPacket + 1) * kPacket + identity % 10 * (kPacket / 10);
    made->next_picture_ns_ = now + identity % 16 * (kSecond / options.clip.fps / 16);
    return made;
}

std::string Participant::sdp() const {
    Abilities abilities = options_.abilities;
    abilities.audio_port = leg_->audio_port();
    abilities.video_port = leg_->video_port();
    abilities.audio_key = leg_->audio_key();
    abilities.video_key = leg_->video_key();
    if (codec_changed_) abilities.codecs = {*options_.codec_change_to};
    return to_sdp(abilities);
}

void Participant::dial(SipAgent& agent) {
    agent_ = &agent;
    dialog_.invited_ns = monotonic_ns();
    call_ = &agent.dial(options_.uri, name_, "identity-" + std::to_string(identity_), sdp(),
                        options_.no_offer ? Offer::InAnswer : Offer::InInvite, *this);
}

void Participant::answered(SipAgent& agent, SipCall& call) {
    agent_ = &agent;
    call_ = &call;
    dialog_.invited_ns = monotonic_ns();
}

void Participant::hang_up() {
    if (call_ != nullptr && !ended_) agent_->hang_up(*call_);
}

Recording Participant::stop() {
    Recording recording = leg_->stop();
    recording.invited_ns = dialog_.invited_ns;
    recording.answered_ns = dialog_.answered_ns;
    recording.ended_ns = dialog_.ended_ns != 0 ? dialog_.ended_ns : monotonic_ns();
    recording.status = dialog_.status;
    recording.phrase = dialog_.phrase;
    recording.remote_offers = dialog_.remote_offers;
    recording.fast_updates_received = dialog_.fast_updates_received;
    recording.key_frame_requests_received = static_cast<int>(key_frame_requests_);
    return recording;
}

std::int64_t Participant::answered_for_ns() const {
    return dialog_.answered_ns == 0 ? -1 : monotonic_ns() - dialog_.answered_ns;
}

void Participant::misbehave() {
    const std::int64_t since = answered_for_ns();
    if (since < 0 || ended_) return;
    const double seconds = static_cast<double>(since) / kSecond;
    const auto due = [seconds](double at) { return at >= 0 && seconds >= at; };
    if (due(options_.stop_video_at)) picture_stopped_ = true;
    if (due(options_.stop_audio_at)) sound_stopped_ = true;
    if (due(options_.hold_at) && !held_) {
        held_ = true;
        agent_->hold(*call_);
    }
    if (due(options_.resume_at) && !resumed_) {
        resumed_ = true;
        agent_->resume(*call_);
    }
    if (due(options_.codec_change_at) && !codec_changed_) {
        codec_changed_ = true;
        agent_->offer(*call_, sdp());
    }
    if (due(options_.fast_update_at) && !fast_update_asked_) {
        fast_update_asked_ = true;
        agent_->ask_for_key_frame(*call_);
    }
    press_digits(seconds);
}

/// A digit every 500 ms, held for about 200.
void Participant::press_digits(double since_answer_s) {
    const double slot = (since_answer_s - options_.dtmf_at) / 0.5;
    if (slot < 0) return;
    if (digit_down_ && slot - static_cast<double>(digits_sent_ - 1) > 0.4) {
        leg_->stop_digit();
        digit_down_ = false;
    }
    if (!digit_down_ && digits_sent_ < options_.dtmf.size() &&
        slot >= static_cast<double>(digits_sent_)) {
        digit_down_ = leg_->start_digit(options_.dtmf[digits_sent_]);
        ++digits_sent_;
    }
    if (info_digits_sent_ < options_.dtmf_info.size() &&
        slot >= static_cast<double>(info_digits_sent_)) {
        agent_->send_digit(*call_, options_.dtmf_info[info_digits_sent_++]);
    }
}

std::int64_t Participant::next_due_ns() const {
    return std::min(next_picture_ns_, next_sound_ns_);
}

void Participant::send_due(std::int64_t now_ns) {
    while (next_sound_ns_ <= now_ns) {
        if (now_ns - next_sound_ns_ < 10 * kPacket) send_sound(next_sound_ns_);
        next_sound_ns_ += kPacket;
    }
    const std::int64_t interval = kSecond / options_.clip.fps;
    while (next_picture_ns_ <= now_ns) {
        // After a stall pictures are skipped, never caught up.
        if (now_ns - next_picture_ns_ < interval) send_picture(next_picture_ns_);
        next_picture_ns_ += interval;
    }
}

void Participant::send_picture(std::int64_t due_ns) {
    if (picture_stopped_) return;
    if (key_frame_wanted_.exchange(false)) next_picture_ = clip_->next_key(next_picture_);
    const std::int64_t pts = leg_->running_time_ns() - (monotonic_ns() - due_ns);
    if (pts < 0) return;
    {
        const common::MutexLock lock(mutex_);
        in_flight_[pts] = next_picture_;
        if (in_flight_.size() > 64) in_flight_.erase(in_flight_.begin());
    }
    if (leg_->send_picture(clip_->access_unit(next_picture_), pts)) {
        next_picture_ = (next_picture_ + 1) % clip_->size();
    }
}

void Participant::send_sound(std::int64_t due_ns) {
    if (sound_stopped_) return;
    const std::int64_t pts = leg_->running_time_ns() - (monotonic_ns() - due_ns);
    if (pts < 0) return;
    const int number = static_cast<int>(due_ns / kPacket % kLoopPackets);
    const SoundLoop& loop = loops_.at(leg_->sound_codec());
    if (leg_->send_sound(loop.packet(number), pts) && options_.sound == SoundPattern::Bursts &&
        number == burst_packet(identity_)) {
        table_.note_burst(identity_, monotonic_ns());
    }
}

void Participant::on_key_frame_request() {
    ++key_frame_requests_;
    key_frame_wanted_ = true;
}

void Participant::on_picture_sent(std::int64_t pts_ns, std::int64_t now_ns) {
    const common::MutexLock lock(mutex_);
    const auto picture = in_flight_.find(pts_ns);
    if (picture == in_flight_.end()) return;
    table_.note_picture(identity_, picture->second, now_ns);
    in_flight_.erase(picture);
}

void Participant::on_media(const Negotiated& media) {
    if (dialog_.answered_ns == 0) {
        dialog_.answered_ns = monotonic_ns();
        dialog_.status = 200;
        // The first picture is one that a decoder can start with.
        key_frame_wanted_ = true;
    }
    leg_->direct(media);
}

void Participant::on_remote_offer() {
    ++dialog_.remote_offers;
    // Whoever sits behind the new address has seen nothing of us.
    key_frame_wanted_ = true;
}

void Participant::on_fast_update() {
    ++dialog_.fast_updates_received;
    on_key_frame_request();
}

void Participant::on_ended(int status, const std::string& phrase) {
    ended_ = true;
    dialog_.ended_ns = monotonic_ns();
    if (dialog_.answered_ns == 0) {
        dialog_.status = status;
        dialog_.phrase = phrase;
    }
}

}  // namespace endpoint
