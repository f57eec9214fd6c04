#include "signaling/sip/restored_calls.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "common/log.h"
#include "signaling/sip/peer_flow.h"

namespace signaling {
namespace {

using namespace std::chrono_literals;

// Above every number that the former daemon may have used since it wrote its last: sofia begins
// with half the seconds since 1900, and nobody sends a million requests in a dialog.
std::uint32_t next_number(std::uint32_t journaled) {
    constexpr std::int64_t kUnixSince1900S = 2'208'988'800;
    const auto unix_s = std::chrono::duration_cast<std::chrono::seconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
    const auto begun = static_cast<std::uint32_t>(((unix_s + kUnixSince1900S) / 2) & 0x7ffffff);
    const std::uint32_t next = std::max(journaled, begun) + 1'000'000;
    return std::min(next, 0x7fff0000U);  // RFC 3261 8.1.1.5: below 2^31
}

}  // namespace

bool RestoredCalls::restore(const DialogRecord& record) {
    SipDialogState state = record.dialog;
    if (!SofiaLeg::can_carry(state)) return false;
    // A connection ended with the process that had it; the peer makes another, or listens.
    if (record.call.request.transport != "udp") state.flow.clear();
    state.local_cseq = next_number(state.local_cseq);
    const ParticipantId id = record.call.participant;
    auto made = std::make_unique<SofiaLeg>(
        around_.sip, std::move(state), record.keep_alive,
        [this, listener = record.listener](SofiaLeg& leg) { keep(leg, listener); },
        [this, id](SofiaLeg& leg) { forget(leg, id); });
    SofiaLeg& leg = *made;
    around_.gate.resumed(record.dialog.call_id);
    legs_.emplace(&leg, std::move(made));
    auto call = std::make_shared<SipCall>(leg, around_.admission, around_.clock,
                                          record.call.sdp.session_id, around_.session_timer);
    leg.adopt(call);
    LOG_INFO("sip dialog restored room={} session={} from={}", record.call.request.room, id,
             record.call.request.remote_uri);
    call->resume(record.call);
    return true;
}

void RestoredCalls::keep(SofiaLeg& leg, const std::string& listener) {
    auto call = leg.call().state();
    if (call) around_.journal.put({listener, leg.state(), leg.keep_alive(), *std::move(call)});
}

void RestoredCalls::forget(SofiaLeg& leg, const ParticipantId& id) {
    around_.journal.drop(id);
    around_.gate.left(leg.state().call_id);
    timers_.after(0s, [this, gone = &leg] {
        legs_.erase(gone);
        around_.on_fewer();
    });
}

void RestoredCalls::add_connections(std::unordered_set<std::string>& in_calls) const {
    for (const auto& [leg, owner] : legs_) in_calls.insert(connection_of(leg->state().flow));
}

void RestoredCalls::end_all() {
    std::vector<SofiaLeg*> all;
    for (const auto& [leg, owner] : legs_) all.push_back(leg);
    for (SofiaLeg* leg : all) leg->call().shut_down();
}

}  // namespace signaling
