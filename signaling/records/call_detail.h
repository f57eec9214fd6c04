#pragma once

#include <string>
#include <string_view>

#include "signaling/conference/participant.h"
#include "storage/metadata/records.h"

namespace signaling {

/// What is known of a call now, but for its times.
[[nodiscard]] storage::CallRecord call_detail(const Participant& participant,
                                              const std::string& room, const std::string& meeting);

/// "peer_hung_up"; what stands in records.
[[nodiscard]] std::string_view cause_word(Ending::Cause cause);

/// The time at which a UUIDv7 was made, in milliseconds since 1970; 0 for another text.
[[nodiscard]] std::int64_t time_of_id(std::string_view uuid);

}  // namespace signaling
