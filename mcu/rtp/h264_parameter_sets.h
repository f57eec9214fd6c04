#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/h264_sps.h"

namespace mcu {

/// The SPS and PPS a stream's pictures refer to, from signalling and from the stream itself; the
/// newest of an id wins.
///
/// A set that is no good (an SPS of 16384x16384) is refused and leaves what was known as it is.
class H264ParameterSets {
  public:
    static constexpr std::size_t kMaxSetBytes = 1024;

    /// The value of `sprop-parameter-sets` (RFC 6184 8.1): base64 NAL units with commas between.
    /// False when one of them is broken; the others are taken.
    bool add_sprop(std::string_view value);
    /// A NAL unit of type SPS or PPS. False: refused, and `refusal` says why.
    bool add(std::span<const std::uint8_t> nal);

    [[nodiscard]] bool complete() const { return !sps_.empty() && !pps_.empty(); }
    /// Puts all sets in front of `annex_b`, start codes included.
    void prepend_to(std::vector<std::uint8_t>& annex_b) const;
    /// Of the SPS that came last.
    [[nodiscard]] const std::optional<common::H264Sps>& sps() const { return last_sps_; }
    [[nodiscard]] std::optional<common::SpsError> refusal() const { return refusal_; }
    [[nodiscard]] std::uint64_t refused_count() const { return refused_count_; }

  private:
    bool add_sps(std::span<const std::uint8_t> nal);
    bool add_pps(std::span<const std::uint8_t> nal);
    bool refuse(common::SpsError error);

    std::map<std::uint32_t, std::vector<std::uint8_t>>
        sps_;  ///< by id, at most 32 (H.264 7.4.2.1.1)
    std::map<std::uint32_t, std::vector<std::uint8_t>> pps_;  ///< by id, at most 256
    std::optional<common::H264Sps> last_sps_;
    std::optional<common::SpsError> refusal_;
    std::uint64_t refused_count_ = 0;
};

}  // namespace mcu
