#include "mixer/video/compositor.h"

#include <vector>

#include "mixer/video/drawing.h"
#include "mixer/video/scaler.h"

namespace mixer {
namespace {

constexpr common::Duration kDimAfter = std::chrono::seconds(2);
constexpr common::Duration kAvatarAfter = std::chrono::seconds(10);
/// Beside a letterboxed picture: darker than any background, so that the bars read as bars.
constexpr YuvColor kBars{18, 128, 128};

enum class Look : std::uint8_t { Live, Dimmed, Avatar };

Look look_of(const DuePicture* due, common::Timestamp now) {
    if (due == nullptr || !due->frame) return Look::Avatar;
    const common::Duration still = now - due->last_change;
    if (still >= kAvatarAfter) return Look::Avatar;
    return still >= kDimAfter ? Look::Dimmed : Look::Live;
}

}  // namespace

struct Compositor::Impl {
    struct Scaled {
        std::uint64_t serial;
        common::PictureSize size;
        Fit fit;
        Look look;
        FrameRef picture;
        bool used;
    };

    explicit Impl(FramePool& frame_pool) : pool(frame_pool) {}

    FrameRef fitted(const FrameRef& frame, const SceneTile& tile, Look look);
    FrameRef scale(const VideoFrame& frame, const SceneTile& tile, Look look);
    FrameRef picture_for(const SceneTile& tile, const DuePictures& pictures, common::Timestamp now);

    FramePool& pool;
    Scaler scaler;
    std::vector<Scaled> cache;  // a linear search: one entry per distinct (source, tile size)
    std::uint64_t scale_count = 0;
    std::uint64_t exhausted_count = 0;
};

/// The picture in the size of the tile, from the cache where another canvas of this tick wanted the
/// same.
FrameRef Compositor::Impl::fitted(const FrameRef& frame, const SceneTile& tile, Look look) {
    const common::PictureSize size = tile.rect.size();
    if (frame->size() == size && look == Look::Live) return frame;
    for (Scaled& entry : cache) {
        if (entry.serial != frame->serial() || entry.size != size) continue;
        if (entry.fit != tile.fit || entry.look != look) continue;
        entry.used = true;
        return entry.picture;
    }
    FrameRef picture = scale(*frame, tile, look);
    if (picture) cache.push_back({frame->serial(), size, tile.fit, look, picture, true});
    return picture;
}

FrameRef Compositor::Impl::scale(const VideoFrame& frame, const SceneTile& tile, Look look) {
    const common::PictureSize size = tile.rect.size();
    FrameWriter made = pool.acquire(size);
    if (!made) {
        ++exhausted_count;
        return {};
    }
    ++scale_count;
    const PixelRect whole{0, 0, frame.size().width, frame.size().height};
    if (fit_for(frame.size(), size, tile.fit) == Fit::Crop) {
        scaler.scale(frame, crop_to_shape(frame.size(), size), *made,
                     {0, 0, size.width, size.height});
    } else {
        const PixelRect inner = letterbox(frame.size(), size);
        if (inner.size() != size) fill(*made, {0, 0, size.width, size.height}, kBars);
        scaler.scale(frame, whole, *made, inner);
    }
    if (look == Look::Dimmed) dim(*made);
    made->set_media_time(frame.media_time());
    return std::move(made).publish();
}

FrameRef Compositor::Impl::picture_for(const SceneTile& tile, const DuePictures& pictures,
                                       common::Timestamp now) {
    if (!tile.source.valid()) return {};
    const DuePicture* due = pictures.find(tile.source);
    const Look look = look_of(due, now);
    return look == Look::Avatar ? tile.avatar : fitted(due->frame, tile, look);
}

Compositor::Compositor(FramePool& pool) : impl_(std::make_unique<Impl>(pool)) {}
Compositor::~Compositor() = default;

void Compositor::begin_tick(common::Timestamp) {
    std::erase_if(impl_->cache, [](const Impl::Scaled& entry) { return !entry.used; });
    for (Impl::Scaled& entry : impl_->cache) entry.used = false;
}

FrameRef Compositor::compose(const Scene& scene, const DuePictures& pictures,
                             common::Timestamp now) {
    FrameWriter canvas = impl_->pool.acquire(scene.size);
    if (!canvas) {
        ++impl_->exhausted_count;
        return {};
    }
    const YuvColor border = to_yuv(scene.speaker_border);
    const YuvColor outline = to_yuv(scene.outline);
    fill(*canvas, {0, 0, scene.size.width, scene.size.height}, to_yuv(scene.background));
    for (const SceneTile& tile : scene.tiles) {
        const FrameRef picture = impl_->picture_for(tile, pictures, now);
        if (!picture) continue;  // an empty slot is background
        paint(*canvas, tile.rect, *picture, tile.shape.get());
        if (tile.label) paint_label(*canvas, tile.rect.x, tile.rect.y, *tile.label);
        if ((tile.speaking || tile.outlined) && tile.shape) {
            paint_ring(*canvas, tile.rect, *tile.shape, tile.speaking ? border : outline);
        }
    }
    canvas->set_media_time(now);
    return std::move(canvas).publish();
}

std::uint64_t Compositor::scale_count() const {
    return impl_->scale_count;
}
std::uint64_t Compositor::exhausted_count() const {
    return impl_->exhausted_count;
}

}  // namespace mixer
