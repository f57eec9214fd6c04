#pragma once

namespace signaling {

/// sofia's message class (`msg_mclass_t const*`, for NUTAG_SIP_PARSER) without Session-Expires and
/// Min-SE, for the life of the process: they stay among the unknown headers, for us to read.
///
/// nua keeps session timers of its own as soon as a peer names them and cannot be told not to; it
/// refreshes by re-INVITE without a description, which asks the peer to offer anew, and it ends
/// calls by itself. What it does not see it leaves alone, and the feature tag "timer" is still
/// ours.
[[nodiscard]] const void* parser_without_session_timers();

}  // namespace signaling
