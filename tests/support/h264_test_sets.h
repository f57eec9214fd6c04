#pragma once

#include <cstdint>
#include <vector>

// Parameter sets as libx264 makes them.
namespace tests {

using Bytes = std::vector<std::uint8_t>;

inline const Bytes kSps720p{0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xec, 0x04, 0x40, 0x00,
                            0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x0f, 0x03, 0xc6, 0x0c, 0xa8};
inline const Bytes kPps720p{0x68, 0xce, 0x0f, 0xc8};
/// High, 1088 lines cropped to 1080.
inline const Bytes kSps1080p{0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02,
                             0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04,
                             0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58};
/// High, interlaced.
inline const Bytes kSps576i{0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0xb4, 0x24, 0xd8, 0x08, 0x80,
                            0x00, 0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x1e, 0x0f, 0x8b, 0x16, 0xcb};
/// High 4:2:2.
inline const Bytes kSps422{0x67, 0x7a, 0x00, 0x1e, 0xbc, 0xd9, 0x40, 0xa0, 0x2f,
                           0xf8, 0x9c, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40,
                           0x00, 0x00, 0x0f, 0x03, 0xc5, 0x8b, 0x65, 0x80};
/// High, 2048x1536.
inline const Bytes kSpsTooLarge{0x67, 0x64, 0x00, 0x32, 0xac, 0xd9, 0x40, 0x20, 0x00,
                                0xc1, 0xb0, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00,
                                0x00, 0x03, 0x00, 0x3c, 0x0f, 0x18, 0x31, 0x96};

/// Writes SPS fields bit by bit, for those no encoder would make.
class BitWriter {
  public:
    BitWriter& bits(std::uint32_t value, int count) {
        for (int i = count - 1; i >= 0; --i) {
            if (used_ % 8 == 0) bytes_.push_back(0);
            bytes_.back() =
                static_cast<std::uint8_t>(bytes_.back() | (value >> i & 1U) << (7 - used_ % 8));
            ++used_;
        }
        return *this;
    }
    BitWriter& ue(std::uint32_t value) {
        int length = 0;
        while ((value + 1) >> (length + 1) != 0) ++length;
        bits(0, length);
        return bits(value + 1, length + 1);
    }
    /// With emulation prevention.
    [[nodiscard]] Bytes bytes() const {
        Bytes escaped;
        int zeros = 0;
        for (const std::uint8_t byte : bytes_) {
            if (zeros == 2 && byte <= 3) {
                escaped.push_back(3);
                zeros = 0;
            }
            escaped.push_back(byte);
            zeros = byte == 0 ? zeros + 1 : 0;
        }
        return escaped;
    }

  private:
    Bytes bytes_;
    int used_ = 0;
};

/// A Baseline SPS of so many macroblocks, whose fields can be made nonsense.
struct MadeSps {
    std::uint32_t id = 0, frame_num = 0, poc_type = 2, references = 1, width_mbs = 40,
                  height_mbs = 22, crop_right = 0;
    [[nodiscard]] Bytes nal() const {
        BitWriter out;
        out.bits(0x67, 8).bits(66, 8).bits(0xc0, 8).bits(30, 8);
        out.ue(id).ue(frame_num).ue(poc_type);
        out.ue(references).bits(0, 1);
        out.ue(width_mbs - 1).ue(height_mbs - 1).bits(1, 1).bits(1, 1);
        out.bits(crop_right != 0 ? 1 : 0, 1);
        if (crop_right != 0) out.ue(0).ue(crop_right).ue(0).ue(0);
        return out.bits(0, 1).bits(1, 1).bytes();  // no VUI, stop bit
    }
};

}  // namespace tests
