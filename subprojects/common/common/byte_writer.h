#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace common {

/// Appends fields in network order to a vector that it borrows.
class ByteWriter {
  public:
    explicit ByteWriter(std::vector<std::uint8_t>& out) : out_(out) {}

    void u8(std::uint8_t value) { put(value, 1); }
    void u16(std::uint16_t value) { put(value, 2); }
    void u24(std::uint32_t value) { put(value, 3); }
    void u32(std::uint32_t value) { put(value, 4); }
    void u64(std::uint64_t value) { put(value, 8); }
    void bytes(std::span<const std::uint8_t> value) {
        out_.insert(out_.end(), value.begin(), value.end());
    }
    [[nodiscard]] std::size_t position() const { return out_.size(); }
    /// Overwrites two bytes written before (a length known only at the end).
    void patch_u16(std::size_t position, std::uint16_t value) {
        out_[position] = static_cast<std::uint8_t>(value >> 8);
        out_[position + 1] = static_cast<std::uint8_t>(value & 0xff);
    }

  private:
    void put(std::uint64_t value, int count) {
        for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
            out_.push_back(static_cast<std::uint8_t>(value >> shift & 0xff));
        }
    }

    std::vector<std::uint8_t>& out_;
};

}  // namespace common
