// Covers: mixer/layout/layout_parser.cpp mixer/layout/layout_geometry.cpp mixer/layout/seating.cpp
// Covers: mixer/layout/layout_book.cpp mixer/layout/family_geometry.cpp
//
// A layout file, or (first byte '!') an auto table, is read and a small room is shown by it.

#include <set>
#include <string_view>
#include <vector>

#include "mixer/layout/layout_book.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using mixer::LayoutBook;
using mixer::LayoutPlan;
using mixer::LayoutRequest;

std::vector<mixer::Candidate> people(std::size_t count) {
    std::vector<mixer::Candidate> room(count);
    for (std::size_t i = 0; i < count; ++i) {
        room[i].source = {i + 1};
        room[i].name = "Person " + std::to_string(i);
        room[i].has_video = i % 3 != 0;
        if (i % 4 == 1) room[i].roles = {"host"};
    }
    return room;
}

void check_plan(const LayoutPlan& plan) {
    std::set<common::SourceId> seen;
    for (const mixer::Tile& tile : plan.tiles) {
        const mixer::UnitRect& rect = tile.rect;
        FUZZ_EXPECT(rect.width > 0 && rect.height > 0);
        FUZZ_EXPECT(rect.x >= 0 && rect.y >= 0);
        FUZZ_EXPECT(rect.x + rect.width <= 1 + 1e-9 && rect.y + rect.height <= 1 + 1e-9);
        if (tile.source.valid()) FUZZ_EXPECT(seen.insert(tile.source).second);
    }
}

void show(const LayoutBook& book, const char* layout) {
    const std::vector<common::SourceId> speakers{{2}, {5}};
    for (const double aspect : {16.0 / 9, 9.0 / 16}) {
        LayoutPlan previous;
        for (const std::size_t count : {0U, 1U, 2U, 3U, 7U, 12U, 50U}) {
            const auto room = people(count);
            LayoutRequest request;
            request.layout = layout;
            request.viewer = {2};
            request.candidates = room;
            request.speaker_rank = speakers;
            request.canvas_aspect = aspect;
            request.previous = &previous;
            if (count == 7)
                request.content = mixer::Candidate{.source = {99}, .name = "Slides", .roles = {}};
            LayoutPlan plan = book.resolve(request);
            check_plan(plan);
            FUZZ_EXPECT(plan == book.resolve(request));
            FUZZ_EXPECT(plan.layout == book.serving(request));
            previous = std::move(plan);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const bool is_table = text.starts_with('!');
    if (is_table) text.remove_prefix(1);

    const auto book = LayoutBook::parse(text, is_table ? "auto.toml" : "fuzz.toml");
    if (book) {
        show(*book, is_table ? "auto" : "fuzz");
        return 0;
    }
    FUZZ_EXPECT(!book.error().empty());
    for (const auto& error : book.error()) FUZZ_EXPECT(!error.text().empty());
    return 0;
}
