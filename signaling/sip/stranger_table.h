#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory_resource>
#include <string>
#include <unordered_map>

#include "common/units.h"
#include "signaling/sip/source_limiter.h"

namespace signaling {

/// What tells one SIP request from another.
struct RequestId {
    std::string call_id;
    std::uint32_t cseq = 0;
    std::string method;
    std::string branch;      ///< of the topmost Via; may be empty
    bool in_dialog = false;  ///< it has a To tag
};

/// How far the address is believed that a request came from.
enum class Standing : std::uint8_t {
    Unknown,  ///< a datagram, which may bear anybody's address
    Patient,  ///< the same, sent a second time as RFC 3261 17.1 has it
    Known,    ///< a connection, or an address that a call was confirmed from
};

/// Bounds the transactions of requests that belong to no call of ours: each costs its message for
/// 32 s (RFC 3261 17.2: timers H and J), however it is answered, and 2000 a second would be 64 000.
///
/// A place is taken by the first copy of a request, and free again when its ACK came or after 32 s.
/// Of the places the unknown get half, with the patient seven in eight, with the known all. An
/// INVITE from an unknown address is not let in either while too many calls wait for their ACK:
/// each holds a place in a room, too.
/// Requests of standing calls need no place: they are known by their Call-ID and by having a To
/// tag, and of one call as many are taken as of one source. What has no To tag begins something,
/// whatever Call-ID it bears.
/// Thread: one. Memory: at most `places` requests, and a bucket for each Call-ID of our calls. What
/// it remembers of strangers lies together, not between sofia's messages, whose pages it would keep
/// from the system.
class StrangerTable {
  public:
    static constexpr common::Duration kTransactionLife = std::chrono::seconds(32);

    struct Options {
        std::size_t places = 2000;
        std::size_t of_one_source = 250;
        std::size_t unconfirmed_calls = 20;  ///< see above
        double call_burst = 60;              ///< requests within one call, at once
        double call_per_second = 20;         ///< and for long
    };
    explicit StrangerTable(Options options) : options_(options) {}

    /// False: there is no place; the request should not be looked at further.
    [[nodiscard]] bool let_in(const RequestId& request, const MessageSource& source,
                              Standing standing, common::Timestamp now);

    /// A call with that Call-ID stands, its ACK came, it stands no longer. Each `joined` has its
    /// `left`.
    void joined(const std::string& call_id);
    void confirmed(const std::string& call_id);
    void left(const std::string& call_id);
    [[nodiscard]] bool knows(const std::string& call_id) const { return calls_.contains(call_id); }

    void forget_old(common::Timestamp now);
    [[nodiscard]] std::size_t taken() const { return by_key_.size(); }

  private:
    struct Place {
        std::size_t key = 0;
        std::size_t branch = 0;
        MessageSource source;
        common::Timestamp until;
    };
    struct Calls {
        std::size_t all = 0;
        std::size_t unconfirmed = 0;
        double tokens = 0;
        common::Timestamp filled;
    };
    using Places = std::pmr::list<Place>;

    [[nodiscard]] bool take_of_call(Calls& calls, common::Timestamp now) const;
    [[nodiscard]] bool has_place(const RequestId& request, const MessageSource& source,
                                 Standing standing) const;
    void acknowledged(const RequestId& ack);
    void free_place(Places::iterator place);

    Options options_;
    std::pmr::unsynchronized_pool_resource memory_;
    Places in_order_{&memory_};  // all live equally long: the oldest in front
    std::pmr::unordered_map<std::size_t, Places::iterator> by_key_{&memory_};
    std::pmr::unordered_map<MessageSource, std::size_t, MessageSource::Hash> of_source_{&memory_};
    std::unordered_map<std::string, Calls> calls_;
    std::size_t unconfirmed_ = 0;
};

}  // namespace signaling
