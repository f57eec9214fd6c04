#include "mixer/codec/coded_size.h"

#include <algorithm>
#include <array>

#include "common/h264_sps.h"

namespace mixer {

std::optional<common::PictureSize> largest_coded_size(std::span<const std::uint8_t> access_unit) {
    std::optional<common::PictureSize> largest;
    constexpr std::array<std::uint8_t, 3> kStartCode{0, 0, 1};
    auto at =
        std::search(access_unit.begin(), access_unit.end(), kStartCode.begin(), kStartCode.end());
    while (at != access_unit.end()) {
        const auto nal = at + 3;
        at = std::search(nal, access_unit.end(), kStartCode.begin(), kStartCode.end());
        const auto size = common::read_coded_size({nal, at});
        if (!size) continue;
        if (!largest) largest = common::PictureSize{};
        largest->width = std::max(largest->width, size->width);
        largest->height = std::max(largest->height, size->height);
    }
    return largest;
}

std::optional<common::PictureSize> vp8_coded_size(std::span<const std::uint8_t> frame) {
    constexpr std::size_t kHeaderBytes = 10;
    if (frame.size() < kHeaderBytes || (frame[0] & 0x01) != 0) return std::nullopt;
    const auto dimension = [&](std::size_t at) {
        return (frame[at] | frame[at + 1] << 8) & 0x3fff;  // two bits of scaling above
    };
    return common::PictureSize{dimension(6), dimension(8)};
}

}  // namespace mixer
