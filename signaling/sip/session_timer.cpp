#include "signaling/sip/session_timer.h"

#include <algorithm>
#include <chrono>

namespace signaling {
namespace {

using namespace std::chrono_literals;
using common::Duration;
using Refresher = SipAbilities::Refresher;

std::string seconds_of(Duration duration) {
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

}  // namespace

bool SessionTimer::too_short(const SipAbilities& request) const {
    // RFC 4028 9: who does not know timers did not write the header, and could not obey a 422.
    return request.timer && request.session_expires && *request.session_expires < policy_.least;
}

int SessionTimer::min_se_s() const {
    return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(policy_.least).count());
}

void SessionTimer::accept(const SipAbilities& request, SipResponse& answer) {
    const Duration wanted = request.session_expires.value_or(policy_.interval);
    const Duration least = std::max(policy_.least, request.min_se);
    interval_ = std::min(std::max(std::min(wanted, policy_.interval), least), kLongest);
    // RFC 4028 9, table 2.
    const bool named_us = request.refresher == Refresher::Uas;
    we_refresh_ = !request.timer || named_us;
    answer.session_expires =
        seconds_of(interval_) + (we_refresh_ ? ";refresher=uas" : ";refresher=uac");
    answer.require_timer = !we_refresh_;
}

std::string SessionTimer::proposal() const {
    return seconds_of(interval_) + (we_refresh_ ? ";refresher=uac" : ";refresher=uas");
}

void SessionTimer::settle(const SipAbilities& answer) {
    if (!answer.session_expires) {
        we_refresh_ = true;  // it knows no timers: we go on alone
        return;
    }
    interval_ = std::clamp(*answer.session_expires, policy_.least, kLongest);
    we_refresh_ = answer.refresher != Refresher::Uas;
}

void SessionTimer::resume(Duration interval, bool we_refresh) {
    interval_ = std::clamp(interval, policy_.least, kLongest);
    we_refresh_ = we_refresh;
}

bool SessionTimer::lengthen(const SipAbilities& answer) {
    const Duration longer = std::min(answer.min_se, kLongest);
    if (longer <= interval_) return false;
    interval_ = longer;
    return true;
}

Duration SessionTimer::expire_after() const {
    return interval_ - std::min<Duration>(32s, interval_ / 3);
}

}  // namespace signaling
