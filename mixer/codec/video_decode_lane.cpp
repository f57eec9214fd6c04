#include "mixer/codec/video_decode_lane.h"

#include <algorithm>

#include "common/thread_cpu.h"

namespace mixer {
namespace {

constexpr std::size_t kMostWaiting = 8;
constexpr common::Duration kPatience = std::chrono::seconds(2);

void count(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) {
    counter.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace

VideoDecodeLane::VideoDecodeLane(common::Executor& media_pool, const common::Clock& clock,
                                 std::unique_ptr<VideoDecoder> decoder, FramePool& frames,
                                 VideoPlayout& playout, KeyFrameRequester& requester)
    : SerialJob(media_pool),
      clock_(clock),
      decoder_(std::move(decoder)),
      fitter_(frames),
      playout_(playout),
      requester_(requester),
      queue_(kMostWaiting, common::WhenFull::DropOldest) {}

VideoDecodeLane::~VideoDecodeLane() = default;

void VideoDecodeLane::push(common::EncodedFrame frame) {
    if (!shown_.load(std::memory_order_relaxed)) {
        count(counters_.dropped);
        gap_.store(true, std::memory_order_relaxed);
        return;
    }
    // Only this thread adds, so what is full now has not grown since; the decoder may have made
    // room: no harm.
    if (queue_.depth() == queue_.capacity()) {
        while (queue_.pop()) count(counters_.dropped);
        gap_.store(true, std::memory_order_relaxed);
    }
    queue_.push({std::move(frame), gap_.exchange(false, std::memory_order_relaxed)});
    poke();
}

void VideoDecodeLane::set_shown(bool shown) {
    const bool was_shown = shown_.exchange(shown, std::memory_order_relaxed);
    if (was_shown == shown) return;
    gap_.store(true, std::memory_order_relaxed);
    if (shown) request_key_frame();
}

void VideoDecodeLane::set_tiles(std::span<const TileNeed> tiles) {
    Tiles wanted;
    wanted.count = std::min(tiles.size(), kMostFitted);
    wanted.all = wanted.count > 0 && wanted.count == tiles.size();
    std::copy_n(tiles.begin(), wanted.count, wanted.needs.begin());
    common::MutexLock lock(tiles_mutex_);
    tiles_ = wanted;
}

common::PictureSize VideoDecodeLane::picture_size() const {
    const std::uint64_t packed = picture_size_.load(std::memory_order_relaxed);
    return {static_cast<int>(packed >> 32), static_cast<int>(packed & 0xffffffff)};
}

void VideoDecodeLane::close() {
    SerialJob::close();
    queue_.clear();
}

void VideoDecodeLane::work() {
    const common::ThreadCpuScope cpu(counters_.cpu_ns);
    while (const auto waiting = queue_.pop()) decode(*waiting);
}

void VideoDecodeLane::decode(const Waiting& waiting) {
    const common::EncodedFrame& frame = waiting.frame;
    if (frame.key_frame) {
        lack_ = Lack::Nothing;
    } else if (waiting.after_gap) {
        note(Lack::Gap, frame.arrival);
    } else if (frame.follows_loss) {
        note(Lack::Damage, frame.arrival);
    }
    if (lack_ != Lack::Nothing) request_key_frame();
    if (lack_ == Lack::Gap && patient(frame.arrival)) {
        count(counters_.dropped);
        return;
    }

    decoder_->make_halves(small_tiles());
    const auto picture = decoder_->decode(frame);
    if (!picture) {
        count_failure(picture.error());
        note(Lack::Damage, frame.arrival);
        request_key_frame();
        return;
    }
    if (*picture) show(*picture, frame.arrival);
}

void VideoDecodeLane::show(const FrameRef& picture, common::Timestamp arrival) {
    count(counters_.decoded);
    const auto [width, height] = picture->size();
    picture_size_.store(
        static_cast<std::uint64_t>(width) << 32 | static_cast<std::uint32_t>(height),
        std::memory_order_relaxed);
    if (decoder_->concealed()) {
        count(counters_.concealed);
        note(Lack::Damage, arrival);
        request_key_frame();
    }
    if (lack_ == Lack::Damage && patient(arrival)) {
        count(counters_.withheld);
        return;
    }
    // Hidden while this was decoded: whoever muted its camera must not stand still in the picture.
    if (!shown_.load(std::memory_order_relaxed)) {
        count(counters_.withheld);
        return;
    }
    playout_.push(fit_for_tiles(picture));
    slow_.add(clock_.now() - arrival);
    decoding_ns_.store(slow_.value().count(), std::memory_order_relaxed);
}

/// Whether scaling the newest picture's size began with halving it.
bool VideoDecodeLane::small_tiles() const {
    const common::PictureSize size = picture_size();
    common::MutexLock lock(tiles_mutex_);
    const auto end = tiles_.needs.begin() + static_cast<std::ptrdiff_t>(tiles_.count);
    return std::any_of(tiles_.needs.begin(), end, [size](const TileNeed& tile) {
        return TileFitter::begins_with_half(size, tile);
    });
}

SourcePicture VideoDecodeLane::fit_for_tiles(const FrameRef& picture) {
    Tiles tiles;
    {
        common::MutexLock lock(tiles_mutex_);
        tiles = tiles_;
    }
    SourcePicture result{picture, {}, tiles.all};
    const FrameRef half = decoder_->take_half();
    const common::ThreadCpuScope cpu(counters_.scale_cpu_ns);
    for (std::size_t i = 0; i < tiles.count; ++i) {
        FrameWriter made;
        if (tiles.needs[i].size != picture->size()) {
            made = fitter_.fit(*picture, tiles.needs[i], half.get());
        }
        if (!made) {
            result.for_all_tiles = false;
            continue;
        }
        result.fitted[i] = {tiles.needs[i], std::move(made).publish()};
    }
    return result;
}

/// The first lack counts: further losses while one waits do not prolong the wait.
void VideoDecodeLane::note(Lack lack, common::Timestamp arrival) {
    if (lack_ == Lack::Nothing) lacking_since_ = arrival;
    if (lack_ == Lack::Nothing || lack == Lack::Gap) lack_ = lack;
}

bool VideoDecodeLane::patient(common::Timestamp arrival) const {
    return arrival - lacking_since_ < kPatience;
}

void VideoDecodeLane::count_failure(VideoDecodeError error) {
    count(error == VideoDecodeError::TooLarge ? counters_.too_large : counters_.corrupt);
}

void VideoDecodeLane::request_key_frame() {
    count(counters_.key_frames_requested);
    requester_.request_key_frame();
}

}  // namespace mixer
