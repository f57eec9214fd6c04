#include "common/h264_sps.h"

#include <algorithm>
#include <array>

#include "common/rbsp_reader.h"

namespace common {

namespace {

constexpr std::uint8_t kSpsType = 7;
constexpr std::int64_t kMostSamples = 1920 * 1088;
constexpr std::int64_t kLongestSide = 4096;
/// 139264 macroblocks is the most of any level (6.2); a side of 2^15 samples exceeds it in any
/// useful shape.
constexpr std::uint32_t kMostMacroblocks = 2048;

// H.264 7.3.2.1.1: these say how they keep their chroma.
constexpr std::array<std::uint8_t, 13> kProfilesWithChroma{100, 110, 122, 244, 44,  83, 86,
                                                           118, 128, 138, 139, 134, 135};

/// Walks one set to its cropping rectangle, past what is wrong with it, and remembers what was
/// wrong first (H.264 7.3.2.1.1).
class SpsWalk {
  public:
    explicit SpsWalk(std::span<const std::uint8_t> payload) : reader_(payload) {
        read_profile();
        if (has_chroma_fields()) read_chroma();
        expect(reader_.unsigned_exp_golomb() <= 12, SpsError::BadField);  // log2_max_frame_num - 4
        skip_picture_order();
        sps_.max_num_ref_frames = reader_.unsigned_exp_golomb();
        expect(sps_.max_num_ref_frames <= 16, SpsError::BadField);
        reader_.flag();  // gaps_in_frame_num_value_allowed_flag
        read_coded_size();
        read_crop();
    }

    [[nodiscard]] const H264Sps& sps() const { return sps_; }
    [[nodiscard]] bool has_size() const { return has_size_; }
    [[nodiscard]] std::optional<SpsError> fault() const { return fault_; }

  private:
    void expect(bool holds, SpsError otherwise) {
        if (!holds && !fault_) fault_ = otherwise;
    }
    void expect_bits() { expect(!reader_.failed(), SpsError::TooShort); }
    [[nodiscard]] bool has_chroma_fields() const {
        return std::find(kProfilesWithChroma.begin(), kProfilesWithChroma.end(),
                         sps_.profile_idc) != kProfilesWithChroma.end();
    }

    void read_profile();
    void read_chroma();
    void skip_scaling_list(int entries);
    void skip_picture_order();
    void read_coded_size();
    void read_crop();

    RbspReader reader_;
    H264Sps sps_;
    bool has_size_ = false;
    std::optional<SpsError> fault_;
};

void SpsWalk::read_profile() {
    sps_.profile_idc = static_cast<std::uint8_t>(reader_.bits(8));
    sps_.constraint_flags = static_cast<std::uint8_t>(reader_.bits(8));
    sps_.level_idc = static_cast<std::uint8_t>(reader_.bits(8));
    sps_.id = reader_.unsigned_exp_golomb();
    expect_bits();
    expect(sps_.profile_idc != 0, SpsError::BadProfile);
    expect(sps_.id <= 31, SpsError::BadField);
}

void SpsWalk::read_chroma() {
    const std::uint32_t chroma_format_idc = reader_.unsigned_exp_golomb();
    if (chroma_format_idc == 3) reader_.flag();  // separate_colour_plane_flag
    const std::uint32_t luma_depth_minus8 = reader_.unsigned_exp_golomb();
    const std::uint32_t chroma_depth_minus8 = reader_.unsigned_exp_golomb();
    expect_bits();
    expect(chroma_format_idc == 1 && luma_depth_minus8 == 0 && chroma_depth_minus8 == 0,
           SpsError::BadChroma);
    reader_.flag();               // qpprime_y_zero_transform_bypass_flag
    if (!reader_.flag()) return;  // seq_scaling_matrix_present_flag
    const int lists = chroma_format_idc == 3 ? 12 : 8;
    for (int list = 0; list < lists; ++list) {
        if (reader_.flag()) skip_scaling_list(list < 6 ? 16 : 64);
    }
}

void SpsWalk::skip_scaling_list(int entries) {
    std::int32_t last = 8;
    std::int32_t next = 8;
    for (int i = 0; i < entries && !reader_.failed(); ++i) {
        if (next != 0) next = (last + reader_.signed_exp_golomb() % 256 + 256) % 256;
        if (next != 0) last = next;
    }
}

/// Everything about picture order count, which we do not need but must walk over.
void SpsWalk::skip_picture_order() {
    const std::uint32_t type = reader_.unsigned_exp_golomb();
    expect(type <= 2, SpsError::BadField);
    if (type == 0) expect(reader_.unsigned_exp_golomb() <= 12, SpsError::BadField);
    if (type != 1) return;
    reader_.flag();               // delta_pic_order_always_zero_flag
    reader_.signed_exp_golomb();  // offset_for_non_ref_pic
    reader_.signed_exp_golomb();  // offset_for_top_to_bottom_field
    const std::uint32_t cycle = reader_.unsigned_exp_golomb();
    expect(cycle <= 255, SpsError::BadField);
    for (std::uint32_t i = 0; i < cycle && !reader_.failed(); ++i) reader_.signed_exp_golomb();
}

void SpsWalk::read_coded_size() {
    const std::uint32_t columns = std::min(reader_.unsigned_exp_golomb(), kMostMacroblocks) + 1;
    const std::uint32_t map_units = std::min(reader_.unsigned_exp_golomb(), kMostMacroblocks) + 1;
    sps_.frame_mbs_only = reader_.flag();
    sps_.coded = {static_cast<int>(columns * 16),
                  static_cast<int>(map_units * (sps_.frame_mbs_only ? 16 : 32))};
    has_size_ = !reader_.failed();
}

void SpsWalk::read_crop() {
    if (!sps_.frame_mbs_only) reader_.flag();  // mb_adaptive_frame_field_flag
    reader_.flag();                            // direct_8x8_inference_flag
    std::int64_t across = 0;                   // in units of chroma samples, of a field each
    std::int64_t down = 0;
    if (reader_.flag()) {
        across = reader_.unsigned_exp_golomb();
        across += reader_.unsigned_exp_golomb();
        down = reader_.unsigned_exp_golomb();
        down += reader_.unsigned_exp_golomb();
    }
    expect_bits();
    const std::int64_t width = sps_.coded.width;
    const std::int64_t height = sps_.coded.height;
    expect(std::max(width, height) <= kLongestSide && width * height <= kMostSamples,
           SpsError::PictureTooLarge);
    const std::int64_t shown_width = width - 2 * across;
    const std::int64_t shown_height = height - (sps_.frame_mbs_only ? 2 : 4) * down;
    expect(shown_width > 0 && shown_height > 0, SpsError::BadSize);
    if (!fault_) sps_.size = {static_cast<int>(shown_width), static_cast<int>(shown_height)};
}

bool is_sps(std::span<const std::uint8_t> nal) {
    return !nal.empty() && (nal[0] & 0x1f) == kSpsType;
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

tl::expected<H264Sps, SpsError> parse_sps(std::span<const std::uint8_t> nal) {
    if (!is_sps(nal)) return tl::unexpected(SpsError::NotAnSps);
    const SpsWalk walk(nal.subspan(1));
    if (const auto fault = walk.fault()) return tl::unexpected(*fault);
    return walk.sps();
}

std::optional<PictureSize> read_coded_size(std::span<const std::uint8_t> nal) {
    if (!is_sps(nal)) return std::nullopt;
    const SpsWalk walk(nal.subspan(1));
    return walk.has_size() ? std::optional(walk.sps().coded) : std::nullopt;
}

}  // namespace common
