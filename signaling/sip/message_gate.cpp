#include "signaling/sip/message_gate.h"

#include <algorithm>

#include "common/log.h"

namespace signaling {
namespace {

constexpr common::Duration kBetweenWarnings = std::chrono::seconds(10);
// Refused and finished requests are remembered for 32 s, and so ten times as many of them as may
// wait: 62 a second for long from people who are in no call, and about 20 MB.
constexpr std::size_t kPlacesForEachCall = 10;
constexpr std::size_t kKnownSources = 4096;

SourceLimiter::Options bucket(const SipLimits& limits) {
    SourceLimiter::Options options;
    options.per_second = limits.requests_per_second;
    options.burst = limits.request_burst;
    return options;
}

StrangerTable::Options places(const SipLimits& limits) {
    const auto calls = static_cast<std::size_t>(limits.max_unadmitted_calls);
    StrangerTable::Options options;
    options.places = calls * kPlacesForEachCall;
    options.of_one_source = std::max<std::size_t>(options.places / 8, 1);
    options.unconfirmed_calls = std::max<std::size_t>(calls / 10, 1);
    options.call_burst = limits.request_burst;
    options.call_per_second = limits.requests_per_second;
    return options;
}

std::uint64_t hash_of(const RequestId& request, const MessageSource& source) {
    const auto* address = reinterpret_cast<const char*>(source.bytes.data());
    return std::hash<std::string>{}(request.call_id + '\n' + std::to_string(request.cseq) + '\n' +
                                    request.method + '\n' + request.branch + '\n' +
                                    std::string(address, source.bytes.size()));
}

}  // namespace

MessageGate::MessageGate(const SipLimits& limits, const common::Clock& clock)
    : clock_(clock),
      datagrams_{SourceLimiter(bucket(limits)), SourceLimiter(bucket(limits))},
      streams_(bucket(limits)),
      strangers_(places(limits)),
      known_(kKnownSources),
      told_(clock.now() - kBetweenWarnings) {}

bool MessageGate::takes(const MessageSource& source, Kind kind, Over over) {
    const common::Timestamp now = clock_.now();
    if (over == Over::Datagram) {
        return count(datagrams_[static_cast<std::size_t>(kind)].take(source, now));
    }
    return kind == Kind::Response || count(streams_.take(source, now));
}

bool MessageGate::takes(const RequestId& request, const MessageSource& source, Over over) {
    return count(has_place(request, source, over));
}

bool MessageGate::has_place(const RequestId& request, const MessageSource& source, Over over) {
    const common::Timestamp now = clock_.now();
    const bool known = over == Over::Connection || known_.contains(source);
    const Standing standing = known ? Standing::Known : Standing::Unknown;
    if (strangers_.let_in(request, source, standing, now)) return true;
    return !known && retries_.is_again(hash_of(request, source), now) &&
           strangers_.let_in(request, source, Standing::Patient, now);
}

void MessageGate::joined(const std::string& call_id, const MessageSource& source) {
    strangers_.joined(call_id);
    invited_.try_emplace(call_id, source);
}

void MessageGate::left(const std::string& call_id) {
    strangers_.left(call_id);
    if (!strangers_.knows(call_id)) invited_.erase(call_id);
}

void MessageGate::confirmed(const std::string& call_id, const MessageSource& source) {
    strangers_.confirmed(call_id);
    const auto from = invited_.find(call_id);
    if (from != invited_.end() && from->second == source) known_.insert(source);
}

void MessageGate::resumed(const std::string& call_id) {
    strangers_.joined(call_id);
    strangers_.confirmed(call_id);
}

std::size_t MessageGate::remembered() {
    strangers_.forget_old(clock_.now());
    return strangers_.taken();
}

bool MessageGate::count(bool taken) {
    if (taken) return true;
    ++dropped_;
    ++dropped_in_all_;
    const common::Timestamp now = clock_.now();
    if (now - told_ >= kBetweenWarnings) {
        LOG_WARNING("sip messages above the limits are dropped count={}", dropped_);
        dropped_ = 0;
        told_ = now;
    }
    return false;
}

}  // namespace signaling
