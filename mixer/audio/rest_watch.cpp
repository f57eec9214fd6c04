#include "mixer/audio/rest_watch.h"

namespace mixer {

bool RestWatch::leave_out(std::optional<float> loudness_dbfs, std::size_t payload_bytes) {
    if (!loudness_dbfs || payload_bytes > kKeptBytes) {
        in_a_row_ = 0;
        return false;
    }
    const float loudness = *loudness_dbfs;
    if (learnt_ == 0) usual_dbfs_ = loudness;
    const bool louder = loudness > std::min(usual_dbfs_ + kLouderDb, kNeverAboveDbfs);
    usual_dbfs_ += (loudness - usual_dbfs_) * kLearnShare;
    if (louder) alert_ = kAlertPackets;
    if (alert_ > 0) --alert_;
    if (learnt_ < kLearnPackets) ++learnt_;
    if (alert_ > 0 || learnt_ < kLearnPackets || ++in_a_row_ >= kDecodeEach) {
        in_a_row_ = 0;
        return false;
    }
    return true;
}

void RestWatch::keep(std::span<const std::uint8_t> payload) {
    Packet& packet = kept_[left_out_++ % kKept];
    packet.size = payload.size();
    std::copy(payload.begin(), payload.end(), packet.bytes.begin());
}

}  // namespace mixer
