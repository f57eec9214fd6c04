#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "mixer/video/frame_pool.h"
#include "mixer/video/pixel_rect.h"
#include "mixer/video/scaler.h"
#include "tools/endpoint/av_video.h"
#include "tools/endpoint/bar_code.h"
#include "tools/endpoint/clip.h"
#include "tools/endpoint/picture_analysis.h"

namespace endpoint {

/// Decoded pictures of one clip, by number; cheap when asked for in (nearly) rising order.
class ClipReader {
  public:
    ClipReader(std::shared_ptr<const Clip> clip, mixer::FramePool& pool);
    [[nodiscard]] mixer::FrameRef picture(std::uint32_t number);

  private:
    std::shared_ptr<const Clip> clip_;
    mixer::FramePool& pool_;
    std::unique_ptr<AvVideoDecoder> decoder_;
    std::int64_t decoded_ = -1;  ///< number of `last_`
    mixer::FrameRef last_;
};

/// Clips of all people, decoded once for all who compare with them.
class ClipShelf {
  public:
    explicit ClipShelf(mixer::FramePool& pool) : pool_(pool) {}
    /// False: the person's clip is not known.
    bool add_person(std::uint32_t who, const std::string& clip_file);
    /// Empty: no such person or picture.
    [[nodiscard]] mixer::FrameRef picture(std::uint32_t who, std::uint32_t number);

  private:
    mixer::FramePool& pool_;
    std::map<std::uint32_t, std::unique_ptr<ClipReader>> readers_;
};

/// Compares received pictures with what a perfect bridge would have sent: each sender's decoded
/// clip picture, scaled by the mixer's Scaler into its tile. Labels (the bottom 22 % of a tile),
/// borders (4 % all round) and what lies between tiles do not count.
class IdealPicture {
  public:
    explicit IdealPicture(mixer::FramePool& pool)
        : IdealPicture(pool, std::make_shared<ClipShelf>(pool)) {}
    IdealPicture(mixer::FramePool& pool, std::shared_ptr<ClipShelf> clips)
        : pool_(pool), clips_(std::move(clips)) {}

    /// False: the person's clip is not known.
    bool add_person(std::uint32_t who, const std::string& clip_file) {
        return clips_->add_person(who, clip_file);
    }
    /// Luma PSNR over all tiles of known people, dB. Empty when there is none.
    [[nodiscard]] std::optional<double> psnr(const mixer::VideoFrame& received,
                                             const std::vector<FoundCode>& codes);

  private:
    struct Error {
        double squares = 0;
        std::uint64_t samples = 0;
    };
    struct Fitted {
        FrameRect seen;         ///< where the codes said the picture is
        mixer::PixelRect tile;  ///< where it is to the pixel
    };
    [[nodiscard]] Error compare(const mixer::VideoFrame& received, const mixer::VideoFrame& clip,
                                const mixer::PixelRect& tile, const mixer::PixelRect& visible);
    [[nodiscard]] mixer::PixelRect fit(std::uint32_t who, const FrameRect& seen,
                                       const mixer::VideoFrame& received,
                                       const mixer::VideoFrame& clip,
                                       const mixer::PixelRect& visible);

    mixer::FramePool& pool_;
    mixer::Scaler scaler_;
    std::shared_ptr<ClipShelf> clips_;
    std::map<std::uint32_t, Fitted> fitted_;
};

}  // namespace endpoint
