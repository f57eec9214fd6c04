#include "mcu/rtp/video_receiver.h"

#include <algorithm>
#include <utility>

namespace mcu {

VideoReceiver::VideoReceiver(std::string_view sprop_parameter_sets, common::Duration max_wait,
                             common::VideoCodec codec)
    : jitter_buffer_({.max_wait = max_wait,
                      .starts_picture = codec == common::VideoCodec::Vp8 ? &vp8_starts_picture
                                                                         : &h264_starts_picture}) {
    picture_.packets.reserve(JitterBuffer::kCapacity);
    if (codec == common::VideoCodec::Vp8) {
        depacketizer_.emplace<Vp8Depacketizer>();
    } else {
        std::get<H264Depacketizer>(depacketizer_).parameter_sets().add_sprop(sprop_parameter_sets);
    }
}

std::optional<common::SpsError> VideoReceiver::refused_set() const {
    const auto* h264 = std::get_if<H264Depacketizer>(&depacketizer_);
    return h264 == nullptr ? std::nullopt : h264->parameter_sets().refusal();
}

VideoReceiver::Counters& VideoReceiver::Counters::operator+=(const Counters& later) {
    pictures += later.pictures;
    key_frames += later.key_frames;
    broken_pictures += later.broken_pictures;
    undecodable += later.undecodable;
    freezes += later.freezes;
    longest_repair = std::max(longest_repair, later.longest_repair);
    return *this;
}

void VideoReceiver::on_stream_started(common::Timestamp now) {
    on_paused(now);
    jitter_buffer_.reset();
    lost_ = counters_.pictures > 0;
    waiting_for_key_ = dropping_ = starting_ = true;
    frozen_since_ = now;
    broken_since_.reset();
    last_loss_.reset();
}

void VideoReceiver::on_paused(common::Timestamp now) {
    if (frozen(now)) ++counters_.freezes;
    last_handed_over_.reset();
}

bool VideoReceiver::frozen(common::Timestamp now) const {
    return last_handed_over_ && now - *last_handed_over_ > kFreeze;
}

VideoReceiver::Counters VideoReceiver::counters_at(common::Timestamp now) const {
    Counters counters = counters_;
    if (frozen(now)) ++counters.freezes;
    return counters;
}

void VideoReceiver::insert(RtpPacket packet, std::int64_t extended_sequence) {
    jitter_buffer_.insert(std::move(packet), extended_sequence);
}

bool VideoReceiver::take(common::Timestamp now, common::EncodedFrame& frame) {
    while (jitter_buffer_.take(now, picture_)) {
        if (picture_.follows_loss) on_loss(now);
        const auto completion = assemble(frame);
        picture_.packets.clear();  // back to their pool
        if (completion == PictureCompletion::NothingToDecode) continue;
        if (completion == PictureCompletion::Broken) {
            ++counters_.broken_pictures;
            on_loss(now);
            continue;
        }
        if (!may_pass(frame, now)) {
            ++counters_.undecodable;
            lost_ = true;
            continue;
        }
        frame.follows_loss = std::exchange(lost_, false);
        note_picture(frame, now);
        return true;
    }
    return false;
}

void VideoReceiver::note_picture(const common::EncodedFrame& frame, common::Timestamp now) {
    ++counters_.pictures;
    if (frozen(now)) ++counters_.freezes;
    last_handed_over_ = now;
    if (!frame.key_frame) return;
    ++counters_.key_frames;
    if (!broken_since_) return;
    counters_.longest_repair = std::max(counters_.longest_repair, now - *broken_since_);
    broken_since_.reset();
}

/// While concealed pictures are shown already, a further loss does not freeze them again.
/// A path that loses all the time is shown as it comes.
void VideoReceiver::on_loss(common::Timestamp now) {
    lost_ = true;
    if (!broken_since_ && !starting_) broken_since_ = last_handed_over_.value_or(now);
    const bool lossy_path = last_loss_ && now - *last_loss_ < kLossyPath;
    last_loss_ = now;
    if (lossy_path && !starting_) dropping_ = false;
    if (waiting_for_key_) return;
    waiting_for_key_ = true;
    dropping_ = !lossy_path;
    frozen_since_ = now;
}

PictureCompletion VideoReceiver::assemble(common::EncodedFrame& frame) {
    std::visit([&](auto& depacketizer) { depacketizer.begin(frame); }, depacketizer_);
    frame.rtp_time_90khz = picture_.packets.front().rtp_time();
    frame.arrival = {};
    for (const RtpPacket& packet : picture_.packets) {
        frame.arrival = std::max(frame.arrival, packet.arrival());
        if (packet.payload().empty()) continue;  // padding alone
        const bool added = std::visit(
            [&](auto& depacketizer) { return depacketizer.add(packet.payload()).has_value(); },
            depacketizer_);
        if (!added) return PictureCompletion::Broken;
    }
    frame.due = frame.arrival;
    return std::visit([](auto& depacketizer) { return depacketizer.finish(); }, depacketizer_);
}

/// Whether a decoder makes anything of a picture whose references are not there.
bool VideoReceiver::can_conceal() const {
    if (const auto* vp8 = std::get_if<Vp8Depacketizer>(&depacketizer_)) {
        return vp8->has_references();
    }
    return std::get<H264Depacketizer>(depacketizer_).parameter_sets().complete();
}

bool VideoReceiver::may_pass(const common::EncodedFrame& frame, common::Timestamp now) {
    if (frame.key_frame) {
        waiting_for_key_ = dropping_ = starting_ = false;
        return true;
    }
    if (!dropping_) return true;
    if (!frozen_since_) frozen_since_ = now;
    const bool frozen_too_long = now - *frozen_since_ >= (starting_ ? kMostStartWait : kMostFreeze);
    if (frozen_too_long && can_conceal()) dropping_ = false;
    return !dropping_;
}

}  // namespace mcu
