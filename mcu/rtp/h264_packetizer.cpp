#include "mcu/rtp/h264_packetizer.h"

#include <algorithm>

#include "common/invariant.h"
#include "mcu/rtp/h264_nal.h"

namespace mcu {

namespace {

constexpr std::size_t kStapHeaderBytes = 1;
constexpr std::size_t kStapSizeBytes = 2;
constexpr std::size_t kFuHeaderBytes = 2;

}  // namespace

H264Packetizer::H264Packetizer(Mode mode, std::size_t max_payload_bytes)
    : mode_(mode), max_payload_bytes_(max_payload_bytes) {
    INVARIANT(max_payload_bytes > kFuHeaderBytes && max_payload_bytes <= kLargestPayloadBytes);
}

std::size_t H264Packetizer::largest_payload_bytes() const {
    return mode_ == Mode::SingleNal ? kLargestPayloadBytes : max_payload_bytes_;
}

void H264Packetizer::start(std::span<const std::span<const std::uint8_t>> nals) {
    nals_ = nals;
    index_ = 0;
    fragment_offset_ = 0;
    skip_unsendable();
}

/// `index_` stands on a NAL unit that can be sent, or at the end: so that `last` is true of what
/// comes before.
void H264Packetizer::skip_unsendable() {
    for (; index_ < nals_.size(); ++index_) {
        const std::size_t bytes = nals_[index_].size();
        if (mode_ == Mode::SingleNal && bytes > kLargestPayloadBytes) {
            ++counters_.oversized_dropped;
        } else if (bytes > 0) {
            return;
        }
    }
}

std::optional<H264Packetizer::Payload> H264Packetizer::next(std::span<std::uint8_t> out) {
    if (index_ >= nals_.size()) return std::nullopt;
    INVARIANT(out.size() >= largest_payload_bytes());
    const std::span<const std::uint8_t> nal = nals_[index_];
    Payload payload;
    if (mode_ == Mode::NonInterleaved && nal.size() > max_payload_bytes_) {
        payload.bytes = write_fragment(out);
    } else if (const std::size_t count = aggregate_count(); count > 1) {
        payload.bytes = write_stap_a(count, out);
    } else {
        if (nal.size() > max_payload_bytes_) ++counters_.oversized_sent;
        std::copy(nal.begin(), nal.end(), out.begin());
        payload.bytes = nal.size();
        ++index_;
    }
    skip_unsendable();
    payload.last = index_ >= nals_.size();
    return payload;
}

/// How many NAL units from `index_` on fit one STAP-A.
std::size_t H264Packetizer::aggregate_count() const {
    if (mode_ == Mode::SingleNal) return 1;
    std::size_t bytes = kStapHeaderBytes;
    std::size_t count = 0;
    for (const auto nal : nals_.subspan(index_)) {
        bytes += kStapSizeBytes + nal.size();
        if (nal.empty() || bytes > max_payload_bytes_) break;
        ++count;
    }
    return count;
}

// RFC 6184 5.7.1: the header's NRI is the highest of what it holds.
std::size_t H264Packetizer::write_stap_a(std::size_t count, std::span<std::uint8_t> out) {
    std::uint8_t importance = 0;
    std::size_t at = kStapHeaderBytes;
    for (const auto nal : nals_.subspan(index_, count)) {
        importance = std::max<std::uint8_t>(importance, nal[0] & 0x60);
        out[at] = static_cast<std::uint8_t>(nal.size() >> 8);
        out[at + 1] = static_cast<std::uint8_t>(nal.size() & 0xff);
        std::copy(nal.begin(), nal.end(), out.begin() + static_cast<std::ptrdiff_t>(at + 2));
        at += kStapSizeBytes + nal.size();
    }
    out[0] = static_cast<std::uint8_t>(importance | static_cast<std::uint8_t>(NalType::StapA));
    index_ += count;
    return at;
}

// RFC 6184 5.8. Fragments of about equal size, so that the last is no crumb.
std::size_t H264Packetizer::write_fragment(std::span<std::uint8_t> out) {
    const std::span<const std::uint8_t> nal = nals_[index_];
    const bool start = fragment_offset_ == 0;
    if (start) fragment_offset_ = 1;  // the NAL header travels in the FU headers
    const std::size_t left = nal.size() - fragment_offset_;
    const std::size_t room = max_payload_bytes_ - kFuHeaderBytes;
    const std::size_t fragments = (left + room - 1) / room;
    const std::size_t bytes = (left + fragments - 1) / fragments;
    const bool end = bytes == left;

    out[0] = static_cast<std::uint8_t>((nal[0] & 0xe0) | static_cast<std::uint8_t>(NalType::FuA));
    out[1] = static_cast<std::uint8_t>((start ? 0x80 : 0) | (end ? 0x40 : 0) | (nal[0] & 0x1f));
    const auto fragment = nal.subspan(fragment_offset_, bytes);
    std::copy(fragment.begin(), fragment.end(), out.begin() + kFuHeaderBytes);
    fragment_offset_ += bytes;
    if (end) {
        fragment_offset_ = 0;
        ++index_;
    }
    return kFuHeaderBytes + bytes;
}

}  // namespace mcu
