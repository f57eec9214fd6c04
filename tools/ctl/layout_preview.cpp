#include "tools/ctl/layout_preview.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "mixer/video/compositor.h"
#include "mixer/video/frame_pool.h"
#include "mixer/video/png.h"
#include "mixer/video/scene.h"
#include "mixer/video/yuv_color.h"

namespace ctl {
namespace {

using common::PictureSize;
using common::SourceId;
using mixer::Candidate;
using mixer::Color;

constexpr std::size_t kMostPictureBytes = std::size_t{256} << 20;
/// Above all numbers of people.
constexpr SourceId kContent{1'000'000};
constexpr SourceId kViewer{1'000'001};

std::string name_of(int number) {
    static constexpr std::array kNames{
        "Anna Berg",   "Boris Klein", "Clara Wolf", "Dmitri Orlov", "Emi Tanaka",
        "Farid Aziz",  "Grete Holm",  "Hugo Marin", "Inês Duarte",  "Jan Novák",
        "Katja Lind",  "Li Wei",      "Mia Rossi",  "Nils Dahl",    "Olga Petrova",
        "Pablo Reyes", "Qiang Sun",   "Rosa Conti", "Sami Haddad",  "Tove Berglund"};
    const auto i = static_cast<std::size_t>(number) - 1;
    return i < kNames.size() ? kNames[i] : "Guest " + std::to_string(number);
}

bool contains(const std::vector<int>& numbers, int number) {
    return std::ranges::find(numbers, number) != numbers.end();
}

std::vector<SourceId> sources_of(const std::vector<int>& numbers) {
    std::vector<SourceId> sources;
    for (const int number : numbers) sources.push_back({static_cast<std::uint64_t>(number)});
    return sources;
}

std::vector<Candidate> people_in(const PreviewRoom& room) {
    std::vector<Candidate> people;
    for (int number = 1; number <= room.people; ++number) {
        Candidate person;
        person.source = {static_cast<std::uint64_t>(number)};
        person.name = name_of(number);
        const auto role = room.roles.find(number);
        if (role != room.roles.end()) person.roles.push_back(role->second);
        person.has_video = true;
        person.muted = contains(room.muted, number);
        person.speaking = !room.speakers.empty() && room.speakers.front() == number;
        people.push_back(std::move(person));
    }
    if (room.viewer) people.push_back({.source = kViewer, .name = "You", .roles = {}});
    return people;
}

void fill(std::uint8_t* plane, int stride, int left, int top, int width, int height,
          std::uint8_t value) {
    for (int y = top; y < top + height; ++y) {
        std::memset(plane + static_cast<std::ptrdiff_t>(y) * stride + left, value,
                    static_cast<std::size_t>(width));
    }
}

void fill(mixer::VideoFrame& on, int left, int top, int width, int height, Color color) {
    const mixer::YuvColor yuv = mixer::to_yuv(color);
    fill(on.writable_y(), on.stride_y(), left, top, width, height, yuv.y);
    fill(on.writable_u(), on.stride_uv(), left / 2, top / 2, width / 2, height / 2, yuv.u);
    fill(on.writable_v(), on.stride_uv(), left / 2, top / 2, width / 2, height / 2, yuv.v);
}

/// A slide of 16:9: a heading, lines of text, a chart.
mixer::FrameRef paint_slide(mixer::FramePool& pool) {
    mixer::FrameWriter slide = pool.acquire({1280, 720});
    if (!slide) return {};
    constexpr Color kPaper{0xf4, 0xf5, 0xf7};
    constexpr Color kHeading{0x2d, 0x4a, 0x7a};
    constexpr Color kText{0xc4, 0xca, 0xd4};
    constexpr Color kBar{0x5b, 0x9b, 0xd5};
    fill(*slide, 0, 0, 1280, 720, kPaper);
    fill(*slide, 80, 72, 640, 56, kHeading);
    for (int line = 0; line < 6; ++line) {
        fill(*slide, 80, 208 + line * 72, line % 3 == 2 ? 360 : 520, 24, kText);
    }
    for (int bar = 0; bar < 5; ++bar) {
        const int height = 120 + bar * bar * 20;
        fill(*slide, 720 + bar * 96, 608 - height, 64, height, kBar);
    }
    return std::move(slide).publish();
}

/// Only content has a picture; people are their avatars.
class Slide final : public mixer::DuePictures {
  public:
    Slide(mixer::FrameRef slide, common::Timestamp now) : slide_{std::move(slide), {}, now} {}
    [[nodiscard]] const mixer::DuePicture* find(SourceId source) const override {
        return source == kContent ? &slide_ : nullptr;
    }

  private:
    mixer::DuePicture slide_;
};

/// Numbers say more here than initials do.
void number_tiles(mixer::LayoutPlan& plan) {
    for (mixer::Tile& tile : plan.tiles) {
        if (tile.source.valid() && tile.source < kContent) {
            tile.initials = std::to_string(tile.source.value);
        }
    }
}

}  // namespace

common::Result<std::vector<std::uint8_t>> preview(const mixer::LayoutBook& book,
                                                  const std::string& layout,
                                                  const PreviewRoom& room) {
    const std::vector<Candidate> people = people_in(room);
    const std::vector<SourceId> speakers = sources_of(room.speakers);
    const std::vector<SourceId> pinned = sources_of(room.pinned);
    mixer::LayoutRequest request;
    request.layout = layout;
    if (room.viewer) request.viewer = kViewer;
    request.candidates = people;
    request.speaker_rank = speakers;
    request.pinned = pinned;
    if (room.content) {
        request.content = Candidate{.source = kContent, .name = "Slides of Anna Berg", .roles = {}};
    }
    request.canvas_aspect = static_cast<double>(room.size.width) / room.size.height;
    request.canvas_lines = std::min(room.size.width, room.size.height);
    mixer::LayoutPlan plan = book.resolve(request);
    number_tiles(plan);

    mixer::FramePool pool(kMostPictureBytes);
    const common::Timestamp now;
    const Slide slide(paint_slide(pool), now);
    const auto scene = mixer::SceneBuilder(pool).build(plan, room.size);
    mixer::Compositor compositor(pool);
    compositor.begin_tick(now);
    const mixer::FrameRef picture = compositor.compose(*scene, slide, now);
    if (!picture) return common::fail(common::ErrorCode::LimitReached, "no memory for the picture");
    return mixer::encode_png(*picture);
}

}  // namespace ctl
