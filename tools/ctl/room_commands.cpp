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

// An id as it is; a display name that only one has, by its id.
Result<std::string> participant_id(const ApiClient& api, const std::string& room,
                                   const std::string& given) {
    const auto list = get_json(api, path_of(room) + "/participants");
    if (!list) return tl::unexpected(list.error());
    std::vector<std::string> named;
    for (const json& participant : (*list)["participants"]) {
        const auto id = participant["id"].get<std::string>();
        if (id == given) return id;
        if (participant["name"].get<std::string>() == given) named.push_back(id);
    }
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
        if (participant[mark].get<bool>()) marks += (marks.empty() ? "" : ",") + std::string(mark);
    }
    return marks.empty() ? "-" : marks;
}

}  // namespace

Result<std::string> list_rooms(const ApiClient& api) {
    const auto reply = get_json(api, "/v1/rooms");
    if (!reply) return tl::unexpected(reply.error());
    std::ostringstream out;
    out << "ROOM\tPARTICIPANTS\tLAYOUT\tNAME\n";
    for (const json& room : (*reply)["rooms"]) {
        out << room["id"].get<std::string>() << '\t' << room["participant_count"] << '/'
            << room["max_participants"] << '\t' << room["layout"].get<std::string>() << '\t'
            << room["name"].get<std::string>() << '\n';
    }
    return out.str();
}

Result<std::string> show_room(const ApiClient& api, const std::string& room) {
    const auto about = get_json(api, path_of(room));
    if (!about) return tl::unexpected(about.error());
    const auto list = get_json(api, path_of(room) + "/participants");
    if (!list) return tl::unexpected(list.error());
    std::ostringstream out;
    out << "room\t" << (*about)["id"].get<std::string>() << "\nname\t"
        << (*about)["name"].get<std::string>() << "\nlayout\t"
        << (*about)["layout"].get<std::string>() << "\nself-view\t"
        << (*about)["self_view"].get<std::string>() << "\nparticipants\t"
        << (*about)["participant_count"] << '/' << (*about)["max_participants"] << '\n';
    for (const json& p : (*list)["participants"]) {
        out << p["id"].get<std::string>() << '\t' << p["name"].get<std::string>() << '\t'
            << p["state"].get<std::string>() << '\t' << p["seconds"] << " s\t" << marks_of(p)
            << '\n';
    }
    return out.str();
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

}  // namespace ctl
