#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "mixer/video/frame_pool.h"
#include "tools/endpoint/options.h"
#include "tools/endpoint/picture_analysis.h"
#include "tools/endpoint/picture_memory.h"
#include "tools/endpoint/recording.h"
#include "tools/endpoint/send_table.h"

namespace endpoint {

/// What one participant saw and heard, worked out after the call and written as JSON; with PNG,
/// WAV and the stream itself on request (docs/endpoint.md names every field).
///
/// Thread: `judge` any, at once for several participants.
class Report {
  public:
    Report(const Options& options, const SendTable& table) : options_(options), table_(table) {}

    /// `name`, `identity`: who recorded. Returns the JSON object as text.
    [[nodiscard]] common::Result<std::string> judge(const std::string& name, std::uint32_t identity,
                                                    const Recording& recording) const;

  private:
    [[nodiscard]] common::Result<void> write_files(std::uint32_t identity,
                                                   const Recording& recording,
                                                   const mixer::FrameRef& last,
                                                   const std::vector<float>& samples) const;
    const Options& options_;
    const SendTable& table_;
    mutable PictureMemory memory_;  ///< of all participants: they may have received one stream
};

/// "out.png" for one participant, "out-7.png" where there are several.
[[nodiscard]] std::string file_for(const std::string& name, std::uint32_t identity, int count);

/// SHA-1 of the NAL units of an access unit, without start codes: the same for all who were sent
/// the same picture, however it was packed.
[[nodiscard]] std::string hash_of_nals(const std::vector<std::uint8_t>& annex_b);

}  // namespace endpoint
