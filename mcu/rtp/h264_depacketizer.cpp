#include "mcu/rtp/h264_depacketizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/byte_reader.h"
#include "common/invariant.h"
#include "mcu/rtp/h264_nal.h"

namespace mcu {

namespace {

using Bytes = std::span<const std::uint8_t>;
using Error = H264PayloadError;

constexpr std::array<std::uint8_t, 4> kStartCode{0, 0, 0, 1};

bool is_single_nal(NalType type) {
    return type >= NalType::Slice && type < NalType::StapA;
}

bool is_slice(NalType type) {
    return type >= NalType::Slice && type <= NalType::IdrSlice;
}

/// What of a NAL unit says that a picture begins: its header, and a slice's first byte, whose first
/// bit is set when first_mb_in_slice is 0 (Exp-Golomb "1").
bool starts_picture(NalType type, Bytes body) {
    if (type >= NalType::Sei && type <= NalType::AccessUnitDelimiter) return true;
    const bool has_first_mb = type == NalType::Slice || type == NalType::IdrSlice;
    return has_first_mb && !body.empty() && (body[0] & 0x80) != 0;
}

}  // namespace

void H264Depacketizer::begin(common::EncodedFrame& frame) {
    frame_ = &frame;
    frame.codec = common::VideoCodec::H264;
    frame.key_frame = false;
    frame.bytes.clear();
    has_slice_ = has_idr_ = has_sps_ = has_pps_ = in_fragment_ = false;
}

tl::expected<void, Error> H264Depacketizer::add(Bytes payload) {
    INVARIANT(frame_ != nullptr);
    auto added = add_any(payload);
    if (!added) {
        ++counters_.bad_payloads;
        if (added.error() == Error::UnsupportedType) ++counters_.unsupported;
    }
    return added;
}

// RFC 6184 5.3, the octet every payload begins with:
//
//  0 1 2 3 4 5 6 7
// +-+-+-+-+-+-+-+-+
// |F|NRI|  Type   |      1-23 one NAL unit, 24 STAP-A, 28 FU-A
// +-+-+-+-+-+-+-+-+
tl::expected<void, Error> H264Depacketizer::add_any(Bytes payload) {
    if (payload.empty()) return tl::unexpected(Error::Empty);
    if ((payload[0] & 0x80) != 0) return tl::unexpected(Error::ForbiddenBit);
    const NalType type = nal_type(payload[0]);
    if (type == NalType::FuA) return add_fu_a(payload);
    if (in_fragment_) return tl::unexpected(Error::BadFragment);
    if (type == NalType::StapA) return add_stap_a(payload.subspan(1));
    return add_nal(payload);
}

tl::expected<void, Error> H264Depacketizer::add_nal(Bytes nal) {
    if (!is_single_nal(nal_type(nal[0]))) return tl::unexpected(Error::UnsupportedType);
    if (!fits(kStartCode.size() + nal.size())) return tl::unexpected(Error::TooLarge);
    frame_->bytes.insert(frame_->bytes.end(), kStartCode.begin(), kStartCode.end());
    frame_->bytes.insert(frame_->bytes.end(), nal.begin(), nal.end());
    return note_nal(nal);
}

// RFC 6184 5.7.1: behind the STAP-A octet, until the end
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |       size of NAL unit        | NAL header    | its payload ... |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
tl::expected<void, Error> H264Depacketizer::add_stap_a(Bytes units) {
    common::ByteReader reader(units);
    if (units.empty()) return tl::unexpected(Error::BadAggregate);
    while (reader.remaining() > 0) {
        const Bytes nal = reader.bytes(reader.u16());
        if (reader.failed() || nal.empty()) return tl::unexpected(Error::BadAggregate);
        if ((nal[0] & 0x80) != 0) return tl::unexpected(Error::ForbiddenBit);
        if (auto added = add_nal(nal); !added) return added;
    }
    return {};
}

// RFC 6184 5.8
//
//  0                   1
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |F|NRI| Type=28 |S|E|R|  Type   |  fragment, which may be empty ...
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//    FU indicator     FU header
tl::expected<void, Error> H264Depacketizer::add_fu_a(Bytes payload) {
    if (payload.size() < 2) return tl::unexpected(Error::BadFragment);
    const bool start = (payload[1] & 0x80) != 0;
    const bool end = (payload[1] & 0x40) != 0;
    const auto nal_header = static_cast<std::uint8_t>((payload[0] & 0xe0) | (payload[1] & 0x1f));
    if (!is_single_nal(nal_type(nal_header))) return tl::unexpected(Error::UnsupportedType);
    if (start == in_fragment_) return tl::unexpected(Error::BadFragment);
    if (!start && nal_type(nal_header) != nal_type(fragment_header_)) {
        return tl::unexpected(Error::BadFragment);
    }
    const Bytes fragment = payload.subspan(2);
    if (!fits(kStartCode.size() + 1 + fragment.size())) return tl::unexpected(Error::TooLarge);

    auto& bytes = frame_->bytes;
    if (start) {
        bytes.insert(bytes.end(), kStartCode.begin(), kStartCode.end());
        fragment_start_ = bytes.size();
        fragment_header_ = nal_header;
        bytes.push_back(nal_header);
    }
    bytes.insert(bytes.end(), fragment.begin(), fragment.end());
    in_fragment_ = !end;
    if (in_fragment_) return {};
    return note_nal(Bytes(bytes).subspan(fragment_start_));
}

tl::expected<void, Error> H264Depacketizer::note_nal(Bytes nal) {
    const NalType type = nal_type(nal[0]);
    has_slice_ = has_slice_ || is_slice(type);
    has_idr_ = has_idr_ || type == NalType::IdrSlice;
    if (type != NalType::Sps && type != NalType::Pps) return {};
    if (!parameter_sets_.add(nal)) return tl::unexpected(Error::RefusedParameterSet);
    (type == NalType::Sps ? has_sps_ : has_pps_) = true;
    return {};
}

bool H264Depacketizer::fits(std::size_t more_bytes) const {
    return frame_->bytes.size() + more_bytes <= kMaxPictureBytes;
}

H264Depacketizer::Completion H264Depacketizer::finish() {
    INVARIANT(frame_ != nullptr);
    common::EncodedFrame& frame = *std::exchange(frame_, nullptr);
    if (in_fragment_) {
        ++counters_.bad_payloads;
        return Completion::Broken;
    }
    if (!has_slice_) {
        ++counters_.empty_pictures;
        return Completion::NothingToDecode;
    }
    frame.key_frame = has_idr_ && parameter_sets_.complete();
    if (frame.key_frame && !(has_sps_ && has_pps_)) parameter_sets_.prepend_to(frame.bytes);
    return Completion::Picture;
}

bool h264_starts_picture(Bytes payload) {
    if (payload.empty()) return false;
    const NalType type = nal_type(payload[0]);
    if (type == NalType::FuA) {
        const bool start = payload.size() >= 2 && (payload[1] & 0x80) != 0;
        return start && starts_picture(nal_type(payload[1]), payload.subspan(2));
    }
    if (type == NalType::StapA) {
        const Bytes first = payload.subspan(std::min<std::size_t>(3, payload.size()));
        return !first.empty() && starts_picture(nal_type(first[0]), first.subspan(1));
    }
    return starts_picture(type, payload.subspan(1));
}

}  // namespace mcu
