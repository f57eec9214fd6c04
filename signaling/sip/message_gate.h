#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "common/clock.h"
#include "signaling/config/sip_limits.h"
#include "signaling/sip/retry_memory.h"
#include "signaling/sip/source_limiter.h"
#include "signaling/sip/stranger_table.h"

namespace signaling {

/// Decides, before anything is done for a SIP message, whether anything will be: what comes above
/// the limits is dropped without an answer, since an answer would go to whoever the sender says it
/// is. Over UDP those who mean it ask again, and are preferred then; a stream is closed.
/// Connections and datagrams are counted apart: anybody's datagrams may bear the address of a
/// connection's peer.
///
/// Thread: the door's. Owner: borrows the clock. Memory: its tables', and a source for each call.
class MessageGate {
  public:
    enum class Kind : std::uint8_t { Request, Response };
    enum class Over : std::uint8_t { Datagram, Connection };

    MessageGate(const SipLimits& limits, const common::Clock& clock);

    /// Asked for the first line of each message, well-formed or not. Answers are counted apart, so
    /// that they cost nobody a request; those on a connection not at all, as what we asked there
    /// bounds them.
    [[nodiscard]] bool takes(const MessageSource& source, Kind kind, Over over);
    /// Asked for each request when its headers are read.
    [[nodiscard]] bool takes(const RequestId& request, const MessageSource& source, Over over);

    void joined(const std::string& call_id, const MessageSource& source);
    /// The ACK of our 200 came from there. Who sent the INVITE, too, has read what we sent.
    void confirmed(const std::string& call_id, const MessageSource& source);
    /// A call of a former daemon goes on: its peer need not confirm it again.
    void resumed(const std::string& call_id);
    void left(const std::string& call_id);

    /// Messages that were dropped, since the gate was made.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_in_all_; }
    /// Requests of strangers that are remembered now.
    [[nodiscard]] std::size_t remembered();

  private:
    [[nodiscard]] bool has_place(const RequestId& request, const MessageSource& source, Over over);
    bool count(bool taken);

    const common::Clock& clock_;
    std::array<SourceLimiter, 2> datagrams_;  // by Kind
    SourceLimiter streams_;
    std::unordered_map<std::string, MessageSource> invited_;  // where a Call-ID came from first
    StrangerTable strangers_;
    RetryMemory retries_;
    SourceSet known_;
    std::uint64_t dropped_ = 0;  // since it was told last
    std::uint64_t dropped_in_all_ = 0;
    common::Timestamp told_;
};

}  // namespace signaling
