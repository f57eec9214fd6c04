#include "signaling/sip/message_gate.h"

#include "common/log.h"

namespace signaling {
namespace {

constexpr common::Duration kBetweenWarnings = std::chrono::seconds(10);
// Refused and finished requests are remembered for 32 s, and so ten times as many of them as may
// wait: 62 a second for long from people who are in no call, and about 20 MB.
constexpr std::size_t kPlacesForEachCall = 10;

SourceLimiter::Options bucket(const SipLimits& limits) {
    SourceLimiter::Options options;
    options.per_second = limits.requests_per_second;
    options.burst = limits.request_burst;
    return options;
}

}  // namespace

MessageGate::MessageGate(const SipLimits& limits, const common::Clock& clock)
    : clock_(clock),
      sources_{SourceLimiter(bucket(limits)), SourceLimiter(bucket(limits))},
      strangers_(static_cast<std::size_t>(limits.max_unadmitted_calls) * kPlacesForEachCall),
      told_(clock.now() - kBetweenWarnings) {}

bool MessageGate::takes(const MessageSource& source, Kind kind) {
    return count(sources_[static_cast<std::size_t>(kind)].take(source, clock_.now()));
}

bool MessageGate::takes(const RequestId& request) {
    return count(strangers_.let_in(request, clock_.now()));
}

bool MessageGate::count(bool taken) {
    if (taken) return true;
    ++dropped_;
    const common::Timestamp now = clock_.now();
    if (now - told_ >= kBetweenWarnings) {
        LOG_WARNING("sip messages above the limits are dropped count={}", dropped_);
        dropped_ = 0;
        told_ = now;
    }
    return false;
}

}  // namespace signaling
