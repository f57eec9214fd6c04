#pragma once

#include <string>

#include "signaling/conference/call_door.h"
#include "signaling/sip/sip_dialog.h"

namespace signaling {

/// The refusal in SIP: its status, and a Warning that names the reason (RFC 3261 20.43; 304 "media
/// type not available" with 488, else 399).
[[nodiscard]] SipResponse response_for(const Refusal& refusal);

/// `399 tessera "text"`: quotes and backslashes escaped, control characters replaced, at most 400
/// bytes.
[[nodiscard]] std::string warning_header(int code, const std::string& text);

/// The peer's answer to our offer as a refusal: its status and phrase in words.
[[nodiscard]] Refusal refusal_from(int status, const std::string& phrase);

}  // namespace signaling
