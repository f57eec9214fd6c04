#include "tools/endpoint/clip_painter.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "mixer/video/yuv_color.h"
#include "tools/endpoint/bar_code.h"

namespace endpoint {
namespace {

constexpr int kTexture = 512;
constexpr double kTurn = 2 * std::numbers::pi;

/// Noise on three scales, as of plaster and light: fine grain alone would be gone after scaling.
std::vector<std::int8_t> make_texture(std::uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<double> sum(static_cast<std::size_t>(kTexture) * kTexture, 0.0);
    for (const auto& [cell, strength] : {std::pair{64, 12.0}, {16, 7.0}, {4, 3.0}}) {
        const int across = kTexture / cell;
        std::vector<double> knots(static_cast<std::size_t>(across * across));
        for (double& knot : knots) knot = (static_cast<double>(random()) / 4294967295.0 - 0.5) * 2;
        const auto knot = [&](int x, int y) {
            return knots[static_cast<std::size_t>(y % across * across + x % across)];
        };
        for (int y = 0; y < kTexture; ++y) {
            for (int x = 0; x < kTexture; ++x) {
                const double fx = static_cast<double>(x % cell) / cell;
                const double fy = static_cast<double>(y % cell) / cell;
                const int cx = x / cell, cy = y / cell;
                const double top = knot(cx, cy) * (1 - fx) + knot(cx + 1, cy) * fx;
                const double low = knot(cx, cy + 1) * (1 - fx) + knot(cx + 1, cy + 1) * fx;
                sum[static_cast<std::size_t>(y * kTexture + x)] +=
                    strength * (top * (1 - fy) + low * fy);
            }
        }
    }
    std::vector<std::int8_t> texture(sum.size());
    std::transform(sum.begin(), sum.end(), texture.begin(),
                   [](double v) { return static_cast<std::int8_t>(std::lround(v)); });
    return texture;
}

struct Ellipse {
    double x, y, half_width, half_height;
};

/// The columns of row `y` that lie inside; empty: first > last.
std::pair<int, int> span_at(const Ellipse& e, int y, int width) {
    const double dy = (y + 0.5 - e.y) / e.half_height;
    if (std::abs(dy) >= 1) return {1, 0};
    const double half = e.half_width * std::sqrt(1 - dy * dy);
    return {std::max(0, static_cast<int>(std::ceil(e.x - half))),
            std::min(width - 1, static_cast<int>(std::floor(e.x + half)))};
}

void paint_luma(mixer::VideoFrame& on, const Ellipse& e, int luma, double shade,
                const std::vector<std::int8_t>& texture) {
    for (int y = 0; y < on.size().height; ++y) {
        const auto [first, last] = span_at(e, y, on.size().width);
        std::uint8_t* row = on.writable_y() + static_cast<std::ptrdiff_t>(y) * on.stride_y();
        const int ty = (y - static_cast<int>(e.y) + 4 * kTexture) % kTexture;
        for (int x = first; x <= last; ++x) {
            const int tx = (x - static_cast<int>(e.x) + 4 * kTexture) % kTexture;
            const double light = shade * (e.x - x) / e.half_width;  // lit from the left
            const int grain = texture[static_cast<std::size_t>(ty * kTexture + tx)];
            row[x] = static_cast<std::uint8_t>(
                std::clamp(luma + static_cast<int>(light) + grain, 16, 235));
        }
    }
}

void paint_chroma(mixer::VideoFrame& on, const Ellipse& e, mixer::YuvColor color) {
    const Ellipse half{e.x / 2, e.y / 2, e.half_width / 2, e.half_height / 2};
    for (int y = 0; y < on.size().height / 2; ++y) {
        const auto [first, last] = span_at(half, y, on.size().width / 2);
        if (first > last) continue;
        const auto offset = static_cast<std::ptrdiff_t>(y) * on.stride_uv();
        std::fill(on.writable_u() + offset + first, on.writable_u() + offset + last + 1, color.u);
        std::fill(on.writable_v() + offset + first, on.writable_v() + offset + last + 1, color.v);
    }
}

void paint_blob(mixer::VideoFrame& on, const Ellipse& e, mixer::YuvColor color,
                const std::vector<std::int8_t>& texture) {
    paint_luma(on, e, color.y, 22, texture);
    paint_chroma(on, e, color);
}

}  // namespace

IdentityColor identity_color(std::uint32_t identity) {
    // Steps of the golden angle round the colour circle.
    const double hue = std::fmod(0.61803398875 * identity + 0.55, 1.0) * 6;
    const double rising = hue - std::floor(hue);
    const auto level = [](double v) { return static_cast<std::uint8_t>(60 + 130 * v); };
    switch (static_cast<int>(hue)) {
        case 0:
            return {level(1), level(rising), level(0)};
        case 1:
            return {level(1 - rising), level(1), level(0)};
        case 2:
            return {level(0), level(1), level(rising)};
        case 3:
            return {level(0), level(1 - rising), level(1)};
        case 4:
            return {level(rising), level(0), level(1)};
        default:
            return {level(1), level(0), level(1 - rising)};
    }
}

ClipPainter::ClipPainter(std::uint32_t identity, common::PictureSize size)
    : identity_(identity), size_(size), texture_(make_texture(identity + 1)) {}

void ClipPainter::paint(std::uint32_t number, std::uint32_t total, mixer::VideoFrame& on) const {
    const double turn = kTurn * number / total;
    const int w = size_.width, h = size_.height;
    const IdentityColor rgb = identity_color(identity_);
    const mixer::YuvColor wall = mixer::to_yuv(rgb.red, rgb.green, rgb.blue);
    // A pan there and back, with a little tilt.
    const int pan = static_cast<int>(w * 0.06 * std::sin(turn)) + 4 * kTexture;
    const int tilt = static_cast<int>(h * 0.03 * std::sin(2 * turn)) + 4 * kTexture;
    for (int y = 0; y < h; ++y) {
        std::uint8_t* row = on.writable_y() + static_cast<std::ptrdiff_t>(y) * on.stride_y();
        const std::int8_t* grain =
            texture_.data() + static_cast<std::ptrdiff_t>((y + tilt) % kTexture) * kTexture;
        const int light = wall.y + 14 - 28 * y / h;
        for (int x = 0; x < w; ++x) {
            row[x] =
                static_cast<std::uint8_t>(std::clamp(light + grain[(x + pan) % kTexture], 16, 235));
        }
    }
    for (int y = 0; y < h / 2; ++y) {
        const auto offset = static_cast<std::ptrdiff_t>(y) * on.stride_uv();
        std::fill_n(on.writable_u() + offset, w / 2, wall.u);
        std::fill_n(on.writable_v() + offset, w / 2, wall.v);
    }

    const double phase = identity_ * 0.7;
    const double sway = w * 0.05 * std::sin(5 * turn + phase);
    const double nod = h * 0.015 * std::sin(13 * turn + phase);
    const mixer::YuvColor shirt = mixer::to_yuv(255 - rgb.red, 255 - rgb.green, 255 - rgb.blue);
    const mixer::YuvColor skin = mixer::to_yuv(198, 150, 122);
    const mixer::YuvColor hair = mixer::to_yuv(70, 48, 36);
    const double x = 0.5 * w + sway;
    paint_blob(on, {x - 0.3 * sway, 1.02 * h, 0.22 * w, 0.34 * h}, shirt, texture_);
    paint_blob(on, {x, 0.52 * h + nod, 0.105 * h * 16 / 9, 0.235 * h}, hair, texture_);
    paint_blob(on, {x, 0.56 * h + nod, 0.09 * h * 16 / 9, 0.205 * h}, skin, texture_);
    // A hand that waves beside the head.
    const double wave = std::sin(31 * turn + phase);
    paint_blob(on, {0.78 * w + 0.05 * w * wave, 0.62 * h, 0.035 * w, 0.07 * h}, skin, texture_);
    paint_bar_code({on.writable_y(), on.stride_y(), w, h}, {identity_, number});
    // Black and white have no colour.
    for (int cy = 0; cy < h / 8; ++cy) {
        for (int cx = 0; cx < w / 2; ++cx) {
            const int luma = on.y()[static_cast<std::ptrdiff_t>(2 * cy) * on.stride_y() + 2 * cx];
            if (luma != 24 && luma != 226) continue;
            on.writable_u()[static_cast<std::ptrdiff_t>(cy) * on.stride_uv() + cx] = 128;
            on.writable_v()[static_cast<std::ptrdiff_t>(cy) * on.stride_uv() + cx] = 128;
        }
    }
}

}  // namespace endpoint
