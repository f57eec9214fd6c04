#include "tests/support/color_source.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "common/invariant.h"
#include "mixer/video/yuv_color.h"

namespace tests {
namespace {

constexpr int kColumns = 8;
constexpr int kRows = 4;
constexpr double kLeft = 0.27, kTop = 0.40;
constexpr double kCellWidth = 0.46 / kColumns, kCellHeight = 0.20 / kRows;
constexpr std::uint8_t kOne = 220, kZero = 30;

/// Luma samples of one cell, of a picture that lies at `area`.
mixer::PixelRect cell(const mixer::PixelRect& area, int column, int row) {
    const auto at = [](int start, int extent, double fraction) {
        return start + static_cast<int>(std::lround(extent * fraction));
    };
    mixer::PixelRect rect;
    rect.x = at(area.x, area.width, kLeft + column * kCellWidth);
    rect.y = at(area.y, area.height, kTop + row * kCellHeight);
    rect.width = at(area.x, area.width, kLeft + (column + 1) * kCellWidth) - rect.x;
    rect.height = at(area.y, area.height, kTop + (row + 1) * kCellHeight) - rect.y;
    return rect;
}

std::array<std::uint8_t, kRows> rows_of(ColorMark mark) {
    const auto identity = static_cast<std::uint8_t>(mark.identity);
    const auto high = static_cast<std::uint8_t>(mark.counter >> 8);
    const auto low = static_cast<std::uint8_t>(mark.counter);
    return {identity, high, low, static_cast<std::uint8_t>(identity ^ high ^ low ^ 0xa5)};
}

/// Mean luma of a cell's inner half: its rim belongs to the scaler's filter. Nothing when outside
/// the canvas.
std::optional<double> mean_luma(const mixer::VideoFrame& canvas, const mixer::PixelRect& rect) {
    const int left = rect.x + rect.width / 4;
    const int right = std::max(left + 1, rect.x + rect.width - rect.width / 4);
    const int top = rect.y + rect.height / 4;
    const int bottom = std::max(top + 1, rect.y + rect.height - rect.height / 4);
    if (left < 0 || top < 0) return std::nullopt;
    if (right > canvas.size().width || bottom > canvas.size().height) return std::nullopt;
    double sum = 0;
    for (int y = top; y < bottom; ++y) {
        for (int x = left; x < right; ++x) sum += canvas.y()[y * canvas.stride_y() + x];
    }
    return sum / ((right - left) * (bottom - top));
}

void fill_plane(std::uint8_t* plane, int stride, int width, int height, std::uint8_t value) {
    for (int y = 0; y < height; ++y) {
        std::memset(plane + y * stride, value, static_cast<std::size_t>(width));
    }
}

}  // namespace

ColorSource::ColorSource(mixer::FramePool& pool, int identity, common::PictureSize size)
    : pool_(pool), identity_(identity), size_(size) {
    INVARIANT(identity >= 0 && identity < 256);
}

mixer::FrameRef ColorSource::next(common::Timestamp media_time) {
    mixer::FrameWriter picture = pool_.acquire(size_);
    INVARIANT(picture);
    paint(*picture, {identity_, counter_});
    counter_ = (counter_ + 1) % 65536;
    picture->set_media_time(media_time);
    return std::move(picture).publish();
}

mixer::Color ColorSource::color_of(int identity) {
    const double hue = std::fmod(identity * 0.61803398875, 1.0) * 6;
    const auto channel = [hue](double shift) {
        const double distance = std::abs(std::fmod(hue + shift, 6.0) - 3) - 1;
        return static_cast<std::uint8_t>(60 + 140 * std::clamp(distance, 0.0, 1.0));
    };
    return {channel(0), channel(4), channel(2)};
}

void ColorSource::paint(mixer::VideoFrame& picture, ColorMark mark) {
    const auto [width, height] = picture.size();
    const mixer::YuvColor color = mixer::to_yuv(color_of(mark.identity));
    fill_plane(picture.writable_y(), picture.stride_y(), width, height, color.y);
    fill_plane(picture.writable_u(), picture.stride_uv(), width / 2, height / 2, color.u);
    fill_plane(picture.writable_v(), picture.stride_uv(), width / 2, height / 2, color.v);

    const auto rows = rows_of(mark);
    for (int row = 0; row < kRows; ++row) {
        for (int column = 0; column < kColumns; ++column) {
            const mixer::PixelRect rect = cell({0, 0, width, height}, column, row);
            const bool one = (rows[static_cast<std::size_t>(row)] >> (7 - column) & 1) != 0;
            fill_plane(picture.writable_y() + rect.y * picture.stride_y() + rect.x,
                       picture.stride_y(), rect.width, rect.height, one ? kOne : kZero);
        }
    }
}

std::optional<ColorMark> ColorSource::read(const mixer::VideoFrame& canvas, mixer::PixelRect area) {
    std::array<double, kRows * kColumns> cells{};
    for (int i = 0; i < kRows * kColumns; ++i) {
        const auto luma = mean_luma(canvas, cell(area, i % kColumns, i / kColumns));
        if (!luma) return std::nullopt;
        cells[static_cast<std::size_t>(i)] = *luma;
    }
    // Between the darkest and the brightest cell: a dimmed picture reads like any other.
    const auto [darkest, brightest] = std::minmax_element(cells.begin(), cells.end());
    if (*brightest - *darkest < 40) return std::nullopt;
    const double threshold = (*brightest + *darkest) / 2;

    std::array<std::uint8_t, kRows> rows{};
    for (std::size_t i = 0; i < cells.size(); ++i) {
        std::uint8_t& row = rows[i / kColumns];
        row = static_cast<std::uint8_t>(row << 1 | (cells[i] > threshold ? 1 : 0));
    }
    const ColorMark mark{rows[0], static_cast<unsigned>(rows[1] << 8 | rows[2])};
    if (rows_of(mark) != rows) return std::nullopt;
    return mark;
}

mixer::PixelRect ColorSource::area_in(mixer::PixelRect tile, common::PictureSize source,
                                      mixer::Fit fit) {
    mixer::PixelRect area;
    if (mixer::fit_for(source, tile.size(), fit) == mixer::Fit::Letterbox) {
        area = mixer::letterbox(source, tile.size());
    } else {
        const mixer::PixelRect seen = mixer::crop_to_shape(source, tile.size());
        area.width = static_cast<int>(std::lround(1.0 * source.width * tile.width / seen.width));
        area.height =
            static_cast<int>(std::lround(1.0 * source.height * tile.height / seen.height));
        area.x = -static_cast<int>(std::lround(1.0 * seen.x * tile.width / seen.width));
        area.y = -static_cast<int>(std::lround(1.0 * seen.y * tile.height / seen.height));
    }
    area.x += tile.x;
    area.y += tile.y;
    return area;
}

double luma_psnr(const mixer::VideoFrame& a, const mixer::VideoFrame& b) {
    INVARIANT(a.size() == b.size());
    double squares = 0;
    for (int y = 0; y < a.size().height; ++y) {
        for (int x = 0; x < a.size().width; ++x) {
            const double difference = a.y()[y * a.stride_y() + x] - b.y()[y * b.stride_y() + x];
            squares += difference * difference;
        }
    }
    if (squares == 0) return 100;
    return 10 * std::log10(255.0 * 255.0 * a.size().width * a.size().height / squares);
}

}  // namespace tests
