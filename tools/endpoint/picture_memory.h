#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/mutex.h"
#include "common/units.h"
#include "tools/endpoint/bar_code.h"

namespace endpoint {

/// What was seen in the pictures of a stream that many participants received: it is decoded once,
/// and whoever was sent the same NAL units saw the same. Kept until the process ends.
///
/// Thread: any.
class PictureMemory {
  public:
    struct Seen {
        common::PictureSize size;
        std::vector<FoundCode> codes;
    };

    /// `hash`: of the picture's NAL units. Only of streams without a gap.
    void keep(const std::string& hash, const Seen& seen);
    [[nodiscard]] std::optional<Seen> find(const std::string& hash) const;
    /// How many pictures from the first on must be decoded: all up to the last that nobody kept.
    [[nodiscard]] std::size_t unknown_until(const std::vector<std::string>& hashes) const;

  private:
    mutable common::Mutex mutex_;
    std::unordered_map<std::string, Seen> seen_ GUARDED_BY(mutex_);
};

}  // namespace endpoint
