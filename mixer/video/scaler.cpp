#include "mixer/video/scaler.h"

#include <libyuv.h>

#include "common/invariant.h"

namespace mixer {

void Scaler::scale(const VideoFrame& from, const PixelRect& crop, VideoFrame& to,
                   const PixelRect& into) {
    INVARIANT(crop.x >= 0 && crop.x + crop.width <= from.size().width);
    INVARIANT(crop.y >= 0 && crop.y + crop.height <= from.size().height);
    INVARIANT(into.x >= 0 && into.x + into.width <= to.size().width);
    INVARIANT(into.y >= 0 && into.y + into.height <= to.size().height);

    const auto from_y = crop.y * from.stride_y() + crop.x;
    const auto from_uv = crop.y / 2 * from.stride_uv() + crop.x / 2;
    const auto to_y = into.y * to.stride_y() + into.x;
    const auto to_uv = into.y / 2 * to.stride_uv() + into.x / 2;
    scale_plane({from.y() + from_y, from.stride_y(), crop.width, crop.height},
                to.writable_y() + to_y, to.stride_y(), into.width, into.height);
    scale_plane({from.u() + from_uv, from.stride_uv(), crop.width / 2, crop.height / 2},
                to.writable_u() + to_uv, to.stride_uv(), into.width / 2, into.height / 2);
    scale_plane({from.v() + from_uv, from.stride_uv(), crop.width / 2, crop.height / 2},
                to.writable_v() + to_uv, to.stride_uv(), into.width / 2, into.height / 2);
}

void Scaler::scale_plane(Plane from, std::uint8_t* to, int to_stride, int to_width, int to_height) {
    for (int step = 0; from.width >= 2 * to_width && from.height >= 2 * to_height; ++step) {
        const Plane half{nullptr, from.width / 2, from.width / 2, from.height / 2};
        if (half.width == to_width && half.height == to_height) break;  // the last step does it
        if (half.width == 2 * to_width && half.height == 2 * to_height) break;  // in one step

        std::vector<std::uint8_t>& scratch = scratch_[step % 2];
        const auto bytes =
            static_cast<std::size_t>(half.stride) * static_cast<std::size_t>(half.height);
        if (scratch.size() < bytes) scratch.resize(bytes);
        libyuv::ScalePlane(from.samples, from.stride, from.width, from.height, scratch.data(),
                           half.stride, half.width, half.height, libyuv::kFilterBox);
        from = half;
        from.samples = scratch.data();
    }
    // At 2:1 and 4:1 libyuv's box is made for it; elsewhere it is ten times dearer than bilinear.
    const bool whole = from.width % to_width == 0 && from.height % to_height == 0;
    libyuv::ScalePlane(from.samples, from.stride, from.width, from.height, to, to_stride, to_width,
                       to_height, whole ? libyuv::kFilterBox : libyuv::kFilterBilinear);
}

bool can_be_halved(common::PictureSize size) {
    return size.width % 4 == 0 && size.height % 4 == 0;
}

void halve_rows(const VideoFrame& from, int row, int rows, VideoFrame& half) {
    INVARIANT(row >= 0 && row % 4 == 0 && rows % 4 == 0 && row + rows <= from.size().height);
    INVARIANT(from.size().width == 2 * half.size().width);
    INVARIANT(from.size().height == 2 * half.size().height);
    if (rows == 0) return;
    const auto plane = [&](const std::uint8_t* source, int source_stride, std::uint8_t* target,
                           int target_stride, int share) {
        const int width = from.size().width / share;
        libyuv::ScalePlane(source + row / share * source_stride, source_stride, width, rows / share,
                           target + row / share / 2 * target_stride, target_stride, width / 2,
                           rows / share / 2, libyuv::kFilterBox);
    };
    plane(from.y(), from.stride_y(), half.writable_y(), half.stride_y(), 1);
    plane(from.u(), from.stride_uv(), half.writable_u(), half.stride_uv(), 2);
    plane(from.v(), from.stride_uv(), half.writable_v(), half.stride_uv(), 2);
}

}  // namespace mixer
