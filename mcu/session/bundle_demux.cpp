#include "mcu/session/bundle_demux.h"

#include <algorithm>
#include <span>
#include <utility>

namespace mcu {

void BundleDemux::set_media(std::vector<Medium> media) {
    const std::vector<Medium> before = std::exchange(media_, std::move(media));
    const std::array<Learnt, kMostLearnt> learnt = learnt_;
    const std::size_t count = std::exchange(learnt_count_, 0);
    next_ = 0;
    for (const Learnt& known : std::span(learnt).first(count)) {
        const auto there = std::ranges::find(media_, before[known.medium].mid, &Medium::mid);
        if (there != media_.end()) {
            learn(known.ssrc, static_cast<std::size_t>(there - media_.begin()));
        }
    }
}

std::optional<std::size_t> BundleDemux::find(std::string_view mid, std::uint32_t ssrc,
                                             std::uint8_t payload_type) {
    if (!mid.empty()) {
        const auto there = std::ranges::find(media_, mid, &Medium::mid);
        if (there == media_.end()) return std::nullopt;
        const auto medium = static_cast<std::size_t>(there - media_.begin());
        learn(ssrc, medium);
        return medium;
    }
    if (const auto medium = by_ssrc(ssrc)) return medium;
    const auto medium = by_payload_type(payload_type);
    if (medium) learn(ssrc, *medium);
    return medium;
}

void BundleDemux::learn(std::uint32_t ssrc, std::size_t medium) {
    const auto known = std::span(learnt_).first(learnt_count_);
    const auto there = std::ranges::find(known, ssrc, &Learnt::ssrc);
    if (there != known.end()) {
        there->medium = medium;
        return;
    }
    const bool full = learnt_count_ == kMostLearnt;
    learnt_[full ? next_ : learnt_count_] = {ssrc, medium};
    if (full) {
        next_ = (next_ + 1) % kMostLearnt;
    } else {
        ++learnt_count_;
    }
}

std::optional<std::size_t> BundleDemux::by_ssrc(std::uint32_t ssrc) const {
    const auto known = std::span(learnt_).first(learnt_count_);
    const auto there = std::ranges::find(known, ssrc, &Learnt::ssrc);
    if (there != known.end()) return there->medium;
    for (std::size_t i = 0; i < media_.size(); ++i) {
        if (std::ranges::find(media_[i].ssrcs, ssrc) != media_[i].ssrcs.end()) return i;
    }
    return std::nullopt;
}

std::optional<std::size_t> BundleDemux::by_payload_type(std::uint8_t payload_type) const {
    std::optional<std::size_t> only;
    for (std::size_t i = 0; i < media_.size(); ++i) {
        if (!media_[i].payload_types[payload_type & 0x7fU]) continue;
        if (only) return std::nullopt;  // two may send it: it tells nothing
        only = i;
    }
    return only;
}

}  // namespace mcu
