#include "signaling/sip/source_limiter.h"

#include <algorithm>
#include <string_view>

#include "common/invariant.h"

namespace signaling {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kPrefixBytes = 8;  // a /64

}  // namespace

MessageSource MessageSource::of(std::span<const std::uint8_t> address) {
    MessageSource source;
    if (address.size() == 4) {
        std::ranges::copy(kMapped, source.bytes.begin());
        std::ranges::copy(address, source.bytes.begin() + kMapped.size());
        return source;
    }
    INVARIANT(address.size() == source.bytes.size());
    const bool mapped = std::ranges::equal(address.first(kMapped.size()), kMapped);
    std::ranges::copy(mapped ? address : address.first(kPrefixBytes), source.bytes.begin());
    return source;
}

std::size_t MessageSource::Hash::operator()(const MessageSource& source) const {
    const auto* text = reinterpret_cast<const char*>(source.bytes.data());
    return std::hash<std::string_view>{}({text, source.bytes.size()});
}

SourceLimiter::SourceLimiter(Options options) : options_(options) {
    INVARIANT(options_.max_sources > 0);
}

SourceLimiter::Bucket& SourceLimiter::bucket_of(const MessageSource& source,
                                                common::Timestamp now) {
    if (const auto known = by_source_.find(source); known != by_source_.end()) {
        buckets_.splice(buckets_.begin(), buckets_, known->second);
        return buckets_.front();
    }
    if (buckets_.size() == options_.max_sources) {
        by_source_.erase(buckets_.back().source);
        buckets_.pop_back();
    }
    buckets_.push_front({source, options_.burst, now});
    by_source_.emplace(source, buckets_.begin());
    return buckets_.front();
}

double SourceLimiter::tokens_at(const Bucket& bucket, common::Timestamp now) const {
    const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
    return std::min(options_.burst, bucket.tokens + seconds * options_.per_second);
}

bool SourceLimiter::has_token(const MessageSource& source, common::Timestamp now) const {
    const auto known = by_source_.find(source);
    return (known == by_source_.end() ? options_.burst : tokens_at(*known->second, now)) >= 1;
}

bool SourceLimiter::take(const MessageSource& source, common::Timestamp now) {
    Bucket& bucket = bucket_of(source, now);
    bucket.tokens = tokens_at(bucket, now);
    bucket.filled = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
}

void SourceSet::insert(const MessageSource& source) {
    if (const auto known = places_.find(source); known != places_.end()) {
        in_order_.splice(in_order_.begin(), in_order_, known->second);
        return;
    }
    if (in_order_.size() == capacity_) {
        places_.erase(in_order_.back());
        in_order_.pop_back();
    }
    in_order_.push_front(source);
    places_.emplace(source, in_order_.begin());
}

}  // namespace signaling
