#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/units.h"
#include "mixer/video/video_frame.h"
#include "tools/endpoint/bar_code.h"
#include "tools/endpoint/recording.h"
#include "tools/endpoint/send_table.h"

namespace endpoint {

/// One received picture after decoding: what a viewer could know of it.
struct SeenPicture {
    std::int64_t arrived_ns = 0;
    std::int64_t released_ns = 0;
    bool key = false, decoded = false, follows_gap = false;
    common::PictureSize size;
    std::vector<FoundCode> codes;
};

/// Percentiles of a set of values; zeros when it is empty.
struct Spread {
    double p50 = 0, p95 = 0, worst = 0, mean = 0;
    std::size_t count = 0;
};
[[nodiscard]] Spread spread_of(std::vector<double> values);

struct Freeze {
    std::int64_t begin_ns = 0, end_ns = 0;
};

/// A person as seen.
struct SeenPerson {
    FrameRect tile;  ///< where, at the end: the median of the last second
    std::size_t pictures = 0, advances = 0;
    std::int64_t first_ns = 0, last_ns = 0;
    std::vector<Freeze> freezes;  ///< this one stood for > 500 ms, as released
    Spread latency_ms;
};

struct PictureFindings {
    std::size_t pictures = 0, judged = 0, advanced = 0;
    double seconds = 0;  ///< judged
    /// Pictures in which >= 95 % of the visible codes advanced. One that cannot be read, but can
    /// within a second around, is visible and stands.
    double fps = 0;
    double arrival_fps = 0;       ///< pictures, advanced or not
    std::vector<Freeze> freezes;  ///< > 500 ms without an advance, as released
    /// From the last whole picture before packets that never came to the next key frame.
    std::vector<Freeze> damages;
    std::vector<std::int64_t> key_frames_ns;
    std::vector<std::int64_t> advances_ns;   ///< when the pictures that `fps` counts arrived
    std::vector<common::PictureSize> sizes;  ///< in order of appearance
    std::map<std::uint32_t, SeenPerson> people;
    Spread latency_ms;                           ///< of all advances of all people
    std::vector<double> latency_percentiles_ms;  ///< of the same: 0, 1, ... 100 %
    std::int64_t first_picture_ns = 0;           ///< decodable; 0: none
};

/// Judges what was seen from `skip_ns` after the first picture to the end. `sent` may be null:
/// then there is no latency.
[[nodiscard]] PictureFindings judge_pictures(std::span<const SeenPicture> seen,
                                             std::int64_t skip_ns, const SendTable* sent);

/// Does this access unit hold an IDR (nal_unit_type 5)?
[[nodiscard]] bool has_idr(std::span<const std::uint8_t> annex_b);

}  // namespace endpoint
