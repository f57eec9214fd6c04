#pragma once

#include <cstdint>
#include <vector>

#include "common/units.h"
#include "mixer/video/frame_pool.h"

namespace tests {

/// A meeting to encode: a textured room, heads and shoulders that sway and nod, and the noise of
/// cheap cameras. Picture `index` is always the same one.
class MovingPeople {
  public:
    MovingPeople(common::PictureSize size, int people, std::uint32_t seed = 1);
    [[nodiscard]] mixer::FrameRef paint(mixer::FramePool& pool, int index,
                                        common::Timestamp media_time) const;

  private:
    void paint_person(mixer::VideoFrame& frame, int person, int index) const;
    void add_noise(mixer::VideoFrame& frame, int index) const;

    common::PictureSize size_;
    int people_;
    std::uint32_t seed_;
    std::vector<std::uint8_t> room_;     // luma, size_
    std::vector<std::uint8_t> texture_;  // 256 x 256, what people are made of
    std::vector<std::int8_t> noise_;
};

}  // namespace tests
