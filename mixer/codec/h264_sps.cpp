#include "mixer/codec/h264_sps.h"

#include <algorithm>
#include <array>

namespace mixer {
namespace {

constexpr std::uint8_t kSpsType = 7;
/// 139264 macroblocks is the most of any level (6.2); a side of 2^15 samples exceeds it in any
/// useful shape.
constexpr std::uint32_t kMostMacroblocks = 2048;

/// Reads the bits of a NAL unit, leaving out emulation prevention bytes (7.4.1). Reads zeros past
/// the end and remembers it.
class BitReader {
  public:
    explicit BitReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::uint32_t bits(int count) {
        std::uint32_t value = 0;
        for (int i = 0; i < count; ++i) value = value << 1 | bit();
        return value;
    }
    bool flag() { return bit() != 0; }
    /// ue(v), 9.1. Beyond 2^31 the set is nonsense and reads as failed.
    std::uint32_t unsigned_golomb() {
        int zeros = 0;
        while (bit() == 0) {
            if (failed_ || ++zeros > 30) {
                failed_ = true;
                return 0;
            }
        }
        return (1U << zeros) - 1 + bits(zeros);
    }
    /// se(v), 9.1.1.
    std::int32_t signed_golomb() {
        const std::uint32_t code = unsigned_golomb();
        const auto half = static_cast<std::int32_t>((code + 1) / 2);
        return code % 2 == 1 ? half : -half;
    }
    [[nodiscard]] bool failed() const { return failed_; }

  private:
    std::uint32_t bit() {
        if (bit_ == 0) {
            if (zeros_ >= 2 && at_ < bytes_.size() && bytes_[at_] == 3) {
                ++at_;
                zeros_ = 0;
            }
            if (at_ >= bytes_.size()) {
                failed_ = true;
                return 0;
            }
            current_ = bytes_[at_++];
            zeros_ = current_ == 0 ? zeros_ + 1 : 0;
            bit_ = 8;
        }
        --bit_;
        return current_ >> bit_ & 1U;
    }

    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
    std::uint32_t current_ = 0;
    int bit_ = 0;
    int zeros_ = 0;
    bool failed_ = false;
};

/// Whether the profile's sets carry chroma_format_idc and what follows it (7.3.2.1.1).
bool has_chroma_fields(std::uint32_t profile_idc) {
    constexpr std::array<std::uint32_t, 13> kProfiles{100, 110, 122, 244, 44,  83, 86,
                                                      118, 128, 138, 139, 134, 135};
    return std::find(kProfiles.begin(), kProfiles.end(), profile_idc) != kProfiles.end();
}

void skip_scaling_list(BitReader& reader, int entries) {
    std::int32_t last = 8;
    std::int32_t next = 8;
    for (int i = 0; i < entries && !reader.failed(); ++i) {
        if (next != 0) next = (last + reader.signed_golomb() % 256 + 256) % 256;
        if (next != 0) last = next;
    }
}

void skip_chroma_fields(BitReader& reader) {
    const std::uint32_t chroma_format = reader.unsigned_golomb();
    if (chroma_format == 3) reader.flag();  // separate_colour_plane_flag
    reader.unsigned_golomb();               // bit_depth_luma_minus8
    reader.unsigned_golomb();               // bit_depth_chroma_minus8
    reader.flag();                          // qpprime_y_zero_transform_bypass_flag
    if (!reader.flag()) return;             // seq_scaling_matrix_present_flag
    const int lists = chroma_format == 3 ? 12 : 8;
    for (int i = 0; i < lists; ++i) {
        if (reader.flag()) skip_scaling_list(reader, i < 6 ? 16 : 64);
    }
}

void skip_picture_order_count(BitReader& reader) {
    const std::uint32_t type = reader.unsigned_golomb();
    if (type == 0) reader.unsigned_golomb();  // log2_max_pic_order_cnt_lsb_minus4
    if (type != 1) return;
    reader.flag();           // delta_pic_order_always_zero_flag
    reader.signed_golomb();  // offset_for_non_ref_pic
    reader.signed_golomb();  // offset_for_top_to_bottom_field
    const std::uint32_t cycle = reader.unsigned_golomb();
    for (std::uint32_t i = 0; i < cycle && !reader.failed(); ++i) reader.signed_golomb();
}

}  // namespace

std::optional<common::PictureSize> read_coded_size(std::span<const std::uint8_t> sps) {
    if (sps.size() < 4 || (sps[0] & 0x1f) != kSpsType) return std::nullopt;
    BitReader reader(sps.subspan(1));
    const std::uint32_t profile_idc = reader.bits(8);
    reader.bits(16);           // constraint flags, level_idc
    reader.unsigned_golomb();  // seq_parameter_set_id
    if (has_chroma_fields(profile_idc)) skip_chroma_fields(reader);
    reader.unsigned_golomb();  // log2_max_frame_num_minus4
    skip_picture_order_count(reader);
    reader.unsigned_golomb();  // max_num_ref_frames
    reader.flag();             // gaps_in_frame_num_value_allowed_flag
    const std::uint32_t width = std::min(reader.unsigned_golomb(), kMostMacroblocks) + 1;
    const std::uint32_t height = std::min(reader.unsigned_golomb(), kMostMacroblocks) + 1;
    const bool frames_only = reader.flag();
    if (reader.failed()) return std::nullopt;
    return common::PictureSize{static_cast<int>(width * 16),
                               static_cast<int>(height * (frames_only ? 16 : 32))};
}

std::optional<common::PictureSize> largest_coded_size(std::span<const std::uint8_t> access_unit) {
    std::optional<common::PictureSize> largest;
    constexpr std::array<std::uint8_t, 3> kStartCode{0, 0, 1};
    auto at =
        std::search(access_unit.begin(), access_unit.end(), kStartCode.begin(), kStartCode.end());
    while (at != access_unit.end()) {
        const auto nal = at + 3;
        at = std::search(nal, access_unit.end(), kStartCode.begin(), kStartCode.end());
        if (nal == access_unit.end() || (*nal & 0x1f) != kSpsType) continue;
        const auto size = read_coded_size({nal, at});
        if (!size) continue;
        if (!largest) largest = common::PictureSize{};
        largest->width = std::max(largest->width, size->width);
        largest->height = std::max(largest->height, size->height);
    }
    return largest;
}

}  // namespace mixer
