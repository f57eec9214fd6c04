#include "tools/endpoint/ideal_picture.h"

#include <algorithm>
#include <cmath>

namespace endpoint {
namespace {

constexpr double kLabelShare = 0.22, kBorderShare = 0.04;

int even(double value) {
    return static_cast<int>(std::lround(value / 2)) * 2;
}

mixer::PixelRect rounded(const FrameRect& frame) {
    return {even(frame.left), even(frame.top), even(frame.width), even(frame.height)};
}

mixer::PixelRect common_part(const mixer::PixelRect& a, const mixer::PixelRect& b) {
    const int x0 = std::max(a.x, b.x), y0 = std::max(a.y, b.y);
    const int x1 = std::min(a.x + a.width, b.x + b.width);
    const int y1 = std::min(a.y + a.height, b.y + b.height);
    return {x0, y0, std::max(0, x1 - x0), std::max(0, y1 - y0)};
}

/// What of a picture is its own: cropped pictures reach into their neighbours' tiles, and the line
/// between two tiles lies half way between their middles.
mixer::PixelRect visible_part(const FoundCode& own, const std::vector<FoundCode>& codes,
                              common::PictureSize size) {
    mixer::PixelRect part = common_part(rounded(own.frame), {0, 0, size.width, size.height});
    const double x = own.frame.left + own.frame.width / 2;
    const double y = own.frame.top + own.frame.height / 2;
    for (const FoundCode& other : codes) {
        const mixer::PixelRect overlap = common_part(part, rounded(other.frame));
        if (&other == &own || overlap.width == 0 || overlap.height == 0) continue;
        const double ox = other.frame.left + other.frame.width / 2;
        const double oy = other.frame.top + other.frame.height / 2;
        if (std::abs(ox - x) > std::abs(oy - y)) {
            const int edge = even((x + ox) / 2);
            part = common_part(part, ox > x ? mixer::PixelRect{0, 0, edge, size.height}
                                            : mixer::PixelRect{edge, 0, size.width, size.height});
        } else {
            const int edge = even((y + oy) / 2);
            part = common_part(part, oy > y ? mixer::PixelRect{0, 0, size.width, edge}
                                            : mixer::PixelRect{0, edge, size.width, size.height});
        }
    }
    const int border_x = even(part.width * kBorderShare) + 2;
    const int border_y = even(part.height * kBorderShare) + 2;
    const int label = even(part.height * kLabelShare);
    return {part.x + border_x, part.y + border_y, part.width - 2 * border_x,
            part.height - 2 * border_y - label};
}

bool near(const FrameRect& a, const FrameRect& b) {
    return std::abs(a.left - b.left) < 3 && std::abs(a.top - b.top) < 3 &&
           std::abs(a.width - b.width) < 3 && std::abs(a.height - b.height) < 3;
}

}  // namespace

ClipReader::ClipReader(std::shared_ptr<const Clip> clip, mixer::FramePool& pool)
    : clip_(std::move(clip)), pool_(pool) {}

mixer::FrameRef ClipReader::picture(std::uint32_t number) {
    if (number >= clip_->size()) return {};
    if (decoded_ == number) return last_;
    // Begin at the key frame before it, unless we are already between the two.
    std::uint32_t key = number;
    while (key > 0 && !clip_->is_key(key)) --key;
    if (decoder_ == nullptr || decoded_ < key || decoded_ > number) {
        decoder_ = std::make_unique<AvVideoDecoder>(pool_);
        decoded_ = std::int64_t{key} - 1;
    }
    while (decoded_ < number) {
        ++decoded_;
        mixer::FrameRef next =
            decoder_->decode(clip_->access_unit(static_cast<std::uint32_t>(decoded_)));
        if (next) last_ = std::move(next);
    }
    return last_;
}

bool ClipShelf::add_person(std::uint32_t who, const std::string& clip_file) {
    if (readers_.contains(who)) return true;
    if (clip_file.empty()) return false;
    auto clip = Clip::load(clip_file);
    if (!clip) return false;
    readers_[who] = std::make_unique<ClipReader>(*clip, pool_);
    return true;
}

mixer::FrameRef ClipShelf::picture(std::uint32_t who, std::uint32_t number) {
    const auto reader = readers_.find(who);
    return reader == readers_.end() ? mixer::FrameRef() : reader->second->picture(number);
}

IdealPicture::Error IdealPicture::compare(const mixer::VideoFrame& received,
                                          const mixer::VideoFrame& clip,
                                          const mixer::PixelRect& tile,
                                          const mixer::PixelRect& visible) {
    mixer::FrameWriter scaled = pool_.acquire(tile.size());
    if (!scaled) return {};
    scaler_.scale(clip, mixer::crop_to_shape(clip.size(), tile.size()), *scaled,
                  {0, 0, tile.width, tile.height});
    const mixer::PixelRect part = common_part(visible, tile);
    Error error;
    for (int y = part.y; y < part.y + part.height; ++y) {
        const std::uint8_t* got =
            received.y() + static_cast<std::ptrdiff_t>(y) * received.stride_y() + part.x;
        const std::uint8_t* ideal = scaled->y() +
                                    static_cast<std::ptrdiff_t>(y - tile.y) * scaled->stride_y() +
                                    (part.x - tile.x);
        std::uint64_t row = 0;
        for (int x = 0; x < part.width; ++x) {
            const int difference = got[x] - ideal[x];
            row += static_cast<std::uint64_t>(difference * difference);
        }
        error.squares += static_cast<double>(row);
    }
    error.samples =
        static_cast<std::uint64_t>(part.width) * static_cast<std::uint64_t>(part.height);
    return error;
}

/// Codes say where a picture lies to about a sample; the best match around there is where it is.
mixer::PixelRect IdealPicture::fit(std::uint32_t who, const FrameRect& seen,
                                   const mixer::VideoFrame& received, const mixer::VideoFrame& clip,
                                   const mixer::PixelRect& visible) {
    const auto known = fitted_.find(who);
    if (known != fitted_.end() && near(known->second.seen, seen)) return known->second.tile;
    mixer::PixelRect best = rounded(seen);
    const auto error_at = [&](const mixer::PixelRect& tile) {
        const Error error = compare(received, clip, tile, visible);
        return error.samples == 0 ? 1e9 : error.squares / static_cast<double>(error.samples);
    };
    double least = error_at(best);
    for (bool better = true; better;) {
        better = false;
        const mixer::PixelRect from = best;
        for (const auto& [dx, dy, dw, dh] : {std::array{2, 0, 0, 0},
                                             {-2, 0, 0, 0},
                                             {0, 2, 0, 0},
                                             {0, -2, 0, 0},
                                             {0, 0, 2, 0},
                                             {0, 0, -2, 0},
                                             {0, 0, 0, 2},
                                             {0, 0, 0, -2}}) {
            const mixer::PixelRect next{from.x + dx, from.y + dy, from.width + dw,
                                        from.height + dh};
            const double error = error_at(next);
            if (error >= least) continue;
            least = error;
            best = next;
            better = true;
        }
    }
    fitted_[who] = {seen, best};
    return best;
}

std::optional<double> IdealPicture::psnr(const mixer::VideoFrame& received,
                                         const std::vector<FoundCode>& codes) {
    Error total;
    for (const FoundCode& found : codes) {
        const mixer::FrameRef clip = clips_->picture(found.code.who, found.code.frame);
        if (!clip) continue;
        const mixer::PixelRect visible = visible_part(found, codes, received.size());
        if (visible.width < 16 || visible.height < 16) continue;
        const mixer::PixelRect tile = fit(found.code.who, found.frame, received, *clip, visible);
        const Error error = compare(received, *clip, tile, visible);
        total.squares += error.squares;
        total.samples += error.samples;
    }
    if (total.samples == 0) return std::nullopt;
    const double mean = total.squares / static_cast<double>(total.samples);
    return mean <= 0 ? 100.0 : std::min(100.0, 10 * std::log10(255 * 255 / mean));
}

}  // namespace endpoint
