#include "mixer/video/text_painter.h"

#include <pango/pangocairo.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "mixer/video/cairo_surface.h"

namespace mixer {
namespace {

// The fonts that tools/setup.sh installs; fontconfig finds the rest for scripts these lack.
constexpr const char* kFamily = "Noto Sans, Noto Sans CJK SC, sans-serif";
constexpr double kPi = std::numbers::pi;

struct LayoutDeleter {
    void operator()(PangoLayout* layout) const { g_object_unref(layout); }
};
using LayoutPtr = std::unique_ptr<PangoLayout, LayoutDeleter>;

struct Rgb {
    double red, green, blue;
};
constexpr Rgb kBox{0.055, 0.063, 0.078};
constexpr double kBoxOpacity = 0.72;
constexpr Rgb kText{0.98, 0.98, 0.99};
constexpr Rgb kMuted{1.0, 0.42, 0.38};

Rgb to_rgb(Color color) {
    return {color.red / 255.0, color.green / 255.0, color.blue / 255.0};
}
Rgb mix(Rgb a, Rgb b, double share_of_b) {
    const auto one = [share_of_b](double x, double y) { return x + (y - x) * share_of_b; };
    return {one(a.red, b.red), one(a.green, b.green), one(a.blue, b.blue)};
}
double luminance(Rgb c) {
    return 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue;
}
void set_color(cairo_t* cairo, Rgb c, double opacity = 1) {
    cairo_set_source_rgba(cairo, c.red, c.green, c.blue, opacity);
}

void rounded_box(cairo_t* cairo, double x, double y, double width, double height, double radius) {
    cairo_new_sub_path(cairo);
    cairo_arc(cairo, x + width - radius, y + radius, radius, -kPi / 2, 0);
    cairo_arc(cairo, x + width - radius, y + height - radius, radius, 0, kPi / 2);
    cairo_arc(cairo, x + radius, y + height - radius, radius, kPi / 2, kPi);
    cairo_arc(cairo, x + radius, y + radius, radius, kPi, 1.5 * kPi);
    cairo_close_path(cairo);
}

/// A crossed-out microphone in the square of side `size` at (x, y).
void draw_muted_mark(cairo_t* cairo, double x, double y, double size) {
    cairo_save(cairo);
    cairo_translate(cairo, x, y);
    cairo_scale(cairo, size, size);
    set_color(cairo, kMuted);
    cairo_set_line_width(cairo, 0.09);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    rounded_box(cairo, 0.36, 0.04, 0.28, 0.52, 0.14);  // the capsule
    cairo_fill(cairo);
    cairo_arc(cairo, 0.5, 0.44, 0.28, 0, kPi);  // the cradle
    cairo_stroke(cairo);
    cairo_move_to(cairo, 0.5, 0.74);  // the stand
    cairo_line_to(cairo, 0.5, 0.93);
    cairo_move_to(cairo, 0.32, 0.94);
    cairo_line_to(cairo, 0.68, 0.94);
    cairo_stroke(cairo);

    cairo_set_operator(cairo, CAIRO_OPERATOR_SOURCE);  // the bar, cut free of the microphone
    set_color(cairo, kBox, kBoxOpacity);
    cairo_set_line_width(cairo, 0.26);
    cairo_move_to(cairo, 0.12, 0.08);
    cairo_line_to(cairo, 0.88, 0.90);
    cairo_stroke(cairo);
    set_color(cairo, kMuted);
    cairo_set_line_width(cairo, 0.10);
    cairo_move_to(cairo, 0.12, 0.08);
    cairo_line_to(cairo, 0.88, 0.90);
    cairo_stroke(cairo);
    cairo_restore(cairo);
}

/// All measures of a label, in pixels.
struct LabelMeasures {
    explicit LabelMeasures(common::PictureSize tile) {
        // A wide tile is judged by its height, a tall one by its width, so that a name always has
        // room.
        const double side = std::min<double>(tile.height, tile.width * 9.0 / 16);
        font = std::min(side * 0.042 + 5, std::max(25.0, side * 0.026));
        height = std::max(2, 2 * static_cast<int>(std::lround(font * 0.88)));
        margin = std::max(2, 2 * static_cast<int>(std::lround(font * 0.3)));
        padding = font * 0.55;
        icon = font * 1.2;
        radius = font * 0.42;
    }
    double font, padding, icon, radius;
    int height, margin;
};

/// The beginning of a name as UTF-8: peers send what they like, and as much of it.
std::string valid_utf8(const std::string& text) {
    constexpr std::size_t kMostBytes = 256;
    gchar* valid =
        g_utf8_make_valid(text.data(), static_cast<gssize>(std::min(text.size(), kMostBytes)));
    std::string result(valid);
    g_free(valid);
    return result;
}

/// Takes the label's colours out of Cairo's premultiplied ARGB. The colour of a chroma sample is
/// the mean of its four pixels weighted by how much each covers.
void fill_from(const CairoSurface& surface, LabelBitmap& label) {
    cairo_surface_flush(surface.surface());
    const int width = label.rect.width;
    for (int y = 0; y < label.rect.height; y += 2) {
        for (int x = 0; x < width; x += 2) {
            Argb block;
            for (int i = 0; i < 4; ++i) {
                const int px = x + i % 2;
                const int py = y + i / 2;
                const Argb pixel = surface.at(px, py);
                const auto at = static_cast<std::size_t>(py * width + px);
                label.coverage.full[at] = static_cast<std::uint8_t>(pixel.alpha);
                label.y[at] = pixel.straight().y;
                block += pixel;
            }
            const YuvColor mean = block.straight();
            const auto at = static_cast<std::size_t>(y / 2 * (width / 2) + x / 2);
            label.u[at] = mean.u;
            label.v[at] = mean.v;
        }
    }
    label.coverage.average_down();
}

}  // namespace

struct TextPainter::Impl {
    Impl()
        : font_map(pango_cairo_font_map_new()), context(pango_font_map_create_context(font_map)) {
        // Widths then do not depend on hinting, and tests see the same picture on every machine.
        cairo_font_options_t* options = cairo_font_options_create();
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
        pango_cairo_context_set_font_options(context, options);
        cairo_font_options_destroy(options);
    }
    ~Impl() {
        g_object_unref(context);
        g_object_unref(font_map);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] LayoutPtr layout(const std::string& text, double font_px,
                                   PangoWeight weight) const {
        LayoutPtr made(pango_layout_new(context));
        PangoFontDescription* font = pango_font_description_from_string(kFamily);
        pango_font_description_set_weight(font, weight);
        pango_font_description_set_absolute_size(font, font_px * PANGO_SCALE);
        pango_layout_set_font_description(made.get(), font);
        pango_font_description_free(font);
        pango_layout_set_single_paragraph_mode(made.get(), TRUE);
        pango_layout_set_ellipsize(made.get(), PANGO_ELLIPSIZE_END);
        const std::string valid = valid_utf8(text);
        pango_layout_set_text(made.get(), valid.data(), static_cast<int>(valid.size()));
        return made;
    }

    /// In the middle of a picture, on a disc, with the current colour.
    void draw_initials(cairo_t* cairo, const std::string& initials, common::PictureSize picture,
                       double diameter) const {
        double font = diameter * 0.38;
        LayoutPtr text = layout(initials, font, PANGO_WEIGHT_SEMIBOLD);
        PangoRectangle ink{}, logical{};
        pango_layout_get_extents(text.get(), &ink, &logical);
        const double widest = diameter * 0.62 * PANGO_SCALE;  // "MW" keeps clear of the disc's edge
        if (ink.width > widest) {
            font *= widest / ink.width;
            text = layout(initials, font, PANGO_WEIGHT_SEMIBOLD);
            pango_layout_get_extents(text.get(), &ink, &logical);
        }
        const auto centred = [](int extent, int start, double room) {
            return (room - static_cast<double>(extent) / PANGO_SCALE) / 2 -
                   static_cast<double>(start) / PANGO_SCALE;
        };
        cairo_move_to(cairo, centred(ink.width, ink.x, picture.width),
                      centred(ink.height, ink.y, picture.height));
        pango_cairo_show_layout(cairo, text.get());
    }

    PangoFontMap* font_map;
    PangoContext* context;
};

TextPainter::TextPainter() : impl_(std::make_unique<Impl>()) {}
TextPainter::~TextPainter() = default;

std::shared_ptr<const LabelBitmap> TextPainter::paint_label(const std::string& name, bool muted,
                                                            common::PictureSize tile) {
    constexpr common::PictureSize kReadable{96, 54};
    if (tile.width < kReadable.width || tile.height < kReadable.height) return nullptr;
    if (name.empty() && !muted) return nullptr;

    const LabelMeasures size(tile);
    const double mark = muted ? size.icon + (name.empty() ? 0 : size.padding * 0.6) : 0;
    const double room = tile.width - 2 * size.margin - 2 * size.padding - mark;
    const LayoutPtr text = impl_->layout(name, size.font, PANGO_WEIGHT_SEMIBOLD);
    pango_layout_set_width(text.get(), static_cast<int>(room * PANGO_SCALE));
    PangoRectangle ink{}, logical{};
    pango_layout_get_extents(text.get(), &ink, &logical);
    const double text_width = static_cast<double>(logical.width) / PANGO_SCALE;
    const double baseline =
        static_cast<double>(pango_layout_get_baseline(text.get())) / PANGO_SCALE;

    auto label = std::make_shared<LabelBitmap>();
    const double wanted = text_width + mark + 2 * size.padding;
    const int width = std::min(2 * static_cast<int>(std::ceil(wanted / 2)),
                               (tile.width - 2 * size.margin) / 2 * 2);
    label->rect = {size.margin, tile.height - size.margin - size.height, width, size.height};
    label->coverage = CoverageMask(width, size.height);
    label->y.resize(label->coverage.full.size());
    label->u.resize(label->coverage.half.size());
    label->v.resize(label->coverage.half.size());

    CairoSurface surface(label->rect.size());
    cairo_t* cairo = surface.cairo();
    set_color(cairo, kBox, kBoxOpacity);
    rounded_box(cairo, 0, 0, width, size.height, size.radius);
    cairo_fill(cairo);
    if (muted) draw_muted_mark(cairo, size.padding, (size.height - size.icon) / 2, size.icon);
    // Centred on the height of capitals, which are 0.71 em in Noto Sans: ascenders and accents of
    // other scripts then have equal room above and below, and names in one row share a base line.
    const double top = size.height / 2.0 + 0.357 * size.font - baseline;
    // A right-to-left name would be set flush right in the room it was given: shift it back.
    const double left = size.padding + mark - static_cast<double>(logical.x) / PANGO_SCALE;
    set_color(cairo, kText);
    cairo_move_to(cairo, left, top);
    pango_cairo_show_layout(cairo, text.get());

    fill_from(surface, *label);
    return label;
}

void TextPainter::paint_avatar(const std::string& initials, Color color, VideoFrame& picture) {
    const Rgb person = to_rgb(color);
    const int width = picture.size().width;
    const int height = picture.size().height;
    const double side = std::min(width, height);
    CairoSurface surface(picture.size());
    cairo_t* cairo = surface.cairo();

    // A tile too small for a disc is the disc.
    const bool small = side < 40;
    const double diameter = small ? side : side * 0.48;
    set_color(cairo, small ? person : mix(person, {0.07, 0.078, 0.094}, 0.82));
    cairo_paint(cairo);
    if (!small) {
        set_color(cairo, person);
        cairo_arc(cairo, width / 2.0, height / 2.0, diameter / 2, 0, 2 * kPi);
        cairo_fill(cairo);
    }

    set_color(cairo, luminance(person) > 0.6 ? kBox : kText);
    impl_->draw_initials(cairo, initials, picture.size(), diameter);
    surface.copy_to(picture);
}

}  // namespace mixer
