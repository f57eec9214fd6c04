#include "signaling/sip/stranger_table.h"

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

}  // namespace

bool StrangerTable::let_in(const RequestId& request, common::Timestamp now) {
    forget_old(now);
    if (request.method == "ACK") {
        acknowledged(request);
        return true;  // makes no transaction
    }
    if (calls_.contains(request.call_id)) return true;
    const std::size_t key = key_of(request, request.method);
    const std::size_t branch = hash_of(request.branch);
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
        // The same transaction, or one more of the same name, which would have its own place: a
        // loop or a forger.
        return known->second->branch == branch;
    }
    if (by_key_.size() >= places_) return false;
    in_order_.push_back({key, branch, now + kTransactionLife});
    by_key_.emplace(key, std::prev(in_order_.end()));
    return true;
}

void StrangerTable::left(const std::string& call_id) {
    if (const auto one = calls_.find(call_id); one != calls_.end()) calls_.erase(one);
}

void StrangerTable::forget_old(common::Timestamp now) {
    while (!in_order_.empty() && in_order_.front().until <= now) {
        by_key_.erase(in_order_.front().key);
        in_order_.pop_front();
    }
}

void StrangerTable::acknowledged(const RequestId& ack) {
    const auto place = by_key_.find(key_of(ack, "INVITE"));
    if (place == by_key_.end()) return;
    // RFC 3261 17.1.1.3: the ACK of a refusal has the branch of its INVITE. That of a 200 has its
    // own; the call stands then.
    if (place->second->branch != hash_of(ack.branch) && !calls_.contains(ack.call_id)) return;
    in_order_.erase(place->second);
    by_key_.erase(place);
}

}  // namespace signaling
