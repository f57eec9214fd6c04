#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/media_types.h"
#include "common/units.h"

namespace mixer {

/// Out: one encoded picture as an immutable list of NAL units (H.264, without start codes; of VP8
/// the frame is the only one), shared
/// by all who get it. It holds no SSRC, sequence number or RTP timestamp: each session keeps its
/// own line of them.
struct EncodedPicture {
    common::Timestamp media_time;  ///< the tick it was composed for
    bool key = false;  ///< IDR; its parameter sets come first in `nals`; a VP8 key frame
    common::VideoCodec codec = common::VideoCodec::H264;
    common::PictureSize size;
    std::uint64_t rendition = 0;                      ///< which Rendition made it
    std::vector<std::span<const std::uint8_t>> nals;  ///< into `storage`
    std::vector<std::uint8_t> storage;
};

using EncodedPictureRef = std::shared_ptr<const EncodedPicture>;

/// Where a viewer's pictures go: a session's packetizer, the recorder's tap.
class PictureSink {
  public:
    virtual ~PictureSink() = default;
    /// Media pool thread; must not block (post to your own thread). In order of media time; the
    /// first one after a (re)start is a key picture.
    virtual void on_picture(const EncodedPictureRef& picture) = 0;
};

}  // namespace mixer
