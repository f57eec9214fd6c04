#include "mcu/bridge/bridged_session.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "common/log.h"
#include "mcu/bridge/negotiated_formats.h"
#include "mixer/encode/rung_ladder.h"

namespace mcu {

using common::AudioCodec;
using common::Duration;
using common::Result;
using common::SourceId;
using common::Timestamp;

namespace {

constexpr std::array kAudioCodecs{AudioCodec::Opus, AudioCodec::G722, AudioCodec::Pcmu,
                                  AudioCodec::Pcma};

constexpr int kTicksPerSecond = 30;

bool takes_limits(const MediaConfig& video) {
    return video.feedback_tmmbr || video.feedback_remb;
}

std::uint64_t random_seed() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
}

}  // namespace

const MediaConfig* main_media(const std::vector<MediaConfig>& media, MediaKind kind) {
    const auto found = std::ranges::find_if(media, [&](const MediaConfig& m) {
        return m.kind == kind && (m.content.empty() || m.content == "main");
    });
    return found == media.end() ? nullptr : &*found;
}

bool we_send(Direction direction) {
    return direction == Direction::SendRecv || direction == Direction::SendOnly;
}
bool we_receive(Direction direction) {
    return direction == Direction::SendRecv || direction == Direction::RecvOnly;
}

BridgedSession::BridgedSession(SourceId source, const BridgeServices& services, BridgeAudio& audio,
                               mixer::EncoderStage& stage, BridgedSessionEvents& events)
    : source_(source),
      services_(services),
      audio_(audio),
      stage_(stage),
      events_(events),
      inbound_(services.rungs) {}

Result<std::unique_ptr<BridgedSession>> BridgedSession::create(
    const std::string& conference, const SessionState& state, SourceId source,
    const BridgeServices& services, NetThread& net, BridgeAudio& audio, mixer::EncoderStage& stage,
    BridgedSessionEvents& events) {
    std::unique_ptr<BridgedSession> made(
        new BridgedSession(source, services, audio, stage, events));
    made->id_ = state.id;
    made->who_ = "conference=" + conference + " session=" + state.id;

    auto playout = mixer::AudioPlayout::create({}, kAudioCodecs);
    if (!playout) return common::fail_in("audio playout", playout.error());
    Session::Config config;
    config.id = state.id;
    config.conference = conference;
    config.local_address =
        state.local_address.empty() ? services.media_address : state.local_address;
    config.seed = random_seed();
    config.identity = services.identity;
    auto session = Session::create(config, net, services.ports, services.clock, *made);
    if (!session) return tl::unexpected(session.error());

    made->audio_playout_ = std::move(*playout);
    made->session_ = std::move(*session);
    made->lane_ = std::make_unique<mixer::VideoDecodeLane>(
        services.decode_pool, services.clock, mixer::make_video_decoder(services.frames),
        services.frames, made->video_playout_, made->session_->key_frame_requester());
    if (auto added = audio.mixer().add_source(source, *made->audio_playout_); !added) {
        made->lane_->close();
        return tl::unexpected(added.error());
    }
    if (auto applied = made->apply(state); !applied) {
        made->leave();
        return tl::unexpected(applied.error());
    }
    made->session_->set_inlets({made->audio_playout_.get(), made->lane_.get()});
    return made;
}

BridgedSession::~BridgedSession() {
    leave();
}

void BridgedSession::leave() {
    if (!session_) return;
    count();
    tell_drops();
    session_->set_inlets({});
    if (listens_) audio_.encoders().remove_listener(source_);
    listens_.reset();
    audio_.mixer().remove_source(source_);
    lane_->close();
    session_.reset();
}

Result<void> BridgedSession::apply(const SessionState& state) {
    auto local = session_->configure(state.media, state.bundle);
    if (!local) return tl::unexpected(local.error());
    local_ = std::move(*local);
    state_ = state;

    const MediaConfig* audio = main_media(state.media, MediaKind::Audio);
    const MediaConfig* video = main_media(state.media, MediaKind::Video);
    audio_.mixer().set_muted(source_, state.audio_muted);
    if (audio == nullptr || !we_receive(audio->direction)) audio_playout_->reset();
    apply_listener(audio);
    apply_video(video, state.video_muted);
    return {};
}

void BridgedSession::apply_listener(const MediaConfig* audio) {
    std::optional<mixer::AudioFormat> wanted;
    if (audio != nullptr && audio->sends && we_send(audio->direction))
        wanted = audio_format(audio->send, sound_limit(*audio));
    if (wanted && wanted->inband_fec) wanted->expected_loss_percent = fec_.percent();
    if (wanted == listens_) return;
    if (wanted && listens_) {
        // Another protection alone is heard by nobody.
        mixer::AudioFormat protected_now = *listens_;
        protected_now.expected_loss_percent = wanted->expected_loss_percent;
        if (protected_now == *wanted &&
            audio_.encoders().set_expected_loss(source_, wanted->expected_loss_percent)) {
            listens_ = wanted;
            return;
        }
    }
    if (listens_) audio_.encoders().remove_listener(source_);
    listens_.reset();
    listen_failure_.clear();
    if (!wanted) return;
    const auto added = audio_.encoders().add_listener(source_, *wanted, session_->audio_sink());
    if (added) {
        listens_ = wanted;
        return;
    }
    listen_failure_ = added.error().message;
    LOG_WARNING("{} hears nothing: {}", who_, listen_failure_);
}

void BridgedSession::count() {
    counted_ = session_->counters();
}

void BridgedSession::follow_loss(Timestamp now) {
    const MediaConfig* audio = main_media(state_.media, MediaKind::Audio);
    const MediaConfig* video = main_media(state_.media, MediaKind::Video);
    const auto stream_of = [&](const MediaConfig* media) -> const StreamCounters* {
        if (media == nullptr) return nullptr;
        const auto found = std::ranges::find(counted_, media->mid, &StreamCounters::mid);
        return found == counted_.end() ? nullptr : &*found;
    };
    const StreamCounters* sound = stream_of(audio);
    protect_sound(sound, now);
    follow_path(sound, now);
    const StreamCounters* picture = stream_of(video);
    if (picture == nullptr || video->feedback_nack) {
        guard_.reset();
    } else {
        protect_picture(*picture, sound == nullptr ? 0 : sound->remote_loss_percent / 100, now);
    }
}

/// What a path loses of the sound it loses of pictures too, and nothing hides it there.
void BridgedSession::follow_path(const StreamCounters* sound, Timestamp now) {
    constexpr double kLossy = 1.5;
    if (path_.bps() > 0 || (sound != nullptr && sound->remote_loss_percent >= kLossy))
        poor_path_ = now;
    const bool poor = poor_path_ && now - *poor_path_ < kPoorPathMemory;
    stage_.set_start_quality(mixer::SubscriptionId{subscription_.load()},
                             poor ? mixer::StartQuality::Coarse : mixer::StartQuality::Fine);
}

void BridgedSession::protect_sound(const StreamCounters* sound, Timestamp now) {
    if (sound == nullptr || !listens_ || !listens_->inband_fec) return;
    fec_.follow(sound->remote_loss_percent, now);
    apply_listener(main_media(state_.media, MediaKind::Audio));
}

/// The picture gets smaller first, and is sent twice when it is: together they are never more than
/// the large one was, nor more than was agreed on.
void BridgedSession::protect_picture(const StreamCounters& picture, double sound_loss,
                                     Timestamp now) {
    const int divisor_before = guard_.divisor();
    guard_.follow(picture.reported, sound_loss, now);
    ask_for_who_does_not(picture);
    const auto rung = stage_.rung_of(mixer::SubscriptionId{subscription_.load()});
    if (guard_.divisor() != divisor_before) {
        if (guard_.divisor() == 1) unguarded_.reset();
        if (divisor_before == 1 && rung) unguarded_ = rung->bitrate;
        LOG_INFO("{} loses {:.1f} % of its pictures' packets: gets {}", who_, guard_.loss() * 100,
                 guard_.divisor() == 1 ? "each once" : "a smaller picture, and each twice");
    }
    PictureRepeats wanted = guard_.repeats();
    const auto agreed = agreed_bitrate();
    const bool fits =
        divisor_before > 1 && rung && (!agreed || rung->bitrate.bps() * 2 <= agreed->bps());
    if (!fits) wanted.others = 0;
    if (wanted == repeats_) return;
    repeats_ = wanted;
    session_->repeat_pictures(wanted);
}

/// Whoever cannot ask again and does not ask for a start either would see broken pictures for ever.
void BridgedSession::ask_for_who_does_not(const StreamCounters& picture) {
    const bool asks = std::exchange(starts_asked_, picture.starts_asked) != picture.starts_asked;
    const bool lost = std::exchange(bad_reports_, guard_.bad_reports()) < guard_.bad_reports();
    if (lost && !asks) on_start_wanted(picture.mid);
}

std::optional<common::Bitrate> BridgedSession::agreed_bitrate() const {
    const MediaConfig* video = main_media(state_.media, MediaKind::Video);
    std::optional<common::Bitrate> agreed;
    const auto limit = [&](common::Bitrate most) {
        if (most.bps() > 0) agreed = agreed ? std::min(*agreed, most) : most;
    };
    limit(budget_);
    if (const auto share = path_share()) limit(*share);
    // Its level's and b=, less what headers take.
    if (video != nullptr) limit(stream_needs(*video, {}).max_bitrate);
    return agreed;
}

void BridgedSession::limit_bitrate(common::Bitrate limit) {
    budget_ = picture_share(limit);
}

void BridgedSession::limit_path(common::Bitrate all) {
    LOG_INFO("path carries {} kbit/s {}",
             all.bps() > 0 ? std::to_string(all.bps() / 1000) : std::string("all its"), who_);
    path_ = all;
    if (all.bps() > 0)
        stage_.set_start_quality(mixer::SubscriptionId{subscription_.load()},
                                 mixer::StartQuality::Coarse);
    skip_to_smaller_picture();
    apply_listener(main_media(state_.media, MediaKind::Audio));
}

/// Said before the stage is told, so that no start comes before it.
void BridgedSession::skip_to_smaller_picture() {
    const auto share = path_share();
    const auto rung = stage_.rung_of(mixer::SubscriptionId{subscription_.load()});
    if (share && rung && rung->bitrate > *share && rung->bitrate > smallest_)
        session_->skip_to_start();
}

/// The picture's part of what the path carries: what sound leaves.
std::optional<common::Bitrate> BridgedSession::path_share() const {
    if (path_.bps() == 0) return std::nullopt;
    const std::int64_t sound = listens_ ? rate_on_wire(*listens_).bps() : 0;
    return picture_share(common::Bitrate::from_bps(std::max<std::int64_t>(1, path_.bps() - sound)));
}

common::Bitrate BridgedSession::sound_limit(const MediaConfig& audio) const {
    if (path_.bps() == 0 || services_.rungs.empty() || !needs({})) return audio.bandwidth;
    const common::Bitrate left =
        beside_picture(path_, with_headers(services_.rungs.back().bitrate));
    return audio.bandwidth.bps() > 0 ? std::min(audio.bandwidth, left) : left;
}

void BridgedSession::follow_wishes(common::PictureSize max_size) {
    common::Bitrate wish, least;
    const auto picture_needs = needs(max_size);
    // Who is sent everything twice has its own way up.
    if (picture_needs && guard_.divisor() == 1) {
        const auto allowed = mixer::rungs_for(services_.rungs, *picture_needs, kTicksPerSecond);
        const auto limit = budget_.bps() > 0 ? std::optional(budget_) : std::nullopt;
        if (allowed) {
            smallest_ = allowed->back().bitrate;
            const MediaConfig* audio = main_media(state_.media, MediaKind::Audio);
            const std::int64_t sound =
                listens_ && audio != nullptr
                    ? rate_on_wire(audio_format(audio->send, audio->bandwidth)).bps()
                    : 0;
            wish = common::Bitrate::from_bps(
                sound + with_headers(mixer::best_rung(*allowed, limit).bitrate).bps());
            const common::Bitrate smallest = with_headers(smallest_);
            least = common::Bitrate::from_bps(smallest.bps() +
                                              std::min(sound, beside_picture({}, smallest).bps()));
        }
    }
    if ((wish != wish_ || least != least_) && session_->want_rate(wish, least)) {
        wish_ = wish;
        least_ = least;
    }
}

common::Bitrate BridgedSession::budget() const {
    if (guard_.divisor() == 1 || !unguarded_) {
        const auto share = path_share();
        if (!share || (budget_.bps() > 0 && budget_ < *share)) return budget_;
        return *share;
    }
    const common::Bitrate all = std::min(agreed_bitrate().value_or(*unguarded_), *unguarded_);
    return common::Bitrate::from_bps(all.bps() / guard_.divisor());
}

void BridgedSession::apply_video(const MediaConfig* video, bool muted) {
    // Another stream, or one that has just come to know TMMBR, was not asked yet.
    if (video == nullptr || video->mid != video_mid_ || !takes_limits(*video)) asked_ = {};
    video_mid_ = video == nullptr ? std::string() : video->mid;
    if (video != nullptr && video->start_asked > start_asked_) {
        start_asked_ = video->start_asked;
        on_start_wanted(video->mid);
    }
    if (muted || video == nullptr || !we_receive(video->direction)) {
        set_shown(false);
        video_playout_.forget();
    }
}

bool BridgedSession::shows_video() const {
    const MediaConfig* video = main_media(state_.media, MediaKind::Video);
    return video != nullptr && we_receive(video->direction) && !video->receive.empty() &&
           !state_.video_muted;
}

std::optional<mixer::StreamNeeds> BridgedSession::needs(common::PictureSize max_size) const {
    const MediaConfig* video = main_media(state_.media, MediaKind::Video);
    if (video == nullptr || !video->sends || !we_send(video->direction)) return std::nullopt;
    return stream_needs(*video, max_size);
}

void BridgedSession::set_shown(bool shown) {
    shown_ = shown;
    lane_->set_shown(shown);
}

void BridgedSession::follow_size(int lines_shown, Timestamp now) {
    const std::optional<common::Bitrate> needed = inbound_.follow(lines_shown, now);
    const MediaConfig* video = main_media(state_.media, MediaKind::Video);
    if (!needed || video == nullptr || !takes_limits(*video)) return;
    // b= is what the peer wants to get; who limits its calls limits them both ways.
    const common::Bitrate agreed = video->bandwidth;
    const common::Bitrate wanted = agreed.bps() > 0 ? std::min(*needed, agreed) : *needed;
    if (wanted == asked_) return;
    if (session_->limit_peer(wanted)) asked_ = wanted;  // else with the next plan
}

std::optional<MediaEvent> BridgedSession::check_picture(Timestamp now) {
    const std::uint64_t decoded = lane_->counters().decoded.load(std::memory_order_relaxed);
    return picture_.check(now, {.decoded = decoded, .expected = shows_video(), .shown = shown_});
}

SessionStatistics BridgedSession::statistics(Counted when) const {
    SessionStatistics statistics;
    statistics.session = id_;
    statistics.streams = when == Counted::Now ? session_->counters() : counted_;
    statistics.playout = audio_playout_->counters();
    statistics.received_size = lane_->picture_size();
    statistics.received_frames_per_second = picture_.frames_per_second();
    const MediaConfig* audio = main_media(state_.media, MediaKind::Audio);
    if (audio != nullptr) statistics.audio_mid = audio->mid;
    if (audio != nullptr && !audio->receive.empty())
        statistics.audio_codec = codec_name(audio->receive.front().audio);
    statistics.audio_failure = listen_failure_;
    statistics.video_mid = video_mid_;
    if (shows_video()) {
        const MediaConfig* video = main_media(state_.media, MediaKind::Video);
        statistics.video_codec = codec_name(video->receive.front().video);
    }
    if (const auto rung = stage_.rung_of(mixer::SubscriptionId{subscription_.load()}))
        statistics.rung = rung->name;
    return statistics;
}

void BridgedSession::add_cpu(StageCpu& cpu) const {
    const Duration scale(lane_->counters().scale_cpu_ns.load(std::memory_order_relaxed));
    // Written first and read last: what is scaled now stands in the part and not yet in the whole.
    const Duration whole(lane_->counters().cpu_ns.load(std::memory_order_relaxed));
    cpu.decode += std::max(Duration(0), whole - scale);
    cpu.scale += scale;
}

void BridgedSession::tell_drops() {
    for (const std::string& line : drops_.news(counted_)) LOG_INFO("dropped {} {}", who_, line);
}

void BridgedSession::on_dtmf(char digit, Duration duration) {
    events_.post_dtmf(id_, digit, duration);
}
void BridgedSession::on_media_started(const std::string& mid) {
    events_.post_media(id_, mid, true);
}
void BridgedSession::on_media_stopped(const std::string& mid) {
    events_.post_media(id_, mid, false);
}
void BridgedSession::on_key_frame_wanted(const std::string& mid) {
    events_.post_key_frame_wanted(id_, mid);
}

void BridgedSession::on_bitrate_limited(const std::string& mid, common::Bitrate limit) {
    events_.post_bitrate_limited(id_, mid, limit);
}

void BridgedSession::on_path_rate(common::Bitrate all) {
    events_.post_path_rate(id_, all);
}

void BridgedSession::on_start_wanted(const std::string& /*mid*/) {
    const mixer::SubscriptionId subscription{subscription_.load()};
    if (subscription.valid()) stage_.need_start(subscription, mixer::StartReason::PictureLoss);
}

}  // namespace mcu
