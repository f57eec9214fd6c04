#pragma once

#include <memory>

#include "signaling/sip/connection_table.h"
#include "signaling/sip/message_gate.h"
#include "signaling/sip/sip_traffic.h"

namespace signaling {

/// A message class for sofia (NUTAG_SIP_PARSER) that asks a `MessageGate` about each message.
///
/// sofia has no place to refuse a message before its transaction is made but its parser: the first
/// line is parsed when nothing else is done yet but reading the datagram, and the body when all
/// headers are known. A message that its parser does not take is garbage to sofia, which it frees.
/// Tells a `ConnectionTable` whose messages come, and counts those that it let in.
/// Owner:  borrows the three it is given; outlives the nua that it is given to.
class SofiaGate {
  public:
    /// `parser` is what parses what the gate lets in.
    SofiaGate(const void* parser, MessageGate& gate, ConnectionTable& connections);
    ~SofiaGate();
    SofiaGate(const SofiaGate&) = delete;
    SofiaGate& operator=(const SofiaGate&) = delete;

    /// Messages whose first line was let in and understood.
    [[nodiscard]] const SipTraffic& received() const;

    /// `msg_mclass_t const*`
    [[nodiscard]] const void* parser() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace signaling
