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
    std::string role;  ///< "", "host", ... (a later layout's `role` tiles)
    bool has_video = false;
    bool muted = false;
    bool speaking = false;
};

enum class SelfView : std::uint8_t { ByLayout, Show, Hide };

/// Everything a plan depends on.
struct LayoutRequest {
    std::string layout = "auto";  ///< a layout's name, or "auto": the table decides
    common::SourceId viewer;      ///< none for a recorder or a snapshot of the room
    SelfView self_view = SelfView::ByLayout;
    std::span<const Candidate> candidates;           ///< in order of arrival, the viewer among them
    std::span<const common::SourceId> speaker_rank;  ///< most recent speaker first
    std::span<const common::SourceId> pinned;        ///< shown first, in this order
    const LayoutPlan* previous =
        nullptr;  ///< the viewer's plan until now: tiles keep their seat while they can
    bool content_on = false;
    double canvas_aspect = 16.0 / 9.0;
};

/// All layouts of a folder, with the table that says which serves how many.
///
/// Pure: no pixels, no clock. Thread: immutable after loading; `resolve` any thread.
class LayoutBook {
  public:
    /// The layouts compiled into the program (mixer/layout/layouts/*.toml).
    static const LayoutBook& built_in();
    /// The built-in set with the files of `folder` (*.toml) added or replacing by name. All errors,
    /// not only the first.
    static tl::expected<LayoutBook, std::vector<LayoutError>> load(const std::string& folder);
    /// The built-in set with one file's text added or replacing by name: `file_name` without folder
    /// and `.toml` is the layout's name; `auto.toml` is the table.
    static tl::expected<LayoutBook, std::vector<LayoutError>> parse(std::string_view toml,
                                                                    std::string_view file_name);

    [[nodiscard]] bool has(std::string_view layout) const;
    /// Sorted; "auto", which every book has, is not among them.
    [[nodiscard]] std::vector<std::string> names() const;
    /// An unknown layout name resolves as "auto". Equal requests give equal plans. `canvas_aspect`
    /// is above zero.
    [[nodiscard]] LayoutPlan resolve(const LayoutRequest& request) const;
    /// One plan per request. Viewers who need the same picture get equal plans although they come
    /// with different pasts (a late joiner with none): the past that most of them share decides
    /// their seats.
    [[nodiscard]] std::vector<LayoutPlan> resolve_all(
        std::span<const LayoutRequest> requests) const;

  private:
    struct Impl;
    explicit LayoutBook(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;
};

}  // namespace mixer
