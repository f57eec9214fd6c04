#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace mixer {

/// EncoderStageCounters as the stage's threads write them.
struct StageCounters {
    std::atomic<std::uint64_t> encoders_opened{0}, encoders_refused{0}, encoders_running{0},
        splice_contexts{0}, splice_contexts_opened{0};
    std::atomic<std::uint64_t> pictures_encoded{0}, key_pictures{0}, splice_pictures{0},
        pictures_skipped{0}, refreshes{0};
    std::atomic<std::uint64_t> splice_bytes{0}, starts_given{0};
    std::array<std::atomic<std::uint64_t>, 4> starts_asked{};  ///< by StartReason
    std::atomic<std::uint64_t> views{0}, subscriptions{0};
    std::atomic<std::int64_t> encode_time_ns{0}, splice_time_ns{0};
};

}  // namespace mixer
