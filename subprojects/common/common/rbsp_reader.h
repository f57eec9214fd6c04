#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace common {

/// Reads the bits of a NAL unit's payload, stepping over emulation prevention bytes
/// (H.264 7.3.1, 9.1). Past the end it gives zeros and stays `failed()`.
class RbspReader {
  public:
    explicit RbspReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    bool flag() { return bit() != 0; }
    std::uint32_t bits(int count);
    std::uint32_t unsigned_exp_golomb();
    std::int32_t signed_exp_golomb();
    [[nodiscard]] bool failed() const { return failed_; }

  private:
    std::uint32_t bit();
    bool load_byte();

    std::span<const std::uint8_t> bytes_;
    std::size_t position_ = 0;
    int zero_run_ = 0;
    int bits_left_ = 0;
    std::uint8_t byte_ = 0;
    bool failed_ = false;
};

}  // namespace common
