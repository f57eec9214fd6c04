#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/units.h"
#include "mixer/layout/layout_book.h"

namespace ctl {

/// What a preview shows: a room of numbered people.
struct PreviewRoom {
    int people = 5;
    std::vector<int> speakers{1};  ///< most recent first; the first one speaks now
    std::vector<int> pinned;
    std::vector<int> muted;
    std::map<int, std::string> roles{{1, "host"}};
    bool content = false;
    bool viewer = false;  ///< somebody who looks at it is there too, as a further person
    common::PictureSize size{1280, 720};
};

/// A picture of `layout` as the mixer would draw it for that room: everybody by number and with a
/// name, content as a slide. The PNG's bytes.
[[nodiscard]] common::Result<std::vector<std::uint8_t>> preview(const mixer::LayoutBook& book,
                                                                const std::string& layout,
                                                                const PreviewRoom& room);

}  // namespace ctl
