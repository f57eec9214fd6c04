#include "mixer/video/compositor.h"

#include <utility>
#include <vector>

#include "mixer/video/drawing.h"
#include "mixer/video/tile_fitter.h"

namespace mixer {
namespace {

constexpr common::Duration kDimAfter = std::chrono::seconds(2);
constexpr common::Duration kAvatarAfter = std::chrono::seconds(10);
/// A canvas that none of so many ticks needed goes back to the pool.
constexpr std::uint64_t kTicksKept = 300;

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
        TileNeed need;
        Look look;
        FrameRef picture;
        bool used;
    };

    /// A canvas that is kept from tick to tick, so that a tick need not ask the pool.
    struct Kept {
        FrameRef canvas;
        std::uint64_t scene = 0;  ///< the serial of what is drawn on it
        std::uint64_t used = 0;   ///< the last tick that drew on it
    };

    explicit Impl(FramePool& frame_pool) : pool(frame_pool), fitter(frame_pool) {}

    struct Canvas {
        FrameWriter picture;
        bool has_scene = false;  ///< the same scene was drawn on it before
    };
    Canvas canvas_for(const Scene& scene);
    void keep(const FrameRef& canvas, std::uint64_t scene);

    FrameRef fitted(const DuePicture& due, const TileNeed& need, Look look);
    FrameRef scale(const VideoFrame& frame, const TileNeed& need, Look look);
    FrameRef picture_for(const SceneTile& tile, const DuePictures& pictures, common::Timestamp now);

    FramePool& pool;
    TileFitter fitter;
    std::vector<Scaled> cache;  // a linear search: one entry per distinct (source, tile size)
    std::vector<Kept> kept;
    std::uint64_t ticks = 0;
    std::uint64_t scale_count = 0;
    std::uint64_t exhausted_count = 0;
};

/// One that the encoders are done with, of the same scene if there is one, or another from the
/// pool.
Compositor::Impl::Canvas Compositor::Impl::canvas_for(const Scene& scene) {
    Kept* best = nullptr;
    for (Kept& each : kept) {
        if (!each.canvas.sole() || each.canvas->size() != scene.size) continue;
        if (best == nullptr || each.scene == scene.serial) best = &each;
    }
    if (best == nullptr) return {pool.acquire(scene.size)};
    best->used = ticks;
    return {FramePool::renew(std::exchange(best->canvas, {})), best->scene == scene.serial};
}

void Compositor::Impl::keep(const FrameRef& canvas, std::uint64_t scene) {
    for (Kept& each : kept) {
        if (each.canvas) continue;
        each = {canvas, scene, ticks};
        return;
    }
    kept.push_back({canvas, scene, ticks});
}

/// The picture in the size of the tile: as its decoder made it, or from the cache where another
/// canvas of this tick wanted the same.
FrameRef Compositor::Impl::fitted(const DuePicture& due, const TileNeed& need, Look look) {
    const FrameRef& frame = due.frame;
    if (look == Look::Live) {
        if (frame->size() == need.size) return frame;
        for (const FittedPicture& made : due.fitted) {
            if (made.picture && made.tile == need) return made.picture;
        }
    }
    for (Scaled& entry : cache) {
        if (entry.serial != frame->serial() || entry.need != need || entry.look != look) continue;
        entry.used = true;
        return entry.picture;
    }
    FrameRef picture = scale(*frame, need, look);
    if (picture) cache.push_back({frame->serial(), need, look, picture, true});
    return picture;
}

FrameRef Compositor::Impl::scale(const VideoFrame& frame, const TileNeed& need, Look look) {
    FrameWriter made = fitter.fit(frame, need);
    if (!made) {
        ++exhausted_count;
        return {};
    }
    ++scale_count;
    if (look == Look::Dimmed) dim(*made);
    return std::move(made).publish();
}

FrameRef Compositor::Impl::picture_for(const SceneTile& tile, const DuePictures& pictures,
                                       common::Timestamp now) {
    if (!tile.source.valid()) return {};
    const DuePicture* due = pictures.find(tile.source);
    const Look look = look_of(due, now);
    return look == Look::Avatar ? tile.avatar : fitted(*due, {tile.rect.size(), tile.fit}, look);
}

Compositor::Compositor(FramePool& pool) : impl_(std::make_unique<Impl>(pool)) {}
Compositor::~Compositor() = default;

void Compositor::begin_tick(common::Timestamp) {
    ++impl_->ticks;
    std::erase_if(impl_->kept, [&](const Impl::Kept& each) {
        return !each.canvas || impl_->ticks - each.used > kTicksKept;
    });
    std::erase_if(impl_->cache, [](const Impl::Scaled& entry) { return !entry.used; });
    for (Impl::Scaled& entry : impl_->cache) entry.used = false;
}

FrameRef Compositor::compose(const Scene& scene, const DuePictures& pictures,
                             common::Timestamp now) {
    Impl::Canvas found = impl_->canvas_for(scene);
    FrameWriter& canvas = found.picture;
    if (!canvas) {
        ++impl_->exhausted_count;
        return {};
    }
    const YuvColor border = to_yuv(scene.speaker_border);
    const YuvColor outline = to_yuv(scene.outline);
    const YuvColor background = to_yuv(scene.background);
    if (!found.has_scene) {
        for (const PixelRect& part : scene.empty) fill(*canvas, part, background);
    }
    for (const PixelRect& part : scene.bare) fill(*canvas, part, background);
    for (const SceneTile& tile : scene.tiles) {
        const FrameRef picture = impl_->picture_for(tile, pictures, now);
        if (!picture) {  // an empty slot is background
            if (tile.opaque) fill(*canvas, tile.rect, background);
            continue;
        }
        paint(*canvas, tile.rect, *picture, tile.shape.get());
        if (tile.label) paint_label(*canvas, tile.rect.x, tile.rect.y, *tile.label);
        if ((tile.speaking || tile.outlined) && tile.shape) {
            paint_ring(*canvas, tile.rect, *tile.shape, tile.speaking ? border : outline);
        }
    }
    canvas->set_media_time(now);
    FrameRef drawn = std::move(canvas).publish();
    impl_->keep(drawn, scene.serial);
    return drawn;
}

std::uint64_t Compositor::scale_count() const {
    return impl_->scale_count;
}
std::uint64_t Compositor::exhausted_count() const {
    return impl_->exhausted_count;
}

}  // namespace mixer
