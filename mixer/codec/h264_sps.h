#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/units.h"

namespace mixer {

/// The coded size (whole macroblocks, before cropping) that a sequence parameter set announces.
/// `sps` is one NAL unit without its start code (ITU-T H.264 7.3.2.1.1). Nothing when it cannot be
/// read.
[[nodiscard]] std::optional<common::PictureSize> read_coded_size(std::span<const std::uint8_t> sps);

/// The largest coded size that any sequence parameter set of an Annex B access unit announces;
/// nothing when there is none.
[[nodiscard]] std::optional<common::PictureSize> largest_coded_size(
    std::span<const std::uint8_t> access_unit);

}  // namespace mixer
