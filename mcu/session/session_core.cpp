#include "mcu/session/session_core.h"

#include <algorithm>
#include <utility>

#include "common/invariant.h"

namespace mcu {

SessionCore::SessionCore(StreamEnvironment environment, std::uint64_t seed)
    : environment_(std::move(environment)),
      seeds_(seed),
      path_([this](common::Bitrate all) { on_path_rate(all); }),
      wakeup_(environment_.net, [this] { on_wake(); }),
      sound_(wakeup_),
      pictures_(wakeup_) {}

void SessionCore::apply(std::vector<Plan> plans, std::optional<BundlePlan> bundle) {
    if (bundle) {
        if (bundle_ == nullptr) {
            bundle_ =
                std::make_unique<BundleTransport>(environment_.net, environment_.pool,
                                                  environment_.identity, std::move(bundle->ports));
        }
        bundle_->configure(bundle->config);
    }
    std::vector<std::unique_ptr<MediaStream>> kept;
    for (Plan& plan : plans) {
        std::unique_ptr<MediaStream> stream = take_stream(plan.config.media.mid);
        kept.push_back(stream != nullptr ? std::move(stream) : open_stream(plan));
    }
    // The inlets leave streams that go or are not the main one any more before anything is closed.
    streams_.swap(kept);
    choose_main();
    kept.clear();
    if (!bundle) bundle_.reset();
    for (std::size_t i = 0; i < plans.size(); ++i) streams_[i]->apply(plans[i].config);
    set_inlets(inlets_);
}

std::unique_ptr<MediaStream> SessionCore::take_stream(const std::string& mid) {
    const auto found = std::ranges::find_if(
        streams_, [&](const auto& s) { return s != nullptr && s->config().mid == mid; });
    return found == streams_.end() ? nullptr : std::move(*found);
}

std::unique_ptr<MediaStream> SessionCore::open_stream(Plan& plan) {
    INVARIANT(plan.bundled ? bundle_ != nullptr : plan.ports != nullptr);
    StreamPorts ports{std::move(plan.ports), plan.bundled ? bundle_.get() : nullptr};
    if (plan.config.media.kind == MediaKind::Audio) {
        return std::make_unique<AudioStream>(environment_, plan.config, seeds_(), std::move(ports));
    }
    return std::make_unique<VideoStream>(environment_, plan.config, seeds_(), std::move(ports));
}

void SessionCore::choose_main() {
    const VideoStream* const video_before = main_video_;
    main_audio_ = nullptr;
    main_video_ = nullptr;
    for (const std::unique_ptr<MediaStream>& stream : streams_) {
        if (stream->config().content != "main") continue;
        if (main_audio_ == nullptr) main_audio_ = dynamic_cast<AudioStream*>(stream.get());
        if (main_video_ == nullptr) main_video_ = dynamic_cast<VideoStream*>(stream.get());
    }
    if (main_video_ != video_before) path_.forget_reports();
    for (const std::unique_ptr<MediaStream>& stream : streams_) {
        const bool main = stream.get() == main_audio_ || stream.get() == main_video_;
        stream->set_path(main ? &path_ : nullptr);
        auto* const video = dynamic_cast<VideoStream*>(stream.get());
        if (video != nullptr) video->set_sound(video == main_video_ ? main_audio_ : nullptr);
    }
}

void SessionCore::set_inlets(Session::Inlets inlets) {
    inlets_ = inlets;
    for (const std::unique_ptr<MediaStream>& stream : streams_) {
        if (auto* audio = dynamic_cast<AudioStream*>(stream.get())) {
            audio->set_inlet(audio == main_audio_ ? inlets.audio : nullptr);
        } else if (auto* video = dynamic_cast<VideoStream*>(stream.get())) {
            video->set_inlet(video == main_video_ ? inlets.video : nullptr);
        }
    }
}

void SessionCore::limit_peer(common::Bitrate limit) {
    if (main_video_ != nullptr) main_video_->limit_peer(limit);
}

void SessionCore::repeat_pictures(PictureRepeats repeats) {
    if (main_video_ != nullptr) main_video_->repeat_pictures(repeats);
}

void SessionCore::skip_to_start() {
    if (main_video_ != nullptr) main_video_->skip_to_start();
}

void SessionCore::on_path_rate(common::Bitrate all) {
    if (main_video_ != nullptr) main_video_->on_path_rate(path_.queue());
    environment_.observer.on_path_rate(all);
}

std::vector<LocalMedia> SessionCore::local_media() const {
    std::vector<LocalMedia> media;
    for (const std::unique_ptr<MediaStream>& stream : streams_) {
        const SocketAddress rtp = stream->local_rtp();
        media.push_back({.mid = stream->config().mid,
                         .address = stream->bundled() ? rtp.address() : std::string(),
                         .rtp_port = rtp.port(),
                         .rtcp_port = stream->config().rtcp_mux ? rtp.port() : stream->rtcp_port(),
                         .ssrc = stream->ssrc(),
                         .cname = environment_.cname,
                         .rtx_ssrc = stream->rtx_ssrc()});
    }
    return media;
}

std::vector<IceHostCandidate> SessionCore::candidates() const {
    return bundle_ == nullptr ? std::vector<IceHostCandidate>() : bundle_->candidates();
}

std::vector<StreamCounters> SessionCore::counters() const {
    std::vector<StreamCounters> all;
    for (const std::unique_ptr<MediaStream>& stream : streams_) all.push_back(stream->counters());
    return all;
}

void SessionCore::request_key_frame() {
    if (!key_frame_requested_.exchange(true)) wakeup_.notify();
}

void SessionCore::on_wake() {
    sound_.take([this](const OutgoingAudio& frame) {
        if (main_audio_ != nullptr) main_audio_->send(frame);
    });
    while (const std::optional<mixer::EncodedPictureRef> picture = pictures_.take()) {
        if (main_video_ != nullptr) main_video_->send(**picture);
    }
    if (pictures_.take_overflow() && main_video_ != nullptr) main_video_->on_overflow();
    if (key_frame_requested_.exchange(false) && main_video_ != nullptr) {
        main_video_->on_decoder_lost();
    }
}

}  // namespace mcu
