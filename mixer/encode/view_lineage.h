#pragma once

#include <memory>
#include <span>
#include <vector>

#include "common/ids.h"
#include "common/units.h"
#include "mixer/encode/encoder_stage.h"
#include "mixer/layout/layout_plan.h"

namespace mixer {

using ViewerId = common::Id<struct ViewerTag>;

struct ViewerPlan {
    ViewerId viewer;
    PictureKey key;
};

/// Opens Views; the EncoderStage behind an interface, so that lineage is pure and tested alone.
class ViewOpener {
  public:
    virtual ~ViewOpener() = default;
    virtual ViewId open_view() = 0;
};

/// What `update` decided. Views not named show what they showed.
struct LineageChange {
    struct Draw {
        ViewId view;
        PictureKey key;
    };
    struct Move {
        ViewerId viewer;
        ViewId from;
        ViewId to;
    };  ///< `from` is none for a new viewer
    std::vector<Draw> draws;
    std::vector<Move> moves;
    std::vector<ViewId> closed;  ///< empty now: the caller closes them once the moves are done
};

/// Keeps Views alive across changes of plan: groups of viewers with equal plans are matched to the
/// running Views by most shared viewers; a matched View keeps its encoders and draws something
/// else. Views equal for 2 s merge.
///
/// Thread: control thread. Cost: O(viewers x views).
class ViewLineage {
  public:
    explicit ViewLineage(ViewOpener& opener);
    ~ViewLineage();
    /// The full list of viewers and what each should see now. Call again (same plans) once a second
    /// so that merges happen.
    [[nodiscard]] LineageChange update(common::Timestamp now, std::span<const ViewerPlan> viewers);
    [[nodiscard]] ViewId view_of(ViewerId viewer) const;
    [[nodiscard]] std::size_t view_count() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer
