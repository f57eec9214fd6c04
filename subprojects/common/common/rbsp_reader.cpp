#include "common/rbsp_reader.h"

namespace common {

bool RbspReader::load_byte() {
    if (zero_run_ >= 2 && position_ < bytes_.size() && bytes_[position_] == 3) {
        ++position_;  // 00 00 03: the 03 is there only so that no start code appears
        zero_run_ = 0;
    }
    if (position_ >= bytes_.size()) {
        failed_ = true;
        return false;
    }
    byte_ = bytes_[position_++];
    zero_run_ = byte_ == 0 ? zero_run_ + 1 : 0;
    bits_left_ = 8;
    return true;
}

std::uint32_t RbspReader::bit() {
    if (failed_ || (bits_left_ == 0 && !load_byte())) return 0;
    --bits_left_;
    return byte_ >> bits_left_ & 1U;
}

std::uint32_t RbspReader::bits(int count) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 1 | bit();
    return value;
}

std::uint32_t RbspReader::unsigned_exp_golomb() {
    int leading_zeros = 0;
    while (!failed_ && bit() == 0) ++leading_zeros;
    if (leading_zeros > 31) failed_ = true;
    if (failed_) return 0;
    return ((1U << leading_zeros) - 1) + bits(leading_zeros);
}

std::int32_t RbspReader::signed_exp_golomb() {
    const std::int64_t code = unsigned_exp_golomb();
    const std::int64_t magnitude = (code + 1) / 2;
    return static_cast<std::int32_t>(code % 2 == 1 ? magnitude : -magnitude);
}

}  // namespace common
