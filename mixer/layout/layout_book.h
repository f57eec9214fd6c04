#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "common/units.h"
#include "mixer/layout/layout_plan.h"

namespace mixer {

/// What a layout file got wrong, and where: `grid.toml:7:12: expected ..., found ...`.
struct LayoutError {
    std::string file;
    int line = 0;
    int column = 0;
    std::string message;
    [[nodiscard]] std::string text() const;
};

/// Somebody who could be shown.
struct Candidate {
    common::SourceId source;
    std::string name;
    std::vector<std::string> roles;  ///< "host", ...: for `role` tiles and tables
    bool has_video = false;          ///< a picture may be expected, not only an avatar
    bool muted = false;
    bool speaking = false;
};

enum class SelfView : std::uint8_t { ByLayout, Show, Hide };

/// Everything a plan depends on.
struct LayoutRequest {
    std::string layout = "auto";  ///< a layout's name, or a table's
    common::SourceId viewer;      ///< none for a recorder or a snapshot of the room
    SelfView self_view = SelfView::ByLayout;
    std::span<const Candidate> candidates;           ///< in order of arrival, the viewer among them
    std::span<const common::SourceId> speaker_rank;  ///< most recent speaker first
    std::span<const common::SourceId> pinned;        ///< shown first, in this order
    const LayoutPlan* previous =
        nullptr;  ///< the viewer's plan until now: tiles keep their seat while they can
    std::optional<Candidate> content;  ///< what is presented, with the name of who presents it
    /// The most people who were here within the hold time: they count when it is chosen which
    /// layout serves.
    int recent_people = 0;
    double canvas_aspect = 16.0 / 9.0;
    int canvas_lines = 720;  ///< of the largest picture that the viewer can get
};

/// What there is to know of a layout without drawing it.
struct LayoutSummary {
    std::string name;
    std::string description;
    std::string file;  ///< where it was read; empty: compiled in
    bool is_table = false;
    int most_people = 0;  ///< of a table: that its largest layout shows
    bool self_view = false;
    bool has_self_tile = false;
    double aspect = 16.0 / 9.0;  ///< the shape it is drawn for, or of a common picture
};

/// All layouts of a folder, with the tables that say which serves how many, and whom.
///
/// Pure: no pixels, no clock. Thread: immutable after loading; `resolve` any thread. Copies share
/// what they hold.
class LayoutBook {
  public:
    /// One file: `name` with or without folder, for errors; its stem is the layout's name.
    struct File {
        std::string name;
        std::string text;
        friend bool operator==(const File&, const File&) = default;
    };
    using Loaded = tl::expected<LayoutBook, std::vector<LayoutError>>;

    /// The layouts compiled into the program (mixer/layout/layouts/*.toml).
    static const LayoutBook& built_in();
    /// The built-in set with `files` added or replacing by name; of two of one name the later one
    /// counts. All errors, not only the first.
    static Loaded from_files(std::span<const File> files);
    /// The same with the files of `folder` (*.toml).
    static Loaded load(const std::string& folder);
    /// The same with one file.
    static Loaded parse(std::string_view toml, std::string_view file_name);

    [[nodiscard]] bool has(std::string_view layout) const;
    /// Sorted, tables too; "auto", which every book has, is not among them.
    [[nodiscard]] std::vector<std::string> names() const;
    /// Sorted by name, "auto" first.
    [[nodiscard]] std::vector<LayoutSummary> summaries() const;
    /// How long who left counts for the choice of a layout (LayoutRequest::recent_people), where
    /// `layout` was asked for.
    [[nodiscard]] common::Duration hold(std::string_view layout) const;

    /// The name of the layout that serves: a table's choice made, and the one that takes the
    /// place of a layout with many more tiles than people.
    [[nodiscard]] const std::string& serving(const LayoutRequest& request) const;
    /// An unknown layout name resolves as "auto". Equal requests give equal plans. `canvas_aspect`
    /// is above zero.
    [[nodiscard]] LayoutPlan resolve(const LayoutRequest& request) const;

  private:
    struct Impl;
    explicit LayoutBook(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;
};

/// The layout files (*.toml) of a folder, sorted by name. What cannot be read goes to `errors`.
[[nodiscard]] std::vector<LayoutBook::File> read_layout_folder(const std::string& folder,
                                                               std::vector<LayoutError>& errors);
/// One layout file; nothing, and an error, when it cannot be read or is larger than 1 MiB.
[[nodiscard]] std::optional<LayoutBook::File> read_layout_file(const std::string& path,
                                                               std::vector<LayoutError>& errors);

}  // namespace mixer
