#include "mixer/layout/layout_book.h"

#include <algorithm>
#include <filesystem>
#include <map>
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

/// A file of the set, by layout name, so that a file of the operator's replaces ours.
struct NamedFile {
    std::string_view name;  ///< for errors: with its folder
    std::string_view text;
    bool built_in = false;
};
using LayoutFiles = std::map<std::string, NamedFile, std::less<>>;

std::string layout_name(std::string_view file_name) {
    return std::filesystem::path(file_name).stem().string();
}

LayoutFiles compiled_in() {
    LayoutFiles files;
    for (const BuiltInFile& file : built_in_files()) {
        files[layout_name(file.name)] = {file.name, file.text, true};
    }
    return files;
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

bool has_role(const Candidate& person, const std::string& role) {
    return std::ranges::find(person.roles, role) != person.roles.end();
}

/// Those whom the layout does not leave out; all, when nobody would be left.
void leave_out(const std::string& role, std::vector<const Candidate*>& people) {
    std::vector<const Candidate*> rest;
    std::ranges::copy_if(people, std::back_inserter(rest),
                         [&](const Candidate* person) { return !has_role(*person, role); });
    if (!rest.empty()) people = std::move(rest);
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

/// The people of a request, counted as the choice of a layout counts them.
class HeadCount {
  public:
    explicit HeadCount(const LayoutRequest& request)
        : is_here_(find(request.candidates, request.viewer) != nullptr),
          others_(std::max(static_cast<int>(request.candidates.size()), request.recent_people) -
                  (is_here_ ? 1 : 0)),
          wish_(request.self_view) {}
    /// The tiles that the viewer needs: the others', and its own where it stands among them.
    [[nodiscard]] int tiles(const LayoutRule& layout) const {
        const bool counts_self = is_here_ && shows_self(layout, wish_) && !has_self_tile(layout);
        return std::max(others_ + (counts_self ? 1 : 0), is_here_ ? 1 : 0);
    }

  private:
    bool is_here_;
    int others_;
    SelfView wish_;
};

bool holds(const ServeRow& row, const LayoutRequest& request) {
    const Candidate* viewer = find(request.candidates, request.viewer);
    if (row.content && *row.content != request.content.has_value()) return false;
    if (row.portrait && *row.portrait != (request.canvas_aspect < 1)) return false;
    if (request.canvas_lines > row.most_lines) return false;
    return row.viewer_role.empty() || (viewer != nullptr && has_role(*viewer, row.viewer_role));
}

}  // namespace

std::string LayoutError::text() const {
    if (line == 0) return file + ": " + message;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + message;
}

struct LayoutBook::Impl {
    std::map<std::string, LayoutRule, std::less<>> layouts;
    std::map<std::string, ServeTable, std::less<>> tables;
    std::map<std::string, std::string, std::less<>> files;  ///< by layout; built-in ones are absent

    /// Appends what is wrong to `errors`; null then.
    static std::shared_ptr<const Impl> make(const LayoutFiles& files,
                                            std::vector<LayoutError>& errors);
    [[nodiscard]] const ServeTable* table_for(std::string_view layout) const;
    [[nodiscard]] const LayoutRule& chosen(const ServeTable& table, const LayoutRequest& request,
                                           const HeadCount& count) const;
    [[nodiscard]] const LayoutRule& layout_for(const LayoutRequest& request) const;
    [[nodiscard]] int most_people(std::string_view layout) const;
};

std::shared_ptr<const LayoutBook::Impl> LayoutBook::Impl::make(const LayoutFiles& files,
                                                               std::vector<LayoutError>& errors) {
    const std::size_t errors_before = errors.size();
    auto impl = std::make_shared<Impl>();
    LayoutFiles tables;
    for (const auto& [name, file] : files) {
        if (name == kAutoLayout || is_table(file.text)) tables.emplace(name, file);
        if (!file.built_in) impl->files.emplace(name, file.name);
    }
    const auto is_layout = [&](std::string_view name) {
        return files.contains(name) && !tables.contains(name);
    };
    for (const auto& [name, file] : files) {
        if (tables.contains(name)) continue;
        if (auto layout = parse_layout(file.text, file.name, is_layout, errors)) {
            impl->layouts.emplace(name, std::move(*layout));
        }
    }
    // A table cannot be judged while the layouts it names are not there.
    if (errors.size() > errors_before) return nullptr;
    for (const auto& [name, file] : tables) {
        auto table = parse_table(
            file.text, file.name, [&](std::string_view of) { return impl->most_people(of); },
            errors);
        if (table) impl->tables.emplace(name, std::move(*table));
    }
    return errors.size() > errors_before ? nullptr : impl;
}

int LayoutBook::Impl::most_people(std::string_view layout) const {
    const auto it = layouts.find(layout);
    return it == layouts.end() ? -1 : capacity(it->second);
}

/// Null for a layout that is there and no table.
const ServeTable* LayoutBook::Impl::table_for(std::string_view layout) const {
    if (const auto it = tables.find(layout); it != tables.end()) return &it->second;
    return layouts.contains(layout) ? nullptr : &tables.find(kAutoLayout)->second;
}

const LayoutRule& LayoutBook::Impl::chosen(const ServeTable& table, const LayoutRequest& request,
                                           const HeadCount& count) const {
    const LayoutRule* last = nullptr;
    for (const ServeRow& row : table.rows) {
        if (!holds(row, request)) continue;
        last = &layouts.find(row.layout)->second;
        if (count.tiles(*last) <= row.most_tiles) return *last;
    }
    INVARIANT(last != nullptr);  // the last row holds for everybody
    return *last;
}

const LayoutRule& LayoutBook::Impl::layout_for(const LayoutRequest& request) const {
    const HeadCount count(request);
    const ServeTable* table = table_for(request.layout);
    const LayoutRule& layout =
        table == nullptr ? layouts.find(request.layout)->second : chosen(*table, request, count);
    const int needed = count.tiles(layout);
    const auto row = std::ranges::find_if(
        layout.fewer, [needed](const FewerRow& fewer) { return needed <= fewer.most_people; });
    return row == layout.fewer.end() ? layout : layouts.find(row->layout)->second;
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

LayoutBook::Loaded LayoutBook::from_files(std::span<const File> files) {
    std::vector<LayoutError> errors;
    LayoutFiles all = compiled_in();
    for (const File& file : files) all[layout_name(file.name)] = {file.name, file.text, false};
    auto impl = Impl::make(all, errors);
    if (impl == nullptr) return tl::unexpected(std::move(errors));
    return LayoutBook(std::move(impl));
}

LayoutBook::Loaded LayoutBook::load(const std::string& folder) {
    std::vector<LayoutError> errors;
    const std::vector<File> files = read_layout_folder(folder, errors);
    Loaded loaded = from_files(files);
    if (errors.empty()) return loaded;
    if (!loaded) errors.insert(errors.end(), loaded.error().begin(), loaded.error().end());
    return tl::unexpected(std::move(errors));
}

LayoutBook::Loaded LayoutBook::parse(std::string_view toml, std::string_view file_name) {
    return from_files({{File{std::string(file_name), std::string(toml)}}});
}

bool LayoutBook::has(std::string_view layout) const {
    return impl_->layouts.contains(layout) || impl_->tables.contains(layout);
}

std::vector<std::string> LayoutBook::names() const {
    std::vector<std::string> names;
    for (const LayoutSummary& summary : summaries()) {
        if (summary.name != kAutoLayout) names.push_back(summary.name);
    }
    std::ranges::sort(names);
    return names;
}

std::vector<LayoutSummary> LayoutBook::summaries() const {
    std::vector<LayoutSummary> list;
    const auto file_of = [&](const std::string& name) {
        const auto it = impl_->files.find(name);
        return it == impl_->files.end() ? std::string() : it->second;
    };
    for (const auto& [name, table] : impl_->tables) {
        int most = 0;
        for (const ServeRow& row : table.rows) {
            most = std::max(most, impl_->most_people(row.layout));
        }
        list.push_back({.name = name,
                        .description = table.description,
                        .file = file_of(name),
                        .is_table = true,
                        .most_people = most});
    }
    for (const auto& [name, layout] : impl_->layouts) {
        list.push_back({.name = name,
                        .description = layout.description,
                        .file = file_of(name),
                        .is_table = false,
                        .most_people = capacity(layout),
                        .self_view = layout.self_view,
                        .has_self_tile = has_self_tile(layout),
                        .aspect = layout.canvas.aspect.value_or(16.0 / 9.0)});
    }
    std::ranges::sort(list, {}, [](const LayoutSummary& summary) {
        return std::pair(summary.name != kAutoLayout, summary.name);
    });
    return list;
}

common::Duration LayoutBook::hold(std::string_view layout) const {
    const ServeTable* table = impl_->table_for(layout);
    return table != nullptr ? table->hold : impl_->tables.find(kAutoLayout)->second.hold;
}

const std::string& LayoutBook::serving(const LayoutRequest& request) const {
    return impl_->layout_for(request).name;
}

LayoutPlan LayoutBook::resolve(const LayoutRequest& request) const {
    const LayoutRule& layout = impl_->layout_for(request);
    const Candidate* viewer = find(request.candidates, request.viewer);
    const bool self_shown = shows_self(layout, request.self_view);
    bool self_apart = self_shown && has_self_tile(layout);

    auto people =
        by_importance(request, self_shown && !self_apart ? common::SourceId{} : request.viewer);
    if (!layout.without_role.empty()) leave_out(layout.without_role, people);
    // Alone, one sees that the camera works, unless one wished not to.
    if (people.empty() && viewer != nullptr && request.self_view != SelfView::Hide) {
        people.push_back(viewer);
        self_apart = false;
    }
    const Candidate* content = request.content ? &*request.content : nullptr;
    const auto tiles = place_tiles(layout, static_cast<int>(people.size()), request.canvas_aspect,
                                   content != nullptr);
    const auto seats = seat(tiles,
                            {.people = people,
                             .pinned = request.pinned,
                             .self = self_apart ? viewer : nullptr,
                             .content = content,
                             .previous = request.previous},
                            layout.name);

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

}  // namespace mixer
