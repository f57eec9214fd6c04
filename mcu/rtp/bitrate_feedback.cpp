#include "mcu/rtp/bitrate_feedback.h"

#include <array>

#include "mcu/rtp/rtcp/receiver_estimated_bitrate.h"
#include "mcu/rtp/rtp_packet.h"

namespace mcu {

std::optional<common::Bitrate> BitrateLimit::take_due(common::Timestamp now) {
    const auto deadline = next_deadline();
    if (!deadline || now < *deadline) return std::nullopt;
    told_ = wanted_;
    told_at_ = now;
    return told_;
}

std::optional<common::Timestamp> BitrateLimit::next_deadline() const {
    if (wanted_ == told_) return std::nullopt;
    return told_at_ ? *told_at_ + kTellInterval : common::Timestamp();
}

void BitrateFeedback::ask(std::uint32_t remote_ssrc, common::Bitrate limit, common::Timestamp now) {
    const bool known = wish_ && wish_->remote_ssrc == remote_ssrc && wish_->limit == limit;
    if (!known) wish_ = {remote_ssrc, limit, now, kMostAsks};
}

void BitrateFeedback::owe_confirmation(std::uint32_t requester,
                                       const TemporaryBitrate::Entry& entry) {
    owed_ = entry;
    owed_->ssrc = requester;
}

void BitrateFeedback::on_notification(const TemporaryBitrate& notification,
                                      std::uint32_t our_ssrc) {
    if (!wish_) return;
    for (std::size_t i = 0; i < notification.size(); ++i) {
        // What binds is somebody's that is tighter, or ours, as it was rounded. An older one of
        // ours that is on its way confirms nothing: one that was to allow more could be lost.
        const TemporaryBitrate::Entry entry = notification[i];
        const std::int64_t wanted_bps = wish_->limit.bps();
        const bool ours = entry.ssrc == our_ssrc;
        if (entry.limit.bps() <= wanted_bps &&
            (!ours || entry.limit.bps() >= wanted_bps - wanted_bps / 100)) {
            wish_->asks_left = 0;
        }
    }
}

std::optional<common::Timestamp> BitrateFeedback::next_deadline() const {
    if (owed_) return common::Timestamp();
    if (wish_ && wish_->asks_left > 0) return wish_->next_ask;
    return std::nullopt;
}

bool BitrateFeedback::due(common::Timestamp now) const {
    const auto deadline = next_deadline();
    return deadline && *deadline <= now;
}

void BitrateFeedback::write(std::uint32_t our_ssrc, common::Timestamp now,
                            common::ByteWriter& out) {
    if (owed_) {
        write_temporary_bitrate(TemporaryBitrate::kNotificationFormat, our_ssrc, *owed_, out);
        owed_.reset();
    }
    if (!wish_ || wish_->asks_left == 0 || now < wish_->next_ask) return;
    if (kind_ == Kind::Remb) {
        const std::array<std::uint32_t, 1> streams{wish_->remote_ssrc};
        write_receiver_estimated_bitrate(our_ssrc, wish_->limit, streams, out);
    } else {
        constexpr auto kOverhead = static_cast<std::uint16_t>(kIpUdpHeaderBytes + kRtpHeaderBytes);
        write_temporary_bitrate(
            TemporaryBitrate::kRequestFormat, our_ssrc,
            {.ssrc = wish_->remote_ssrc, .limit = wish_->limit, .overhead_bytes = kOverhead}, out);
    }
    ++requests_sent_;
    --wish_->asks_left;
    wish_->next_ask = now + kRepeat;
}

}  // namespace mcu
