#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "signaling/conference/room_directory.h"
#include "signaling/metrics/call_counter.h"
#include "signaling/sip/sip_door.h"

namespace signaling {

/// What tessera-signald counts, as its parts count it.
struct SignaldSample {
    const RoomDirectory& rooms;
    const CallCounter::Counts& calls;
    SipDoor::Statistics sip;
    int sip_connections_limit = 0;
    std::map<int, std::uint64_t> api_answers;  ///< by status
    std::size_t api_connections = 0;
    bool media_daemon_connected = false;
    std::uint64_t media_daemon_losses = 0;
    struct Records {
        std::uint64_t written = 0;
        std::uint64_t dropped = 0;
        bool store_away = false;
    };
    std::optional<Records> records = {};  ///< absent: nothing is kept
};

/// The text of tessera-signald's /metrics. Nothing in it is named by a caller, neither rooms nor
/// people: its series are as many as the words below, whoever calls.
/// Thread: signald's loop.
[[nodiscard]] std::string signald_metrics(const SignaldSample& sample);

}  // namespace signaling
