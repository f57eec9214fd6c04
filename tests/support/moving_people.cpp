#include "tests/support/moving_people.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tests {
namespace {

constexpr int kTextureSide = 256;
constexpr std::size_t kNoiseLength = 65536;

struct Random {
    std::uint32_t state;
    std::uint32_t next() { return (state = state * 1664525u + 1013904223u) >> 8; }
};

std::uint8_t clamped(int value) {
    return static_cast<std::uint8_t>(std::clamp(value, 16, 235));
}

/// Smooth bumps of several sizes, like cloth, hair and book shelves.
int bumps(double x, double y) {
    return static_cast<int>(40 * std::sin(x / 23) * std::cos(y / 31) +
                            25 * std::sin(x / 7 + y / 11) +
                            12 * std::sin(x / 2.3) * std::sin(y / 2.9));
}

}  // namespace

MovingPeople::MovingPeople(common::PictureSize size, int people, std::uint32_t seed)
    : size_(size), people_(people), seed_(seed) {
    for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x)
            room_.push_back(clamped(110 + bumps(x * 0.7, y * 0.7) / 2));
    }
    for (int y = 0; y < kTextureSide; ++y) {
        for (int x = 0; x < kTextureSide; ++x)
            texture_.push_back(clamped(140 + bumps(x * 1.3, y * 1.1)));
    }
    Random random{seed};
    for (std::size_t i = 0; i < kNoiseLength; ++i) {
        const auto sum = static_cast<int>(random.next() % 4 + random.next() % 4);
        noise_.push_back(static_cast<std::int8_t>(sum - 3));
    }
}

mixer::FrameRef MovingPeople::paint(mixer::FramePool& pool, int index,
                                    common::Timestamp media_time) const {
    mixer::FrameWriter frame = pool.acquire(size_);
    if (!frame) return {};
    for (int y = 0; y < size_.height; ++y) {
        std::memcpy(frame->writable_y() + y * frame->stride_y(), room_.data() + y * size_.width,
                    static_cast<std::size_t>(size_.width));
    }
    for (int y = 0; y < size_.height / 2; ++y) {
        std::memset(frame->writable_u() + y * frame->stride_uv(), 118,
                    static_cast<std::size_t>(size_.width / 2));
        std::memset(frame->writable_v() + y * frame->stride_uv(), 134,
                    static_cast<std::size_t>(size_.width / 2));
    }
    for (int person = 0; person < people_; ++person) paint_person(*frame, person, index);
    add_noise(*frame, index);
    frame->set_media_time(media_time);
    return std::move(frame).publish();
}

void MovingPeople::paint_person(mixer::VideoFrame& frame, int person, int index) const {
    const int columns = static_cast<int>(std::ceil(std::sqrt(people_)));
    const double cell_width = size_.width / columns;
    const double cell_height = size_.height / columns;
    const double phase = index / 30.0 * (1.1 + 0.23 * person) + person + seed_;
    const double center_x =
        cell_width * (person % columns + 0.5) + cell_width * 0.12 * std::sin(phase * 1.7);
    const double center_y =
        cell_height * (person / columns + 0.55) + cell_height * 0.06 * std::sin(phase * 2.9);
    const double radius_x = cell_width * 0.24;
    const double radius_y = cell_height * (0.36 + 0.02 * std::sin(phase * 5));

    const int top = std::max(0, static_cast<int>(center_y - radius_y));
    const int bottom = std::min(size_.height - 1, static_cast<int>(center_y + radius_y));
    for (int y = top; y <= bottom; ++y) {
        const double dy = (y - center_y) / radius_y;
        const double half = radius_x * std::sqrt(std::max(0.0, 1 - dy * dy));
        const int left = std::max(0, static_cast<int>(center_x - half));
        const int right = std::min(size_.width - 1, static_cast<int>(center_x + half));
        const int texture_y = static_cast<int>(y - center_y + 4096 + person * 37) % kTextureSide;
        for (int x = left; x <= right; ++x) {
            const int texture_x =
                static_cast<int>(x - center_x + 4096 + person * 61) % kTextureSide;
            frame.writable_y()[y * frame.stride_y() + x] =
                texture_[static_cast<std::size_t>(texture_y * kTextureSide + texture_x)];
            frame.writable_u()[y / 2 * frame.stride_uv() + x / 2] =
                static_cast<std::uint8_t>(100 + 5 * (person % 8));
            frame.writable_v()[y / 2 * frame.stride_uv() + x / 2] =
                static_cast<std::uint8_t>(150 - 3 * (person % 8));
        }
    }
}

void MovingPeople::add_noise(mixer::VideoFrame& frame, int index) const {
    Random random{seed_ * 7919u + static_cast<std::uint32_t>(index)};
    for (int y = 0; y < size_.height; ++y) {
        const std::size_t offset =
            random.next() % (kNoiseLength - static_cast<std::size_t>(size_.width));
        std::uint8_t* row = frame.writable_y() + y * frame.stride_y();
        for (int x = 0; x < size_.width; ++x) {
            row[x] =
                static_cast<std::uint8_t>(row[x] + noise_[offset + static_cast<std::size_t>(x)]);
        }
    }
}

}  // namespace tests
