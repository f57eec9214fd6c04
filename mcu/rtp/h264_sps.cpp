#include "mcu/rtp/h264_sps.h"

#include <algorithm>
#include <array>

#include "mcu/rtp/h264_nal.h"
#include "mcu/rtp/rbsp_reader.h"

namespace mcu {

namespace {

constexpr std::int64_t kMostSamples = 1920 * 1088;
constexpr std::int64_t kLongestSide = 4096;

// H.264 7.3.2.1.1: these say how they keep their chroma.
constexpr std::array<std::uint8_t, 13> kProfilesWithChroma{100, 110, 122, 244, 44,  83, 86,
                                                           118, 128, 138, 139, 134, 135};

void skip_scaling_list(RbspReader& reader, int size) {
    std::int32_t last = 8;
    std::int32_t next = 8;
    for (int i = 0; i < size && !reader.failed(); ++i) {
        if (next != 0) next = (last + reader.signed_exp_golomb() % 256 + 256) % 256;
        if (next != 0) last = next;
    }
}

bool is_8_bit_420(RbspReader& reader) {
    const std::uint32_t chroma_format_idc = reader.unsigned_exp_golomb();
    const std::uint32_t luma_depth_minus8 = reader.unsigned_exp_golomb();
    const std::uint32_t chroma_depth_minus8 = reader.unsigned_exp_golomb();
    if (chroma_format_idc != 1 || luma_depth_minus8 != 0 || chroma_depth_minus8 != 0) return false;
    reader.flag();  // qpprime_y_zero_transform_bypass_flag
    if (reader.flag()) {
        for (int list = 0; list < 8; ++list) {
            if (reader.flag()) skip_scaling_list(reader, list < 6 ? 16 : 64);
        }
    }
    return true;
}

/// Everything about picture order count, which we do not need but must walk over.
bool skip_picture_order(RbspReader& reader) {
    const std::uint32_t type = reader.unsigned_exp_golomb();
    if (type > 2) return false;
    if (type == 0) return reader.unsigned_exp_golomb() <= 12;
    if (type == 2) return true;
    reader.flag();
    reader.signed_exp_golomb();
    reader.signed_exp_golomb();
    const std::uint32_t count = reader.unsigned_exp_golomb();
    if (count > 255) return false;
    for (std::uint32_t i = 0; i < count; ++i) reader.signed_exp_golomb();
    return true;
}

struct Crop {
    std::int64_t left = 0, right = 0, top = 0, bottom = 0;  // in units of chroma samples
};

Crop read_crop(RbspReader& reader) {
    Crop crop;
    if (!reader.flag()) return crop;
    crop.left = reader.unsigned_exp_golomb();
    crop.right = reader.unsigned_exp_golomb();
    crop.top = reader.unsigned_exp_golomb();
    crop.bottom = reader.unsigned_exp_golomb();
    return crop;
}

tl::expected<void, SpsError> read_size(RbspReader& reader, H264Sps& sps) {
    const std::int64_t width = 16 * (static_cast<std::int64_t>(reader.unsigned_exp_golomb()) + 1);
    const std::int64_t map_units = static_cast<std::int64_t>(reader.unsigned_exp_golomb()) + 1;
    sps.frame_mbs_only = reader.flag();
    const std::int64_t field_factor = sps.frame_mbs_only ? 1 : 2;
    const std::int64_t height = 16 * map_units * field_factor;
    if (!sps.frame_mbs_only) reader.flag();  // mb_adaptive_frame_field_flag
    reader.flag();                           // direct_8x8_inference_flag
    const Crop crop = read_crop(reader);
    if (reader.failed()) return tl::unexpected(SpsError::TooShort);

    if (std::max(width, height) > kLongestSide || width * height > kMostSamples) {
        return tl::unexpected(SpsError::PictureTooLarge);
    }
    const std::int64_t shown_width = width - 2 * (crop.left + crop.right);
    const std::int64_t shown_height = height - 2 * field_factor * (crop.top + crop.bottom);
    if (shown_width <= 0 || shown_height <= 0) return tl::unexpected(SpsError::BadSize);
    sps.coded = {static_cast<int>(width), static_cast<int>(height)};
    sps.size = {static_cast<int>(shown_width), static_cast<int>(shown_height)};
    return {};
}

}  // namespace

std::string_view describe(SpsError error) {
    switch (error) {
        case SpsError::NotAnSps:
            return "not a sequence parameter set";
        case SpsError::TooShort:
            return "the sequence parameter set ends too early";
        case SpsError::BadProfile:
            return "profile_idc 0 is reserved";
        case SpsError::BadChroma:
            return "only 4:2:0 with 8 bits can be decoded";
        case SpsError::BadField:
            return "a field of the sequence parameter set is out of its range";
        case SpsError::BadSize:
            return "the picture is cropped to nothing";
        case SpsError::PictureTooLarge:
            return "the picture is larger than 1920x1088";
    }
    return "unknown";
}

// H.264 7.3.2.1.1, up to the cropping rectangle
tl::expected<H264Sps, SpsError> parse_sps(std::span<const std::uint8_t> nal) {
    if (nal.empty() || nal_type(nal[0]) != NalType::Sps) return tl::unexpected(SpsError::NotAnSps);
    RbspReader reader(nal.subspan(1));
    H264Sps sps;
    sps.profile_idc = static_cast<std::uint8_t>(reader.bits(8));
    sps.constraint_flags = static_cast<std::uint8_t>(reader.bits(8));
    sps.level_idc = static_cast<std::uint8_t>(reader.bits(8));
    sps.id = reader.unsigned_exp_golomb();
    if (reader.failed()) return tl::unexpected(SpsError::TooShort);
    if (sps.profile_idc == 0) return tl::unexpected(SpsError::BadProfile);
    if (sps.id > 31) return tl::unexpected(SpsError::BadField);

    const bool has_chroma = std::find(kProfilesWithChroma.begin(), kProfilesWithChroma.end(),
                                      sps.profile_idc) != kProfilesWithChroma.end();
    if (has_chroma && !is_8_bit_420(reader)) {
        return tl::unexpected(reader.failed() ? SpsError::TooShort : SpsError::BadChroma);
    }
    const std::uint32_t log2_max_frame_num_minus4 = reader.unsigned_exp_golomb();
    if (log2_max_frame_num_minus4 > 12 || !skip_picture_order(reader)) {
        return tl::unexpected(SpsError::BadField);
    }
    sps.max_num_ref_frames = reader.unsigned_exp_golomb();
    if (sps.max_num_ref_frames > 16) return tl::unexpected(SpsError::BadField);
    reader.flag();  // gaps_in_frame_num_value_allowed_flag
    if (auto size = read_size(reader, sps); !size) return tl::unexpected(size.error());
    return sps;
}

}  // namespace mcu
