#include <algorithm>
#include <atomic>
#include <list>
#include <numeric>
#include <tuple>

#include "common/invariant.h"
#include "mixer/video/drawing.h"
#include "mixer/video/frame_pool.h"
#include "mixer/video/scene.h"
#include "mixer/video/text_painter.h"

namespace mixer {
namespace {

/// The `capacity` most recently used values.
template <typename Key, typename Value>
class RecentlyUsed {
  public:
    explicit RecentlyUsed(std::size_t capacity) : capacity_(capacity) {}

    template <typename Make>
    Value find_or(const Key& key, Make make) {
        const auto found = std::find_if(entries_.begin(), entries_.end(),
                                        [&key](const auto& entry) { return entry.first == key; });
        if (found != entries_.end()) {
            entries_.splice(entries_.begin(), entries_, found);
            return found->second;
        }
        Value made = make();
        if (!made) return made;  // tried again next time
        entries_.emplace_front(key, made);
        if (entries_.size() > capacity_) entries_.pop_back();
        return made;
    }

  private:
    const std::size_t capacity_;
    std::list<std::pair<Key, Value>> entries_;
};

// Name, muted, width, height.
using LabelKey = std::tuple<std::string, bool, int, int>;
// Initials, red, green, blue, width, height.
using AvatarKey = std::tuple<std::string, int, int, int, int, int>;

// 49 tiles on each of a few canvases; beyond that the oldest are drawn again when they come back.
constexpr std::size_t kLabels = 512;
constexpr std::size_t kAvatars = 128;
constexpr std::size_t kShapes = 64;

int even(double value) {
    return 2 * static_cast<int>(value / 2 + 0.5);
}

std::vector<const Tile*> in_painting_order(const LayoutPlan& plan) {
    std::vector<const Tile*> order;
    for (const Tile& tile : plan.tiles) order.push_back(&tile);
    std::stable_sort(order.begin(), order.end(),
                     [](const Tile* a, const Tile* b) { return a->z < b->z; });
    return order;
}

bool overlap(const PixelRect& a, const PixelRect& b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

/// What a tile covers whatever lies below: a cross, where its corners are rounded.
void add_covered(const SceneTile& tile, std::vector<PixelRect>& covered) {
    const PixelRect& at = tile.rect;
    const int radius = tile.shape ? tile.shape->radius : 0;
    if (radius == 0) {
        covered.push_back(at);
        return;
    }
    covered.push_back({at.x + radius, at.y, at.width - 2 * radius, radius});
    covered.push_back({at.x, at.y + radius, at.width, at.height - 2 * radius});
    covered.push_back({at.x + radius, at.y + at.height - radius, at.width - 2 * radius, radius});
}

bool touch(const PixelRect& one, const PixelRect& other) {
    return one.x < other.x + other.width && other.x < one.x + one.width &&
           one.y < other.y + other.height && other.y < one.y + one.height;
}

/// Bands of rows in which the same columns are bare; every tile's edge ends one, so that a part
/// beside a tile is not one with a part within it.
void find_bare_parts(Scene& scene) {
    std::vector<PixelRect> covered;
    std::vector<int> edges{0, scene.size.height};
    const auto ends_at = [&](const PixelRect& rect) {
        edges.push_back(rect.y);
        edges.push_back(rect.y + rect.height);
    };
    for (const SceneTile& tile : scene.tiles) {
        if (tile.opaque) add_covered(tile, covered);
        ends_at(tile.rect);
    }
    for (const PixelRect& rect : covered) ends_at(rect);
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    std::sort(covered.begin(), covered.end(),
              [](const PixelRect& a, const PixelRect& b) { return a.x < b.x; });

    const auto add = [&](const PixelRect& part) {
        const bool touched = std::any_of(scene.tiles.begin(), scene.tiles.end(),
                                         [&](const auto& tile) { return touch(tile.rect, part); });
        (touched ? scene.bare : scene.empty).push_back(part);
    };
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        const int top = edges[i];
        const int height = edges[i + 1] - top;
        int x = 0;
        for (const PixelRect& rect : covered) {
            if (rect.y > top || rect.y + rect.height <= top) continue;
            if (rect.x > x) add({x, top, rect.x - x, height});
            x = std::max(x, rect.x + rect.width);
        }
        if (x < scene.size.width) add({x, top, scene.size.width - x, height});
    }
}

std::uint64_t next_serial() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

/// Between the background and white: two dark pictures, one on the other, are still two.
Color outline_on(Color background) {
    const auto lighter = [](std::uint8_t c) {
        return static_cast<std::uint8_t>(c + (255 - c) / 3);
    };
    return {lighter(background.red), lighter(background.green), lighter(background.blue)};
}

}  // namespace

struct SceneBuilder::Impl {
    explicit Impl(FramePool& frame_pool) : pool(frame_pool) {}

    std::shared_ptr<const TileShape> shape_for(common::PictureSize tile, bool whole_canvas) {
        const double side = std::min(tile.width, tile.height);
        // A picture that fills the canvas is cut by nobody but the viewer's own screen.
        const int radius = whole_canvas ? 0 : std::clamp(even(side * 0.04), 0, 20);
        const int ring = std::clamp(even(side * 0.015), 2, 8);
        return shapes.find_or(std::pair(radius, ring), [=] {
            return std::shared_ptr<const TileShape>(std::make_shared<TileShape>(radius, ring));
        });
    }

    std::shared_ptr<const LabelBitmap> label_for(const Tile& tile, common::PictureSize size) {
        return labels.find_or(LabelKey(tile.label, tile.muted, size.width, size.height),
                              [&] { return painter.paint_label(tile.label, tile.muted, size); });
    }

    FrameRef avatar_for(const Tile& tile, common::PictureSize size) {
        const Color color = tile.avatar_color;
        return avatars.find_or(
            AvatarKey(tile.initials, color.red, color.green, color.blue, size.width, size.height),
            [&]() -> FrameRef {
                FrameWriter picture = pool.acquire(size);
                if (!picture) return {};  // the tile stays background until there is room
                painter.paint_avatar(tile.initials, color, *picture);
                return std::move(picture).publish();
            });
    }

    SceneTile draw(const Tile& tile, common::PictureSize canvas) {
        SceneTile drawn;
        drawn.rect = to_pixels(tile.rect, canvas);
        drawn.fit = tile.fit;
        drawn.source = tile.source;
        drawn.speaking = tile.speaking;
        const common::PictureSize size = drawn.rect.size();
        drawn.shape = shape_for(size, size == canvas);
        if (tile.source.valid()) {
            drawn.label = label_for(tile, size);
            drawn.avatar = avatar_for(tile, size);
        }
        return drawn;
    }

    FramePool& pool;
    TextPainter painter;
    RecentlyUsed<LabelKey, std::shared_ptr<const LabelBitmap>> labels{kLabels};
    RecentlyUsed<AvatarKey, FrameRef> avatars{kAvatars};
    RecentlyUsed<std::pair<int, int>, std::shared_ptr<const TileShape>> shapes{kShapes};
};

SceneBuilder::SceneBuilder(FramePool& pool) : impl_(std::make_unique<Impl>(pool)) {}
SceneBuilder::~SceneBuilder() = default;

std::shared_ptr<const Scene> SceneBuilder::build(const LayoutPlan& plan, common::PictureSize size) {
    INVARIANT(size.width % 2 == 0 && size.height % 2 == 0);
    auto scene = std::make_shared<Scene>();
    scene->size = size;
    scene->background = plan.background;
    scene->speaker_border = plan.speaker_border;
    scene->outline = outline_on(plan.background);
    for (const Tile* tile : in_painting_order(plan)) {
        SceneTile drawn = impl_->draw(*tile, size);
        drawn.outlined =
            std::any_of(scene->tiles.begin(), scene->tiles.end(), [&drawn](const SceneTile& below) {
                return below.source.valid() && overlap(below.rect, drawn.rect);
            });
        drawn.opaque = drawn.source.valid() && !drawn.outlined;
        scene->tiles.push_back(std::move(drawn));
    }
    find_bare_parts(*scene);
    scene->serial = next_serial();
    return scene;
}

}  // namespace mixer
