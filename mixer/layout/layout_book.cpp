#include "mixer/layout/layout_book.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include "common/invariant.h"
#include "mixer/layout/avatar_style.h"
#include "mixer/layout/built_in_files.h"
#include "mixer/layout/layout_geometry.h"
#include "mixer/layout/layout_parser.h"
#include "mixer/layout/layout_rule.h"
#include "mixer/layout/seating.h"

namespace mixer {
namespace {

struct LayoutFile {
    std::string name;  ///< for errors: with its folder
    std::string text;
};

/// By layout name, so that a file of the operator's replaces ours.
using LayoutFiles = std::map<std::string, LayoutFile, std::less<>>;

std::string layout_name(std::string_view file_name) {
    return std::filesystem::path(file_name).stem().string();
}

LayoutFiles compiled_in() {
    LayoutFiles files;
    for (const BuiltInFile& file : built_in_files()) {
        files[layout_name(file.name)] = {std::string(file.name), std::string(file.text)};
    }
    return files;
}

bool read_file(const std::filesystem::path& path, LayoutFiles& files) {
    constexpr std::streamsize kMostBytes = 1 << 20;
    std::ifstream in(path, std::ios::binary);
    std::string text(static_cast<std::size_t>(kMostBytes) + 1, '\0');
    in.read(text.data(), kMostBytes + 1);
    if (in.bad() || in.gcount() > kMostBytes || (in.gcount() == 0 && !in.eof())) return false;
    text.resize(static_cast<std::size_t>(in.gcount()));
    files[layout_name(path.string())] = {path.string(), std::move(text)};
    return true;
}

const Candidate* find(std::span<const Candidate> candidates, common::SourceId source) {
    const auto it = std::ranges::find(candidates, source, &Candidate::source);
    return source.valid() && it != candidates.end() ? &*it : nullptr;
}

bool shows_self(const LayoutRule& layout, SelfView wish) {
    return wish == SelfView::ByLayout ? layout.self_view : wish == SelfView::Show;
}

bool has_self_tile(const LayoutRule& layout) {
    return std::ranges::any_of(layout.tiles,
                               [](const TileRule& tile) { return tile.shows == Shows::Self; });
}

Tile fill(const PlacedTile& placed, const CanvasRule& canvas, const Candidate* person) {
    Tile tile;
    tile.rect = placed.rect;
    tile.z = placed.rule.z;
    tile.fit = placed.rule.fit;
    if (person == nullptr) return tile;
    const std::string name = clean_label(person->name);
    tile.source = person->source;
    if (canvas.labels && placed.rule.label) {
        tile.label = name;
        tile.muted = person->muted;
    }
    tile.speaking = person->speaking && placed.rule.border;
    tile.avatar_color = avatar_color_of(name);
    tile.initials = initials_of(name);
    return tile;
}

/// Of equally common ones the first; null if nobody has one.
const LayoutPlan* most_common_past(std::span<const LayoutRequest> requests,
                                   std::span<const std::size_t> members) {
    std::vector<std::pair<const LayoutPlan*, int>> pasts;
    for (const std::size_t member : members) {
        const LayoutPlan* past = requests[member].previous;
        if (past == nullptr) continue;
        const auto known = std::ranges::find_if(
            pasts, [past](const auto& entry) { return *entry.first == *past; });
        if (known != pasts.end()) {
            ++known->second;
        } else {
            pasts.emplace_back(past, 1);
        }
    }
    const auto most =
        std::ranges::max_element(pasts, {}, [](const auto& past) { return past.second; });
    return most == pasts.end() ? nullptr : most->first;
}

}  // namespace

std::string LayoutError::text() const {
    if (line == 0) return file + ": " + message;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + message;
}

struct LayoutBook::Impl {
    std::map<std::string, LayoutRule, std::less<>> layouts;
    AutoTable table;

    /// Appends what is wrong to `errors`; null then.
    static std::shared_ptr<const Impl> make(const LayoutFiles& files,
                                            std::vector<LayoutError>& errors);
    [[nodiscard]] const LayoutRule& layout_for(const LayoutRequest& request) const;
};

std::shared_ptr<const LayoutBook::Impl> LayoutBook::Impl::make(const LayoutFiles& files,
                                                               std::vector<LayoutError>& errors) {
    const std::size_t errors_before = errors.size();
    auto impl = std::make_shared<Impl>();
    for (const auto& [name, file] : files) {
        if (name == kAutoLayout) continue;
        if (auto layout = parse_layout(file.text, file.name, errors)) {
            impl->layouts.emplace(name, std::move(*layout));
        }
    }
    // A table cannot be judged while the layouts it names are not there.
    if (errors.size() > errors_before) return nullptr;
    const auto capacity_of = [&impl](std::string_view name) {
        const auto it = impl->layouts.find(name);
        return it == impl->layouts.end() ? 0 : capacity(it->second);
    };
    const LayoutFile& file = files.find(kAutoLayout)->second;
    auto table = parse_auto_table(file.text, file.name, capacity_of, errors);
    if (!table) return nullptr;
    impl->table = std::move(*table);
    return impl;
}

const LayoutRule& LayoutBook::Impl::layout_for(const LayoutRequest& request) const {
    if (const auto it = layouts.find(request.layout); it != layouts.end()) return it->second;

    const bool is_here = find(request.candidates, request.viewer) != nullptr;
    const auto other_count = static_cast<int>(request.candidates.size()) - (is_here ? 1 : 0);
    for (const AutoRow& row : table.rows) {
        const LayoutRule& layout = layouts.find(row.layout)->second;
        const bool counts_self =
            is_here && shows_self(layout, request.self_view) && !has_self_tile(layout);
        if (other_count + (counts_self ? 1 : 0) <= row.most_tiles) return layout;
    }
    return layouts.find(table.rows.back().layout)->second;
}

LayoutBook::LayoutBook(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

const LayoutBook& LayoutBook::built_in() {
    static const LayoutBook book = [] {
        std::vector<LayoutError> errors;
        auto impl = Impl::make(compiled_in(), errors);
        INVARIANT(impl != nullptr);
        return LayoutBook(std::move(impl));
    }();
    return book;
}

tl::expected<LayoutBook, std::vector<LayoutError>> LayoutBook::load(const std::string& folder) {
    std::vector<LayoutError> errors;
    LayoutFiles files = compiled_in();
    std::error_code failure;
    std::filesystem::directory_iterator entry(folder, failure);
    for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
        const auto& path = entry->path();
        if (path.extension() != ".toml") continue;
        if (!read_file(path, files)) {
            errors.push_back({path.string(), 0, 0, "cannot be read, or is larger than 1 MiB"});
        }
    }
    if (failure) errors.push_back({folder, 0, 0, "cannot be read: " + failure.message()});
    auto impl = Impl::make(files, errors);
    if (!errors.empty()) return tl::unexpected(std::move(errors));
    return LayoutBook(std::move(impl));
}

tl::expected<LayoutBook, std::vector<LayoutError>> LayoutBook::parse(std::string_view toml,
                                                                     std::string_view file_name) {
    std::vector<LayoutError> errors;
    LayoutFiles files = compiled_in();
    files[layout_name(file_name)] = {std::string(file_name), std::string(toml)};
    auto impl = Impl::make(files, errors);
    if (!errors.empty()) return tl::unexpected(std::move(errors));
    return LayoutBook(std::move(impl));
}

bool LayoutBook::has(std::string_view layout) const {
    return layout == kAutoLayout || impl_->layouts.contains(layout);
}

std::vector<std::string> LayoutBook::names() const {
    std::vector<std::string> names;
    for (const auto& [name, layout] : impl_->layouts) names.push_back(name);
    return names;
}

LayoutPlan LayoutBook::resolve(const LayoutRequest& request) const {
    const LayoutRule& layout = impl_->layout_for(request);
    const bool self_shown = shows_self(layout, request.self_view);
    const bool self_apart = has_self_tile(layout);
    const Candidate* viewer = find(request.candidates, request.viewer);

    const auto people =
        by_importance(request, self_shown && !self_apart ? common::SourceId{} : request.viewer);
    const auto tiles = place_tiles(layout, static_cast<int>(people.size()), request.canvas_aspect);
    const auto seats = seat(tiles, people, self_shown && self_apart ? viewer : nullptr, layout.name,
                            request.previous);

    LayoutPlan plan{.layout = layout.name,
                    .background = layout.canvas.background,
                    .speaker_border = layout.canvas.speaker_border,
                    .aspect = request.canvas_aspect,
                    .tiles = {}};
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        plan.tiles.push_back(fill(tiles[i], layout.canvas, seats[i]));
    }
    return plan;
}

std::vector<LayoutPlan> LayoutBook::resolve_all(std::span<const LayoutRequest> requests) const {
    // Those who would see the same if nobody had a past need the same picture.
    struct Group {
        LayoutPlan fresh;
        std::vector<std::size_t> members;
    };
    std::vector<Group> groups;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        LayoutRequest without_past = requests[i];
        without_past.previous = nullptr;
        LayoutPlan fresh = resolve(without_past);
        auto group = std::ranges::find(groups, fresh, &Group::fresh);
        if (group == groups.end()) group = groups.insert(groups.end(), {std::move(fresh), {}});
        group->members.push_back(i);
    }

    std::vector<LayoutPlan> plans(requests.size());
    for (const Group& group : groups) {
        LayoutRequest request = requests[group.members.front()];
        request.previous = most_common_past(requests, group.members);
        const LayoutPlan plan = resolve(request);
        for (const std::size_t member : group.members) plans[member] = plan;
    }
    return plans;
}

}  // namespace mixer
