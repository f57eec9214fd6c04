#include "tools/ctl/room_commands.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

namespace ctl {
namespace {

using common::ErrorCode;
using common::Result;
using nlohmann::json;

std::string path_of(const std::string& room) {
    return "/v1/rooms/" + ApiClient::segment(room);
}

Result<json> get_json(const ApiClient& api, const std::string& path) {
    const auto body = api.get(path);
    if (!body) return tl::unexpected(body.error());
    json value = json::parse(*body, nullptr, false);
    if (value.is_discarded())
        return common::fail(ErrorCode::Internal, path + ": the answer is not JSON");
    return value;
}

/// What `read` makes of an answer. Another version of the server, or another server altogether, may
/// have given it: what is not as expected becomes an error that names it.
template <typename Read>
auto reading(const std::string& path, Read&& read) -> decltype(read()) {
    try {
        return read();
    } catch (const json::exception& unexpected) {
        return common::fail(ErrorCode::Internal,
                            path + ": the answer is not what this version of tesseractl expects: " +
                                unexpected.what());
    }
}

// An id as it is; a display name that only one has, by its id.
Result<std::string> participant_id(const ApiClient& api, const std::string& room,
                                   const std::string& given) {
    const std::string path = path_of(room) + "/participants";
    const auto list = get_json(api, path);
    if (!list) return tl::unexpected(list.error());
    std::vector<std::string> named;
    const auto found = reading(path, [&]() -> Result<std::string> {
        for (const json& participant : list->at("participants")) {
            const auto id = participant.at("id").get<std::string>();
            if (id == given) return id;
            if (participant.at("name").get<std::string>() == given) named.push_back(id);
        }
        return std::string();
    });
    if (!found || !found->empty()) return found;
    if (named.size() == 1) return named.front();
    if (named.empty())
        return common::fail(ErrorCode::NotFound,
                            "no participant '" + given + "' in room '" + room + "'");
    return common::fail(ErrorCode::InvalidArgument,
                        std::to_string(named.size()) + " participants are named '" + given +
                            "'; use an id from `tesseractl room show " + room + "`");
}

std::string marks_of(const json& participant) {
    std::string marks;
    for (const char* mark : {"audio_muted", "video_muted", "on_hold", "speaking", "adopted"}) {
        if (participant.at(mark).get<bool>())
            marks += (marks.empty() ? "" : ",") + std::string(mark);
    }
    return marks.empty() ? "-" : marks;
}

// What it sees otherwise than the room: `layout=pip self-view=show pins=2 roles=host`.
std::string wishes_of(const json& participant) {
    std::string wishes;
    const auto add = [&wishes](const std::string& wish) {
        wishes += (wishes.empty() ? "" : " ") + wish;
    };
    const auto layout = participant.at("layout").get<std::string>();
    const auto self_view = participant.at("self_view").get<std::string>();
    if (!layout.empty()) add("layout=" + layout);
    if (self_view != "layout") add("self-view=" + self_view);
    if (!participant.at("pinned").empty()) {
        add("pins=" + std::to_string(participant.at("pinned").size()));
    }
    std::string roles;
    for (const json& role : participant.at("roles")) {
        roles += (roles.empty() ? "roles=" : ",") + role.get<std::string>();
    }
    if (!roles.empty()) add(roles);
    return wishes.empty() ? "-" : wishes;
}

std::string rooms_text(const json& rooms) {
    std::ostringstream out;
    out << "ROOM\tPARTICIPANTS\tLAYOUT\tNAME\n";
    for (const json& room : rooms) {
        out << room.at("id").get<std::string>() << '\t' << room.at("participant_count") << '/'
            << room.at("max_participants") << '\t' << room.at("layout").get<std::string>() << '\t'
            << room.at("name").get<std::string>() << '\n';
    }
    return out.str();
}

std::string room_text(const json& room) {
    std::ostringstream out;
    out << "room\t" << room.at("id").get<std::string>() << "\nname\t"
        << room.at("name").get<std::string>() << "\nlayout\t"
        << room.at("layout").get<std::string>() << "\nself-view\t"
        << room.at("self_view").get<std::string>() << "\nparticipants\t"
        << room.at("participant_count") << '/' << room.at("max_participants") << '\n';
    return out.str();
}

std::string participants_text(const json& participants) {
    std::ostringstream out;
    for (const json& p : participants) {
        out << p.at("id").get<std::string>() << '\t' << p.at("name").get<std::string>() << '\t'
            << p.at("state").get<std::string>() << '\t' << p.at("seconds") << " s\t" << marks_of(p)
            << '\t' << wishes_of(p) << '\n';
        for (const json& stream : p.at("streams")) {
            const auto failure = stream.at("failure").get<std::string>();
            if (failure.empty()) continue;
            out << "\tnothing is sent of medium " << stream.at("mid").get<std::string>() << ": "
                << failure << '\n';
        }
    }
    return out.str();
}

}  // namespace

Result<std::string> list_rooms(const ApiClient& api) {
    const auto reply = get_json(api, "/v1/rooms");
    if (!reply) return tl::unexpected(reply.error());
    return reading("/v1/rooms",
                   [&]() -> Result<std::string> { return rooms_text(reply->at("rooms")); });
}

Result<std::string> show_room(const ApiClient& api, const std::string& room) {
    const std::string path = path_of(room);
    const auto about = get_json(api, path);
    if (!about) return tl::unexpected(about.error());
    const auto list = get_json(api, path + "/participants");
    if (!list) return tl::unexpected(list.error());
    return reading(path, [&]() -> Result<std::string> {
        return room_text(*about) + participants_text(list->at("participants"));
    });
}

Result<std::string> snapshot(const ApiClient& api, const std::string& room,
                             const std::string& participant, const std::string& file) {
    std::string path = path_of(room) + "/snapshot.png";
    if (!participant.empty()) {
        const auto id = participant_id(api, room, participant);
        if (!id) return id;
        path += "?participant=" + ApiClient::segment(*id);
    }
    const auto png = api.get(path);
    if (!png) return png;
    std::ofstream out(file, std::ios::binary);
    out << *png;
    out.close();
    if (!out) return common::fail(ErrorCode::Io, "cannot write '" + file + "'");
    return file + ": " + std::to_string(png->size()) + " bytes\n";
}

Result<std::string> command(const ApiClient& api, const std::string& room,
                            const std::string& participant, const std::string& verb,
                            const std::string& body) {
    std::string path = path_of(room);
    if (!participant.empty()) {
        const auto id = participant_id(api, room, participant);
        if (!id) return id;
        path += "/participants/" + ApiClient::segment(*id);
    }
    const auto reply = api.post(path + "/" + verb, body);
    if (!reply) return reply;
    return std::string();
}

Result<std::string> pin(const ApiClient& api, const std::string& room,
                        const std::string& participant, const std::vector<std::string>& whom) {
    json ids = json::array();
    for (const std::string& given : whom) {
        const auto id = participant_id(api, room, given);
        if (!id) return id;
        ids.push_back(*id);
    }
    return command(api, room, participant, "pin", json{{"participants", ids}}.dump());
}

}  // namespace ctl
