#include <utility>

#include "common/log.h"
#include "mixer/codec/video_decoder.h"

namespace mixer {
namespace {

class AnyDecoder final : public VideoDecoder {
  public:
    explicit AnyDecoder(FramePool& pool) : pool_(pool) {}

    tl::expected<FrameRef, VideoDecodeError> decode(const common::EncodedFrame& frame) override {
        if ((!decoder_ || frame.codec != codec_) && !open(frame.codec)) {
            return tl::unexpected(VideoDecodeError::NoMemory);
        }
        decoder_->make_halves(make_halves_);
        return decoder_->decode(frame);
    }
    [[nodiscard]] bool concealed() const override { return decoder_ && decoder_->concealed(); }
    void make_halves(bool wanted) override { make_halves_ = wanted; }
    [[nodiscard]] FrameRef take_half() override {
        return decoder_ ? decoder_->take_half() : FrameRef();
    }

  private:
    bool open(common::VideoCodec codec) {
        decoder_.reset();
        auto opened = make_decoder(codec, pool_);
        if (!opened) {
            if (!std::exchange(refused_, true)) LOG_WARNING("{}", opened.error().message);
            return false;
        }
        decoder_ = std::move(*opened);
        codec_ = codec;
        return true;
    }

    FramePool& pool_;
    std::unique_ptr<VideoDecoder> decoder_;
    common::VideoCodec codec_ = common::VideoCodec::H264;
    bool make_halves_ = false;
    bool refused_ = false;
};

}  // namespace

std::unique_ptr<VideoDecoder> make_video_decoder(FramePool& pool) {
    return std::make_unique<AnyDecoder>(pool);
}

}  // namespace mixer
