#pragma once

#include "signaling/sip/sip_traffic.h"

struct nta_agent_s;

namespace signaling {

/// The transaction layer of the nua that was created last; null: not known, and no dialog can be
/// taken up again.
///
/// nua keeps it to itself, and adopts no dialog: it gives every one a tag of its own. But it makes
/// it by `nta_agent_create`, a public function that it calls through the dynamic linker, so ours
/// is called in its place, and passes on to the library's.
[[nodiscard]] nta_agent_s* last_nta_agent();

/// All SIP messages that this process sent.
///
/// nta counts what it sends, but neither by method nor by status, and it answers much by itself.
/// All of it leaves by `tport_tsend`, which is called and passed on in the same way.
[[nodiscard]] const SipTraffic& sip_sent();

}  // namespace signaling
