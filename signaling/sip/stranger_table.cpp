#include "signaling/sip/stranger_table.h"

#include <algorithm>
#include <string_view>

namespace signaling {
namespace {

std::size_t hash_of(const std::string& text) {
    return std::hash<std::string_view>{}(text);
}

// The branch is no part of it: who leaves it out or sends it anew is no second request.
std::size_t key_of(const RequestId& request, const std::string& method) {
    return hash_of(request.call_id + '\n' + std::to_string(request.cseq) + '\n' + method);
}

std::size_t share(std::size_t places, Standing standing) {
    switch (standing) {
        case Standing::Unknown:
            return (places + 1) / 2;
        case Standing::Patient:
            return places - places / 8;
        case Standing::Known:
            break;
    }
    return places;
}

}  // namespace

bool StrangerTable::let_in(const RequestId& request, const MessageSource& source, Standing standing,
                           common::Timestamp now) {
    forget_old(now);
    if (request.method == "ACK") {
        acknowledged(request);
        return true;  // makes no transaction
    }
    const auto calls = calls_.find(request.call_id);
    if (request.in_dialog && calls != calls_.end()) return take_of_call(calls->second, now);
    const std::size_t key = key_of(request, request.method);
    const std::size_t branch = hash_of(request.branch);
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
        // The same transaction, or one more of the same name, which would have its own place: a
        // loop or a forger.
        return known->second->branch == branch;
    }
    if (!has_place(request, source, standing)) return false;
    in_order_.push_back({key, branch, source, now + kTransactionLife});
    by_key_.emplace(key, std::prev(in_order_.end()));
    ++of_source_[source];
    return true;
}

bool StrangerTable::take_of_call(Calls& calls, common::Timestamp now) const {
    const double seconds = std::chrono::duration<double>(now - calls.filled).count();
    calls.tokens = std::min(options_.call_burst, calls.tokens + seconds * options_.call_per_second);
    calls.filled = now;
    if (calls.tokens < 1) return false;
    calls.tokens -= 1;
    return true;
}

bool StrangerTable::has_place(const RequestId& request, const MessageSource& source,
                              Standing standing) const {
    if (by_key_.size() >= share(options_.places, standing)) return false;
    if (standing == Standing::Unknown && request.method == "INVITE" &&
        unconfirmed_ >= options_.unconfirmed_calls) {
        return false;
    }
    const auto one = of_source_.find(source);
    return one == of_source_.end() || one->second < options_.of_one_source;
}

void StrangerTable::joined(const std::string& call_id) {
    const auto [call, fresh] = calls_.try_emplace(call_id);
    Calls& calls = call->second;
    if (fresh) calls.tokens = options_.call_burst;
    ++calls.all;
    ++calls.unconfirmed;
    ++unconfirmed_;
}

void StrangerTable::confirmed(const std::string& call_id) {
    const auto calls = calls_.find(call_id);
    if (calls == calls_.end() || calls->second.unconfirmed == 0) return;
    --calls->second.unconfirmed;
    --unconfirmed_;
}

void StrangerTable::left(const std::string& call_id) {
    const auto calls = calls_.find(call_id);
    if (calls == calls_.end()) return;
    // Of several with one name it is not told which: the last is not confirmed any more.
    if (calls->second.unconfirmed == calls->second.all) confirmed(call_id);
    if (--calls->second.all == 0) calls_.erase(calls);
}

void StrangerTable::forget_old(common::Timestamp now) {
    while (!in_order_.empty() && in_order_.front().until <= now) free_place(in_order_.begin());
}

void StrangerTable::free_place(Places::iterator place) {
    const auto source = of_source_.find(place->source);
    if (--source->second == 0) of_source_.erase(source);
    by_key_.erase(place->key);
    in_order_.erase(place);
}

void StrangerTable::acknowledged(const RequestId& ack) {
    const auto place = by_key_.find(key_of(ack, "INVITE"));
    if (place == by_key_.end()) return;
    // RFC 3261 17.1.1.3: the ACK of a refusal has the branch of its INVITE. That of a 200 has its
    // own; the call stands then.
    if (place->second->branch != hash_of(ack.branch) && !calls_.contains(ack.call_id)) return;
    free_place(place->second);
}

}  // namespace signaling
