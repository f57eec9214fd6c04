#include "mixer/codec/frame_num_narrower.h"

namespace mixer {
namespace {

constexpr int kFrameNumBits = 4;
enum NalType { kSlice = 1, kIdrSlice = 5, kSps = 7, kPps = 8 };

/// What the stop bit of H.264 7.3.2.11 ends, in bits, the stop bit included; 0 if there is none.
std::size_t bits_with_stop(std::span<const std::uint8_t> rbsp) {
    std::size_t bytes = rbsp.size();
    while (bytes > 0 && rbsp[bytes - 1] == 0) --bytes;
    if (bytes == 0) return 0;
    std::size_t bits = bytes * 8;
    for (unsigned last = rbsp[bytes - 1]; (last & 1U) == 0; last >>= 1U) --bits;
    return bits;
}

}  // namespace

/// Reads bits, and copies what it reads unless told otherwise. Reading beyond the end fails for
/// good.
class FrameNumNarrower::Bits {
  public:
    Bits(std::span<const std::uint8_t> in, std::vector<std::uint8_t>& out)
        : in_(in), end_(bits_with_stop(in)), out_(out) {}

    [[nodiscard]] bool ok() const { return ok_; }

    /// u(n), n at most 32.
    std::uint32_t copy(int count) {
        const std::uint32_t value = skip(count);
        put(value, count);
        return value;
    }
    std::uint32_t skip(int count) {
        std::uint32_t value = 0;
        for (int i = 0; i < count; ++i) value = value << 1U | next();
        return value;
    }
    /// ue(v), and se(v) by its code number.
    std::uint32_t copy_ue() {
        const int zeros = leading_zeros();
        put(0, zeros);
        put(1, 1);
        return (1U << static_cast<unsigned>(zeros)) - 1 + copy(zeros);
    }
    std::uint32_t skip_ue() {
        const int zeros = leading_zeros();
        return (1U << static_cast<unsigned>(zeros)) - 1 + skip(zeros);
    }
    void put(std::uint32_t value, int count) {
        for (int bit = count - 1; bit >= 0; --bit) {
            pending_ = pending_ << 1U | (value >> static_cast<unsigned>(bit) & 1U);
            if (++pending_bits_ == 8) flush();
        }
    }
    /// CABAC begins at a byte: ones fill the last one of the header (H.264 7.3.4).
    void align_with_ones() {
        while (at_ % 8 != 0) {
            if (next() == 0) ok_ = false;
        }
        while (pending_bits_ != 0) put(1, 1);
    }
    /// The rest with its stop bit, whatever it means.
    void copy_rest() {
        while (ok_ && end_ - at_ >= 8) {
            const auto shift = static_cast<unsigned>(at_ % 8);
            unsigned byte = static_cast<unsigned>(in_[at_ / 8]) << shift;
            if (shift != 0) byte |= static_cast<unsigned>(in_[at_ / 8 + 1]) >> (8 - shift);
            at_ += 8;
            pending_ = pending_ << 8U | (byte & 0xffU);
            out_.push_back(
                static_cast<std::uint8_t>(pending_ >> static_cast<unsigned>(pending_bits_)));
        }
        while (ok_ && at_ < end_) put(next(), 1);
        while (pending_bits_ != 0) put(0, 1);
    }

  private:
    unsigned next() {
        if (at_ >= end_) {
            ok_ = false;
            return 1;
        }
        const unsigned bit = in_[at_ / 8] >> (7 - at_ % 8) & 1U;
        ++at_;
        return bit;
    }
    int leading_zeros() {
        int zeros = 0;
        while (next() == 0) ++zeros;
        if (zeros > 31) ok_ = false;
        return zeros > 31 ? 0 : zeros;
    }
    void flush() {
        out_.push_back(static_cast<std::uint8_t>(pending_));
        pending_bits_ = 0;
    }

    std::span<const std::uint8_t> in_;
    std::size_t at_ = 0, end_;
    std::vector<std::uint8_t>& out_;
    std::uint32_t pending_ = 0;
    int pending_bits_ = 0;
    bool ok_ = true;
};

FrameNumNarrower::Nals FrameNumNarrower::narrow(Nals nals) {
    bytes_.clear();
    ends_.clear();
    nals_.clear();
    for (const auto nal : nals) {
        if (!append(nal)) return {};
        ends_.push_back(bytes_.size());
    }
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
        nals_.emplace_back(bytes_.data() + begin, end - begin);
        begin = end;
    }
    return nals_;
}

bool FrameNumNarrower::append(std::span<const std::uint8_t> nal) {
    if (nal.size() < 2) return false;
    const int type = nal[0] & 0x1f;
    const bool slice = type == kSlice || type == kIdrSlice;
    if (type != kSps && type != kPps && (!slice || surplus_bits_ == 0)) {
        bytes_.insert(bytes_.end(), nal.begin(), nal.end());
        return true;
    }
    unescape(nal.subspan(1));
    out_.clear();
    Bits bits(in_, out_);
    const bool known = type == kSps   ? rewrite_sps(bits)
                       : type == kPps ? read_pps(bits)
                                      : rewrite_slice(bits, type);
    if (!known || !bits.ok()) return false;
    bytes_.push_back(nal[0]);
    escape();
    return true;
}

/// H.264 7.3.2.1.1
bool FrameNumNarrower::rewrite_sps(Bits& in) {
    const std::uint32_t profile = in.copy(8);
    in.copy(16);   // constraints, level
    in.copy_ue();  // seq_parameter_set_id
    if (profile == 100) {
        in.copy_ue();                       // chroma_format_idc
        in.copy_ue();                       // luma,
        in.copy_ue();                       // chroma bit depth
        if (in.copy(2) != 0) return false;  // lossless, scaling matrices
    } else if (profile != 66 && profile != 77) {
        return false;
    }
    const auto width = static_cast<int>(in.skip_ue()) + 4;
    in.put(1, 1);  // log2_max_frame_num_minus4 is 0
    surplus_bits_ = width - kFrameNumBits;
    if (in.copy_ue() != 2) return false;  // pic_order_cnt_type
    in.copy_rest();
    return width <= 16;
}

/// H.264 7.3.2.2; goes out as it came.
bool FrameNumNarrower::read_pps(Bits& in) {
    in.copy_ue();
    in.copy_ue();  // the two ids
    cabac_ = in.copy(1) != 0;
    if (in.copy(1) != 0 || in.copy_ue() != 0) return false;  // picture order, slice groups
    in.copy_ue();
    in.copy_ue();                       // references
    if (in.copy(3) != 0) return false;  // weights
    in.copy_ue();
    in.copy_ue();
    in.copy_ue();  // quantizers
    deblocking_control_ = in.copy(1) != 0;
    in.copy_rest();
    return true;
}

/// H.264 7.3.3 and 7.3.4
bool FrameNumNarrower::rewrite_slice(Bits& in, int nal_type) {
    in.copy_ue();  // first_mb_in_slice
    const std::uint32_t type = in.copy_ue() % 5;
    constexpr std::uint32_t kP = 0, kI = 2;
    if (type != kP && type != kI) return false;
    in.copy_ue();  // pic_parameter_set_id
    in.skip(surplus_bits_);
    in.copy(kFrameNumBits);
    if (nal_type == kIdrSlice) in.copy_ue();  // idr_pic_id
    if (type == kP) {
        if (in.copy(1) != 0) in.copy_ue();  // how many references
        if (in.copy(1) != 0) return false;  // reordering
    }
    // Memory management: two flags of an IDR, else one.
    if (in.copy(nal_type == kIdrSlice ? 2 : 1) != 0) return false;
    if (cabac_ && type == kP) in.copy_ue();  // cabac_init_idc
    in.copy_ue();                            // slice_qp_delta
    if (deblocking_control_ && in.copy_ue() != 1) {
        in.copy_ue();
        in.copy_ue();
    }
    if (cabac_) in.align_with_ones();
    in.copy_rest();
    return true;
}

/// H.264 7.4.1: a 3 after two zeros is no data.
void FrameNumNarrower::unescape(std::span<const std::uint8_t> nal) {
    in_.clear();
    int zeros = 0;
    for (const std::uint8_t byte : nal) {
        if (zeros >= 2 && byte == 3) {
            zeros = 0;
            continue;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        in_.push_back(byte);
    }
}

void FrameNumNarrower::escape() {
    int zeros = 0;
    for (const std::uint8_t byte : out_) {
        if (zeros >= 2 && byte <= 3) {
            bytes_.push_back(3);
            zeros = 0;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        bytes_.push_back(byte);
    }
}

}  // namespace mixer
