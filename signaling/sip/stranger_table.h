#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "common/units.h"

namespace signaling {

/// What tells one SIP request from another.
struct RequestId {
    std::string call_id;
    std::uint32_t cseq = 0;
    std::string method;
    std::string branch;  ///< of the topmost Via; may be empty
};

/// Bounds the transactions of requests that belong to no call of ours: each costs its message for
/// 32 s (RFC 3261 17.2: timers H and J), however it is answered, and 2000 a second would be 64 000.
///
/// A place is taken by the first copy of a request, and free again when its ACK came or after 32 s.
/// Requests of standing calls need none: they are known by their Call-ID. Thread: one.
/// Memory: at most `places` requests, and the Call-IDs of our calls.
class StrangerTable {
  public:
    static constexpr common::Duration kTransactionLife = std::chrono::seconds(32);

    explicit StrangerTable(std::size_t places) : places_(places) {}

    /// False: there is no place; the request should not be looked at further.
    [[nodiscard]] bool let_in(const RequestId& request, common::Timestamp now);

    /// A call with that Call-ID stands, or does no longer; each `joined` has its `left`.
    void joined(const std::string& call_id) { calls_.insert(call_id); }
    void left(const std::string& call_id);

    [[nodiscard]] std::size_t taken() const { return by_key_.size(); }

  private:
    struct Place {
        std::size_t key = 0;
        std::size_t branch = 0;
        common::Timestamp until;
    };

    void forget_old(common::Timestamp now);
    void acknowledged(const RequestId& ack);

    std::size_t places_;
    std::list<Place> in_order_;  // all live equally long: the oldest in front
    std::unordered_map<std::size_t, std::list<Place>::iterator> by_key_;
    std::unordered_multiset<std::string> calls_;
};

}  // namespace signaling
