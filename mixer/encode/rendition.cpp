#include "mixer/encode/rendition.h"

#include <algorithm>
#include <ctime>

#include "common/log.h"

namespace mixer {
namespace {

constexpr common::Duration kLeastRest = std::chrono::seconds(1);
constexpr common::Duration kMostRest = std::chrono::seconds(30);
/// For a start, from the tick at which it was asked for: leaves room for the way there.
constexpr common::Duration kLongestWait = std::chrono::milliseconds(700);

/// From the last splice to the refresh that mends it: those who come together share one.
constexpr common::Duration kRestBeforeRefresh = std::chrono::seconds(1);
/// From refresh to refresh. One costs everybody up to 1 dB for three seconds, a splice without one
/// costs that viewer alone 0.4 to 1.2 dB.
constexpr common::Duration kRefreshInterval = std::chrono::seconds(30);

/// Up to there a start is 2 to 5 KB, which any path takes in time.
constexpr common::Bitrate kStartIsSmall = common::Bitrate::from_kbps(200);

common::Duration interval_of(int pictures_per_second) {
    return common::Duration(std::chrono::seconds(1)) / std::max(1, pictures_per_second);
}

/// CPU time of this thread: what an encode costs, whoever else wants the core.
class CpuTimer {
  public:
    [[nodiscard]] std::int64_t elapsed_ns() const { return now_ns() - start_ns_; }

  private:
    static std::int64_t now_ns() {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
    }
    std::int64_t start_ns_ = now_ns();
};

}  // namespace

Rendition::Rendition(std::uint64_t id, const StreamFormat& format, common::Bitrate bitrate,
                     common::Executor& media_pool, SplicePool& splice_pool, StageCounters& counters)
    : SerialJob(media_pool),
      id_(id),
      format_(format),
      bitrate_(bitrate),
      splice_pool_(splice_pool),
      counters_(counters),
      pictures_per_second_(format.frames_per_second) {}

Rendition::~Rendition() {
    close();
    if (encoder_) counters_.encoders_running.fetch_sub(1, std::memory_order_relaxed);
}

void Rendition::add(std::shared_ptr<Subscriber> subscriber, int max_nal_bytes) {
    common::MutexLock lock(members_mutex_);
    std::erase_if(members_, [&](const Member& member) { return member.subscriber == subscriber; });
    members_.push_back({std::move(subscriber), max_nal_bytes});
    limit_slices();
}

bool Rendition::release_leavers() {
    common::MutexLock lock(members_mutex_);
    std::erase_if(members_,
                  [&](const Member& member) { return !member.subscriber->attached_to(id_); });
    limit_slices();
    return !members_.empty();
}

void Rendition::limit_slices() {
    int smallest = 0;
    for (const Member& member : members_) {
        if (member.max_nal_bytes == 0) continue;
        smallest = smallest == 0 ? member.max_nal_bytes : std::min(smallest, member.max_nal_bytes);
    }
    max_nal_bytes_.store(smallest, std::memory_order_relaxed);
}

void Rendition::offer(const FrameRef& picture, common::Timestamp media_time) {
    if (!waiting_.put({picture, media_time}))
        counters_.pictures_skipped.fetch_add(1, std::memory_order_relaxed);
    poke();
}

void Rendition::work() {
    const std::optional<Waiting> next = waiting_.take();
    if (!next) return;
    survey();
    const bool wanted = !following_.empty() || !waiting_for_start_.empty();
    if (wanted && ensure_encoder(next->media_time)) encode_for_all(*next);
    following_.clear();
    waiting_for_start_.clear();
    claimed_.clear();
}

void Rendition::encode_for_all(const Waiting& next) {
    const int times = repetitions();
    const common::Duration step =
        interval_of(pictures_per_second_.load(std::memory_order_relaxed)) / times;
    for (int i = 0; i < times; ++i) {
        const Waiting each{next.picture, next.media_time + i * step};
        const Start start = plan_start(each.media_time);
        // Without anyone who follows or starts, a picture would only be thrown away.
        if (!held_ && start != Start::Key) return;
        const auto type = start == Start::Key ? PictureType::Key : PictureType::Predicted;
        const auto coded = encode_shared(each, type);
        if (!coded) return;
        const EncodedPictureRef shared = share(*coded, each.media_time);
        deliver(start, shared);
        if (start == Start::Splice) splice(each.media_time, shared);
        if (start == Start::None) continue;
        ticks_to_start_ = 0;
        return;
    }
}

/// How often to encode this picture. At 15 pictures a second frame_num may take 1.07 s to come
/// round to 0, and nobody should wait a second for a picture. A picture encoded again is all
/// skipped macroblocks, some 30 bytes, and costs those who follow nothing; a key picture would cost
/// them all.
int Rendition::repetitions() {
    if (waiting_for_start_.empty() || !encoder_->can_splice()) {
        ticks_to_start_ = 0;
        return 1;
    }
    const int left = VideoEncoder::kMaxFrameNum - encoder_->next_frame_num();
    if (ticks_to_start_ == 0)
        ticks_to_start_ =
            std::max(1, static_cast<int>(kLongestWait / interval_of(pictures_per_second_.load())));
    const int ticks = ticks_to_start_--;
    return (left + ticks - 1) / ticks;
}

void Rendition::survey() {
    common::MutexLock lock(members_mutex_);
    held_ = joining_ = false;
    for (const Member& member : members_) {
        const Subscriber::Place place = member.subscriber->place(id_);
        if (place == Subscriber::Place::Following) following_.push_back(member.subscriber);
        if (place == Subscriber::Place::Starting || place == Subscriber::Place::Refreshing) {
            waiting_for_start_.push_back(member.subscriber);
        }
        joining_ = joining_ || place == Subscriber::Place::Starting;
        held_ = held_ || place == Subscriber::Place::Following ||
                place == Subscriber::Place::Refreshing;
    }
}

bool Rendition::ensure_encoder(common::Timestamp media_time) {
    if (encoder_) return true;
    if (refused() && media_time < try_again_) return false;
    auto opened = format_.codec == common::VideoCodec::Vp8 ? make_vp8_encoder(format_, bitrate_)
                                                           : make_x264_encoder(format_, bitrate_);
    if (!opened) {
        rest_after_refusal(media_time, opened.error().message);
        return false;
    }
    encoder_ = std::move(*opened);
    counters_.encoders_opened.fetch_add(1, std::memory_order_relaxed);
    counters_.encoders_running.fetch_add(1, std::memory_order_relaxed);
    return true;
}

/// What was refused once is refused thirty times a second: try seldom, and say so each time.
void Rendition::rest_after_refusal(common::Timestamp media_time, const std::string& why) {
    refusal_rest_ = std::clamp<common::Duration>(refusal_rest_ * 2, kLeastRest, kMostRest);
    try_again_ = media_time + refusal_rest_;
    refused_.store(true, std::memory_order_relaxed);
    counters_.encoders_refused.fetch_add(1, std::memory_order_relaxed);
    LOG_WARNING("no encoder for {}x{} at {}, again in {} s: {}", format_.size.width,
                format_.size.height, bitrate_.bps(), refusal_rest_ / std::chrono::seconds(1), why);
}

Rendition::Start Rendition::plan_start(common::Timestamp media_time) {
    if (waiting_for_start_.empty()) return Start::None;
    if (!encoder_->can_splice()) return plan_shared_start(media_time);
    const int frame_num = encoder_->next_frame_num();

    // A key picture costs nobody anything while nobody follows. A lone viewer who keeps asking gets
    // no more of them than splices would be.
    const bool first_of_stream = !held_;
    if (following_.empty() &&
        (first_of_stream || pictures_since_key_ >= VideoEncoder::kMaxFrameNum)) {
        claim_waiting(media_time);
        return claimed_.empty() ? Start::None : Start::Key;
    }
    if (frame_num == 0) {
        claim_waiting(media_time);
        return claimed_.empty() ? Start::None : Start::Splice;
    }
    if (frame_num == VideoEncoder::kMaxFrameNum - 1) {
        for (const auto& subscriber : waiting_for_start_)
            subscriber->hold_others_after(id_, media_time);
    }
    return Start::None;
}

/// Nothing can be put in the place of a single picture, so that all get the key picture that some
/// wait for. Starts that are asked for meanwhile wait for the next.
Rendition::Start Rendition::plan_shared_start(common::Timestamp media_time) {
    const common::Duration rest = joining_ || following_.empty() ? kLeastKeyRest : kLeastRepairRest;
    if (held_ && last_key_ && media_time - *last_key_ < rest) return Start::None;
    claim_waiting(media_time);
    return claimed_.empty() ? Start::None : Start::Key;
}

void Rendition::claim_waiting(common::Timestamp media_time) {
    std::erase_if(waiting_for_start_, [&](const std::shared_ptr<Subscriber>& subscriber) {
        if (!subscriber->claim(id_, media_time)) return false;
        claimed_.push_back(subscriber);
        return true;
    });
}

/// The shared picture: for all who decode this stream and do not get a start in its place.
void Rendition::deliver(Start start, const EncodedPictureRef& picture) {
    for (const auto& subscriber : following_) subscriber->deliver_shared(id_, picture);
    for (const auto& subscriber : waiting_for_start_) subscriber->deliver_shared(id_, picture);
    if (start == Start::Splice) return;
    for (const auto& subscriber : claimed_) subscriber->deliver_start(id_, picture);
    counters_.starts_given.fetch_add(claimed_.size(), std::memory_order_relaxed);
}

void Rendition::splice(common::Timestamp media_time, const EncodedPictureRef& shared) {
    const auto coded = encode_splice();
    if (!coded) {
        for (const auto& subscriber : claimed_) subscriber->deliver_shared(id_, shared);
        return;
    }
    const EncodedPictureRef start = share(*coded, media_time);
    // Its NAL units are copied: others may use the context while this start is handed out.
    splice_pool_.give_back(format_, std::move(splicer_));
    counters_.splice_bytes.fetch_add(start->storage.size(), std::memory_order_relaxed);
    counters_.starts_given.fetch_add(claimed_.size(), std::memory_order_relaxed);
    for (const auto& subscriber : claimed_) subscriber->deliver_start(id_, start);
    refresh_due_ = media_time + kRestBeforeRefresh;
    if (refreshed_) refresh_due_ = std::max(*refresh_due_, *refreshed_ + kRefreshInterval);
}

void Rendition::refresh_when_due(common::Timestamp media_time) {
    if (!refresh_due_ || media_time < *refresh_due_) return;
    encoder_->refresh();
    refresh_due_.reset();
    refreshed_ = media_time;
    counters_.refreshes.fetch_add(1, std::memory_order_relaxed);
}

std::optional<CodedPicture> Rendition::encode_shared(const Waiting& next, PictureType type) {
    const CpuTimer timer;
    encoder_->limit_nal_bytes(max_nal_bytes_.load(std::memory_order_relaxed));
    encoder_->set_pictures_per_second(pictures_per_second_.load(std::memory_order_relaxed));
    // A key picture is a start for all.
    if (type == PictureType::Key)
        refresh_due_.reset();
    else
        refresh_when_due(next.media_time);
    auto coded = encoder_->encode(*next.picture, type);
    counters_.encode_time_ns.fetch_add(timer.elapsed_ns(), std::memory_order_relaxed);
    if (!coded) {
        encoder_.reset();  // a new one starts with a key picture for all
        counters_.encoders_running.fetch_sub(1, std::memory_order_relaxed);
        rest_after_refusal(next.media_time, coded.error().message);
        return std::nullopt;
    }
    refusal_rest_ = {};
    refused_.store(false, std::memory_order_relaxed);
    counters_.pictures_encoded.fetch_add(1, std::memory_order_relaxed);
    if (coded->key) counters_.key_pictures.fetch_add(1, std::memory_order_relaxed);
    if (coded->key) last_key_ = next.media_time;
    pictures_since_key_ =
        coded->key ? 1 : std::min(pictures_since_key_ + 1, VideoEncoder::kMaxFrameNum);
    return *coded;
}

std::optional<CodedPicture> Rendition::encode_splice() {
    auto taken = splice_pool_.take(format_);
    if (!taken) return std::nullopt;
    splicer_ = std::move(*taken);
    const CpuTimer timer;
    // One serves all who wait: who could have a finer one has it after the refresh.
    const bool coarse =
        bitrate_ > kStartIsSmall && std::ranges::any_of(claimed_, [](const auto& subscriber) {
            return subscriber->start_quality() == StartQuality::Coarse;
        });
    auto coded =
        splicer_->encode(encoder_->reconstruction(), max_nal_bytes_.load(std::memory_order_relaxed),
                         coarse ? StartQuality::Coarse : StartQuality::Fine);
    const std::int64_t cpu_ns = timer.elapsed_ns();
    counters_.encode_time_ns.fetch_add(cpu_ns, std::memory_order_relaxed);
    counters_.splice_time_ns.fetch_add(cpu_ns, std::memory_order_relaxed);
    if (!coded) {
        splice_pool_.discard(std::move(splicer_));
        return std::nullopt;
    }
    counters_.splice_pictures.fetch_add(1, std::memory_order_relaxed);
    return *coded;
}

EncodedPictureRef Rendition::share(const CodedPicture& coded, common::Timestamp media_time) const {
    auto picture = std::make_shared<EncodedPicture>();
    picture->media_time = media_time;
    picture->key = coded.key;
    picture->codec = format_.codec;
    picture->size = format_.size;
    picture->rendition = id_;
    std::size_t bytes = 0;
    for (const auto nal : coded.nals) bytes += nal.size();
    picture->storage.reserve(bytes);  // so that the spans below stay
    picture->nals.reserve(coded.nals.size());
    for (const auto nal : coded.nals) {
        const std::size_t offset = picture->storage.size();
        picture->storage.insert(picture->storage.end(), nal.begin(), nal.end());
        picture->nals.emplace_back(picture->storage.data() + offset, nal.size());
    }
    return picture;
}

}  // namespace mixer
