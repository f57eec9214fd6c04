#include "signaling/api/room_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace signaling {
namespace {

using nlohmann::json;

// Names come from peers: what is not UTF-8 is replaced, never thrown about.
std::string text_of(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json to_json(const RoomSettings& policy, const Conference* running) {
    json room = {{"id", policy.id},
                 {"name", policy.name},
                 {"layout", policy.layout},
                 {"self_view", self_view_word(policy.self_view)},
                 {"max_participants", policy.max_participants},
                 {"max_width", policy.max_size.width},
                 {"max_height", policy.max_size.height},
                 {"participant_count", running == nullptr ? 0 : running->participants().size()},
                 {"pinned", running == nullptr ? std::vector<std::string>() : running->pinned()},
                 {"conference", nullptr}};
    if (running != nullptr) {
        const ConferenceStatistics& s = running->statistics();
        room["conference"] = {{"instance", running->instance()},
                              {"speakers", running->speakers()},
                              {"views", s.views},
                              {"encoders", s.encoders},
                              {"splice_contexts", s.splice_contexts},
                              {"encoders_opened", s.encoders_opened},
                              {"key_pictures", s.key_pictures},
                              {"splice_pictures", s.splice_pictures},
                              {"pictures_encoded", s.pictures_encoded},
                              {"pictures_skipped", s.pictures_skipped},
                              {"sounds_encoded", s.sounds_encoded},
                              {"late_ticks", s.late_ticks},
                              {"drawn_after_ms", s.drawn_after_ms},
                              {"encoders_by_rung", s.encoders_by_rung},
                              {"cpu_seconds",
                               {{"decode", s.cpu.decode},
                                {"scale", s.cpu.scale},
                                {"compose", s.cpu.compose},
                                {"encode", s.cpu.encode},
                                {"audio", s.cpu.audio}}}};
    }
    return room;
}

json to_json(const StreamStatistics& s) {
    return {{"mid", s.mid},
            {"codec", s.codec},
            {"packets_received", s.packets_received},
            {"bytes_received", s.bytes_received},
            {"packets_lost", s.packets_lost},
            {"packets_dropped", s.packets_dropped},
            {"dropped", json(s.dropped)},
            {"pictures_broken", s.pictures_broken},
            {"packets_recovered", s.packets_recovered},
            {"packets_sent_again", s.packets_sent_again},
            {"freezes", s.freezes},
            {"longest_repair_ms", s.longest_repair_ms},
            {"jitter_ms", s.jitter_ms},
            {"packets_sent", s.packets_sent},
            {"bytes_sent", s.bytes_sent},
            {"round_trip_ms", s.round_trip_ms},
            {"remote_loss_percent", s.remote_loss_percent},
            {"starts_asked", s.starts_asked},
            {"starts_wanted", s.starts_wanted},
            {"width", s.width},
            {"height", s.height},
            {"frames_per_second", s.frames_per_second},
            {"failure", s.failure},
            {"concealed_percent", s.concealed_percent},
            {"playout_delay_ms", s.playout_delay_ms}};
}

std::string_view state_word(Participant::State state) {
    switch (state) {
        case Participant::State::Joining:
            return "joining";
        case Participant::State::Joined:
            return "joined";
        case Participant::State::Leaving:
            return "leaving";
    }
    return "leaving";
}

/// How its media is protected, of all that flows the least.
std::string_view encryption_word(const Participant& p) {
    std::string_view word = p.session.media.empty() ? "none" : "";
    for (const SessionMedia& medium : p.session.media) {
        if (medium.direction == MediaDirection::Inactive && !word.empty()) continue;
        switch (medium.security.kind) {
            case SessionSecurity::Kind::None:
                return "none";
            case SessionSecurity::Kind::Pending:
                word = "pending";
                break;
            case SessionSecurity::Kind::Sdes:
                if (word != "pending") word = "sdes";
                break;
            case SessionSecurity::Kind::Dtls:
                if (word.empty()) word = "dtls";
        }
    }
    return word;
}

json to_json(const Participant& p, common::Timestamp now) {
    const bool joined = p.state == Participant::State::Joined;
    const auto seconds =
        joined ? std::chrono::duration_cast<std::chrono::seconds>(now - p.joined).count() : 0;
    json streams = json::array();
    if (p.statistics) {
        for (const StreamStatistics& stream : p.statistics->streams)
            streams.push_back(to_json(stream));
    }
    return {{"id", p.session.id},
            {"name", p.session.display_name},
            {"state", state_word(p.state)},
            {"adopted", p.adopted()},
            {"protocol", p.request.protocol},
            {"transport", p.request.transport},
            {"remote_uri", p.request.remote_uri},
            {"user_agent", p.request.user_agent},
            {"encryption", encryption_word(p)},
            {"audio_muted", p.session.audio_muted},
            {"video_muted", p.session.video_muted},
            {"layout", p.session.layout},
            {"self_view", self_view_word(p.session.self_view)},
            {"roles", p.session.roles},
            {"pinned", p.session.pinned},
            {"on_hold", !p.media_expected()},
            {"seconds", seconds},
            {"rung", p.statistics ? p.statistics->rung : ""},
            {"speaking", p.statistics && p.statistics->speaking},
            {"streams", std::move(streams)}};
}

json to_json(const NodeLoad& load) {
    return {{"cpu_share", load.cpu_share},
            {"pool_wait_p95_ms", load.pool_wait_p95_ms},
            {"tick_late_ms", load.tick_late_ms},
            {"ticks_lost", load.ticks_lost},
            {"audio_ticks_lost", load.audio_ticks_lost},
            {"pictures_skipped", load.pictures_skipped},
            {"step", load.step},
            {"step_name", load.step_name},
            {"steps_down", load.steps_down},
            {"steps_up", load.steps_up},
            {"capacity_left", load.capacity_left},
            {"refusal", load.refusal},
            {"retry_after_s", load.retry_after_s}};
}

}  // namespace

std::string_view self_view_word(SelfView view) {
    if (view == SelfView::Show) return "show";
    return view == SelfView::Hide ? "hide" : "layout";
}

std::string room_json(const RoomSettings& policy, const Conference* running) {
    return text_of(to_json(policy, running));
}

std::string rooms_json(const RoomDirectory& rooms) {
    json list = json::array();
    for (const RoomSettings& room : rooms.rooms())
        list.push_back(to_json(room, rooms.conference(room.id)));
    return text_of({{"rooms", std::move(list)}});
}

std::string participants_json(const Conference* running, common::Timestamp now) {
    json list = json::array();
    if (running != nullptr) {
        for (const auto& [id, participant] : running->participants())
            list.push_back(to_json(participant, now));
    }
    return text_of({{"participants", std::move(list)}});
}

std::string layouts_json(const LayoutList& list) {
    json about = json::array();
    for (const LayoutList::Layout& layout : list.layouts) {
        about.push_back({{"name", layout.name},
                         {"description", layout.description},
                         {"file", layout.file},
                         {"table", layout.table},
                         {"most_people", layout.most_people},
                         {"self_view", layout.self_view}});
    }
    json refused = json::array();
    for (const LayoutList::Refused& each : list.refused) {
        std::string place = each.file;
        if (each.line != 0) {
            place += ":" + std::to_string(each.line) + ":" + std::to_string(each.column);
        }
        refused.push_back({{"file", each.file},
                           {"line", each.line},
                           {"column", each.column},
                           {"message", each.message},
                           {"text", place + ": " + each.message}});
    }
    return text_of({{"layouts", list.names}, {"about", about}, {"errors", refused}});
}

std::string node_json(const NodeInfo& info) {
    return text_of({{"incarnation", info.incarnation},
                    {"version", info.version},
                    {"audio_codecs", info.audio_codecs},
                    {"video_codecs", info.video_codecs},
                    {"max_sessions", info.max_sessions},
                    {"ipv6", info.ipv6},
                    {"load", to_json(info.load)}});
}

}  // namespace signaling
