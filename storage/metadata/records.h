#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace storage {

/// What is kept of rooms. Times are milliseconds since 1970 (UTC); ids of meetings, participants
/// and events are UUIDv7, so that they sort by time and a record can be written again.

/// One meeting in a room: from its first participant to its last.
struct MeetingRecord {
    std::string id;
    std::string room;
    std::int64_t began_ms = 0;
    std::optional<std::int64_t> ended_ms = {};  ///< absent: it runs
    friend bool operator==(const MeetingRecord&, const MeetingRecord&) = default;
};

/// The detail record of one call: who, how, when, with what, and how it went.
struct CallRecord {
    std::string id;  ///< the participant's
    std::string meeting;
    std::string room;
    std::string name;
    std::string uri;
    std::string protocol;   ///< "sip", "webrtc"
    std::string transport;  ///< "udp", "tcp", "tls"
    std::string remote_address;
    std::string user_agent;
    std::int64_t joined_ms = 0;
    std::optional<std::int64_t> left_ms = {};  ///< absent: the call stands
    std::string cause;                         ///< why it ended: a word
    std::string ending;                        ///< the same for people
    std::string audio_codec;                   ///< empty: no sound
    std::string video_codec;                   ///< empty: no picture
    std::int64_t packets_received = 0;
    std::int64_t packets_lost = 0;
    double jitter_ms = 0;            ///< of the worst stream, as seen last
    double round_trip_ms = 0;        ///< of the worst stream, as seen last
    double remote_loss_percent = 0;  ///< what the peer missed, of the worst stream
    double concealed_percent = 0;    ///< of the sound that was heard
    std::int64_t freezes = 0;
    friend bool operator==(const CallRecord&, const CallRecord&) = default;
};

/// One change of a room; never changed, never taken away.
struct EventRecord {
    std::int64_t seq =
        0;  ///< the store's: ever larger, in the order of writing; 0: not written yet
    std::string id;
    std::string room;
    std::string meeting;
    std::int64_t at_ms = 0;
    std::string kind;         ///< docs/events.md
    std::string actor;        ///< "participant:ID", "api", "system", "configuration"
    std::string participant;  ///< whom it concerns; empty: the room
    std::string detail;       ///< a JSON object
    friend bool operator==(const EventRecord&, const EventRecord&) = default;
};

/// Only these meetings run: all others end, with the calls in them. Said when it is known what a
/// former process left running.
struct MeetingsRunning {
    std::vector<std::string> ids;
    std::int64_t now_ms = 0;
    friend bool operator==(const MeetingsRunning&, const MeetingsRunning&) = default;
};

/// What can be written. A meeting or a call replaces what was there under its id.
using Record = std::variant<MeetingRecord, CallRecord, EventRecord, MeetingsRunning>;

struct EventQuery {
    std::string room;
    std::int64_t after_seq = 0;
    int limit = 500;
};

struct CallQuery {
    std::string room = {};                              ///< empty: all
    std::int64_t joined_from_ms = 0;                    ///< at or after
    std::optional<std::int64_t> joined_before_ms = {};  ///< absent: until now
    std::string after_id = {};                          ///< the last one of the page before
    int limit = 500;
};

}  // namespace storage
