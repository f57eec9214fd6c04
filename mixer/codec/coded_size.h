#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/units.h"

namespace mixer {

/// The largest coded size that any sequence parameter set of an Annex B access unit announces;
/// nothing when
/// there is none (see common::read_coded_size).
[[nodiscard]] std::optional<common::PictureSize> largest_coded_size(
    std::span<const std::uint8_t> access_unit);

/// What a VP8 key frame announces (RFC 6386 9.1); nothing for other frames. The scaling it may ask
/// for is for whoever shows it, and is not looked at.
[[nodiscard]] std::optional<common::PictureSize> vp8_coded_size(
    std::span<const std::uint8_t> frame);

}  // namespace mixer
