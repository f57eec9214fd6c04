#include "mixer/encode/rung_ladder.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "common/h264_level.h"
#include "common/invariant.h"

namespace mixer {
namespace {

std::int64_t area(common::PictureSize size) {
    return std::int64_t{size.width} * size.height;
}

int largest_divisor(int number, int at_most) {
    for (int divisor = std::min(number, at_most); divisor > 1; --divisor) {
        if (number % divisor == 0) return divisor;
    }
    return 1;
}

/// Keeps the rung's aspect and its bits per pixel.
Rung shrunk_into(const Rung& rung, common::PictureSize limit) {
    if (rung.size.width <= limit.width && rung.size.height <= limit.height) return rung;
    Rung shrunk = rung;
    const bool by_width = std::int64_t{limit.width} * rung.size.height <=
                          std::int64_t{limit.height} * rung.size.width;
    if (by_width) {
        shrunk.size = {limit.width, static_cast<int>(std::int64_t{rung.size.height} * limit.width /
                                                     rung.size.width)};
    } else {
        shrunk.size = {
            static_cast<int>(std::int64_t{rung.size.width} * limit.height / rung.size.height),
            limit.height};
    }
    shrunk.size.width &= ~1;
    shrunk.size.height &= ~1;
    shrunk.bitrate =
        common::Bitrate::from_bps(rung.bitrate.bps() * area(shrunk.size) / area(rung.size));
    return shrunk;
}

/// A room whose picture is taller than wide has the same rungs upright.
Rung turned_for(Rung rung, common::PictureSize limit) {
    const bool wide = rung.size.width > rung.size.height;
    if (limit.height > limit.width && wide) std::swap(rung.size.width, rung.size.height);
    return rung;
}

/// Rounding may leave them a row or a column apart.
bool touch_same_limit(common::PictureSize a, common::PictureSize b) {
    return a.width == b.width || a.height == b.height;
}

/// Empty when the rung fits.
std::string excess(const Rung& rung, const StreamNeeds& needs) {
    const std::int64_t mbs = macroblocks(rung.size);
    const auto over = [](const char* what, std::int64_t has, std::int64_t may) {
        return std::to_string(has) + " " + what + " where the peer takes " + std::to_string(may);
    };
    if (mbs > needs.max_frame_size_mbs)
        return over("macroblocks per picture (max-fs)", mbs, needs.max_frame_size_mbs);
    if (needs.max_frames_per_second > 0 && rung.frames_per_second > needs.max_frames_per_second) {
        return over("pictures per second (max-fr)", rung.frames_per_second,
                    needs.max_frames_per_second);
    }
    const std::int64_t rate = mbs * rung.frames_per_second;
    if (rate > needs.max_macroblocks_per_second) {
        return over("macroblocks per second (max-mbps)", rate, needs.max_macroblocks_per_second);
    }
    if (needs.max_bitrate.bps() > 0 && rung.bitrate > needs.max_bitrate) {
        return over("bit/s", rung.bitrate.bps(), needs.max_bitrate.bps());
    }
    return {};
}

}  // namespace

std::vector<Rung> default_rungs() {
    using common::Bitrate;
    return {
        {.name = "1080p30",
         .size = {1920, 1080},
         .frames_per_second = 30,
         .bitrate = Bitrate::from_kbps(2500)},
        {.name = "720p30",
         .size = {1280, 720},
         .frames_per_second = 30,
         .bitrate = Bitrate::from_kbps(1000)},
        // 848, not 854: whole macroblocks, and what room systems call w480p.
        {.name = "480p30",
         .size = {848, 480},
         .frames_per_second = 30,
         .bitrate = Bitrate::from_kbps(600)},
        {.name = "360p30",
         .size = {640, 360},
         .frames_per_second = 30,
         .bitrate = Bitrate::from_kbps(350)},
        // Twice this is no more than 360p30: who is sent every packet twice need not do with 180p.
        {.name = "240p30",
         .size = {432, 240},
         .frames_per_second = 30,
         .bitrate = Bitrate::from_kbps(170)},
        {.name = "180p15",
         .size = {320, 180},
         .frames_per_second = 15,
         .bitrate = Bitrate::from_kbps(70)},
    };
}

common::Result<std::vector<Rung>> rungs_for(std::span<const Rung> table, const StreamNeeds& needs,
                                            int ticks_per_second) {
    std::vector<Rung> allowed;
    bool last_is_shrunk = false;
    std::string smallest_excess = "the table of rungs is empty";
    for (const Rung& entry : table) {
        const Rung turned = turned_for(entry, needs.max_size);
        Rung rung = shrunk_into(turned, needs.max_size);
        rung.frames_per_second = largest_divisor(ticks_per_second, entry.frames_per_second);
        const int lines = std::min(rung.size.width, rung.size.height);
        rung.name = std::to_string(lines) + "p" + std::to_string(rung.frames_per_second);
        const std::string too_much = excess(rung, needs);
        if (too_much.empty()) {
            // 1080p and 720p shrunk to one limit are one rung: the cheaper one.
            if (last_is_shrunk && touch_same_limit(allowed.back().size, rung.size)) {
                allowed.pop_back();
            }
            last_is_shrunk = rung.size != turned.size;
            allowed.push_back(std::move(rung));
        } else {
            smallest_excess = "the smallest rung, " + rung.name + ", has " + too_much;
        }
    }
    if (allowed.empty()) {
        return common::fail(common::ErrorCode::Unsupported,
                            "no picture fits this peer: " + smallest_excess);
    }
    return allowed;
}

const Rung& best_rung(std::span<const Rung> allowed, std::optional<common::Bitrate> budget) {
    INVARIANT(!allowed.empty());
    if (!budget) return allowed.front();
    const auto fits = std::find_if(allowed.begin(), allowed.end(),
                                   [&](const Rung& rung) { return rung.bitrate <= *budget; });
    return fits == allowed.end() ? allowed.back() : *fits;
}

std::vector<Rung> no_larger_than(std::span<const Rung> allowed, int lines) {
    INVARIANT(!allowed.empty());
    std::vector<Rung> fitting;
    std::ranges::copy_if(allowed, std::back_inserter(fitting), [lines](const Rung& rung) {
        return lines == 0 || std::min(rung.size.width, rung.size.height) <= lines;
    });
    if (fitting.empty()) fitting.push_back(allowed.back());
    return fitting;
}

std::vector<common::Bitrate> kept_rungs(std::vector<RungWish> wishes, int most) {
    INVARIANT(most >= 1);
    std::ranges::sort(wishes, std::greater(), [](const RungWish& w) { return w.rung.bitrate; });
    std::vector<RungWish> kept;
    for (RungWish& wish : wishes) {
        if (!kept.empty() && kept.back().rung.bitrate == wish.rung.bitrate) {
            kept.back().viewers += wish.viewers;
        } else {
            kept.push_back(std::move(wish));
        }
    }
    while (kept.size() > static_cast<std::size_t>(most)) {
        const auto fewest = std::min_element(
            kept.begin(), kept.end() - 1,
            [](const RungWish& a, const RungWish& b) { return a.viewers < b.viewers; });
        (fewest + 1)->viewers += fewest->viewers;
        kept.erase(fewest);
    }
    std::vector<common::Bitrate> bitrates;
    for (const RungWish& wish : kept) bitrates.push_back(wish.rung.bitrate);
    return bitrates;
}

}  // namespace mixer
