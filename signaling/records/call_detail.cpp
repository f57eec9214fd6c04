#include "signaling/records/call_detail.h"

#include <algorithm>
#include <charconv>

namespace signaling {
namespace {

// What is sent to it; while nothing is, what comes.
std::string codec_of(const SessionMedia& medium) {
    if (!medium.send.name.empty()) return medium.send.name;
    return medium.receive.empty() ? std::string() : medium.receive.front().name;
}

void take_quality(storage::CallRecord& call, const SessionStatistics& read) {
    for (const StreamStatistics& stream : read.streams) {
        call.packets_received += static_cast<std::int64_t>(stream.packets_received);
        call.packets_lost += static_cast<std::int64_t>(stream.packets_lost);
        call.freezes += static_cast<std::int64_t>(stream.freezes);
        call.jitter_ms = std::max(call.jitter_ms, stream.jitter_ms);
        call.round_trip_ms = std::max(call.round_trip_ms, stream.round_trip_ms);
        call.remote_loss_percent = std::max(call.remote_loss_percent, stream.remote_loss_percent);
        call.concealed_percent = std::max(call.concealed_percent, stream.concealed_percent);
    }
}

}  // namespace

storage::CallRecord call_detail(const Participant& participant, const std::string& room,
                                const std::string& meeting) {
    const CallRequest& request = participant.request;
    storage::CallRecord call;
    call.id = participant.session.id;
    call.meeting = meeting;
    call.room = room;
    call.name = participant.session.display_name;
    call.uri = request.remote_uri;
    call.protocol = request.protocol;
    call.transport = request.transport;
    call.remote_address = request.remote_address;
    call.user_agent = request.user_agent;
    for (const SessionMedia& medium : participant.session.media) {
        std::string& codec = medium.kind == MediaKind::Audio ? call.audio_codec : call.video_codec;
        if (codec.empty()) codec = codec_of(medium);
    }
    if (participant.statistics) take_quality(call, *participant.statistics);
    return call;
}

std::string_view cause_word(Ending::Cause cause) {
    switch (cause) {
        case Ending::Cause::PeerHungUp:
            return "peer_hung_up";
        case Ending::Cause::PeerGaveUp:
            return "peer_gave_up";
        case Ending::Cause::PeerLost:
            return "peer_lost";
        case Ending::Cause::Kicked:
            return "kicked";
        case Ending::Cause::RoomEnded:
            return "room_ended";
        case Ending::Cause::MediaFailed:
            return "media_failed";
        case Ending::Cause::KeysNotRenewed:
            return "keys_not_renewed";
        case Ending::Cause::Shutdown:
            return "shutdown";
        case Ending::Cause::ProtocolError:
            break;
    }
    return "protocol_error";
}

std::int64_t time_of_id(std::string_view uuid) {
    constexpr std::size_t kHigh = 8, kLow = 4;
    std::int64_t high = 0, low = 0;
    if (uuid.size() != 36 || uuid[kHigh] != '-' || uuid[14] != '7') return 0;
    const char* text = uuid.data();
    const auto read_high = std::from_chars(text, text + kHigh, high, 16);
    const auto read_low = std::from_chars(text + kHigh + 1, text + kHigh + 1 + kLow, low, 16);
    if (read_high.ptr != text + kHigh || read_low.ptr != text + kHigh + 1 + kLow) return 0;
    return high << 16 | low;
}

}  // namespace signaling
