#include "signaling/api/rooms_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "signaling/api/room_json.h"

namespace signaling {
namespace {

using nlohmann::json;
using Parameters = Router::Parameters;

// The body as a JSON object; an empty body counts as an empty one.
std::optional<json> object_of(const std::string& body, const Respond& respond) {
    if (body.empty()) return json::object();
    json value = json::parse(body, nullptr, false);
    if (value.is_object()) return value;
    respond(api_error(400, "invalid_body", "the body is not a JSON object"));
    return std::nullopt;
}

// A member that must be a string when it is there.
std::optional<std::string> string_member(const json& object, const char* name,
                                         const std::string& fallback, const Respond& respond) {
    const auto member = object.find(name);
    if (member == object.end()) return fallback;
    if (member->is_string()) return member->get<std::string>();
    respond(api_error(400, "invalid_argument", std::string(name) + ": expected a string"));
    return std::nullopt;
}

constexpr std::size_t kMostPinned = 49;
constexpr std::size_t kMostRoles = 8;

// A member that must be an array of at most `most` short strings.
std::optional<std::vector<std::string>> strings_member(const json& object, const char* name,
                                                       std::size_t most, const Respond& respond) {
    constexpr std::size_t kLongest = 128;
    const auto member = object.find(name);
    std::vector<std::string> strings;
    if (member != object.end() && member->is_array() && member->size() <= most) {
        for (const json& each : *member) {
            const auto* text = each.get_ptr<const std::string*>();
            if (text != nullptr && !text->empty() && text->size() <= kLongest) {
                strings.push_back(*text);
            }
        }
        if (strings.size() == member->size()) return strings;
    }
    respond(api_error(400, "invalid_argument",
                      std::string(name) + ": expected an array of at most " + std::to_string(most) +
                          " strings of 1 to 128 bytes"));
    return std::nullopt;
}

std::optional<Conference::Muting> muting_of(const std::string& media, bool muted) {
    if (media == "audio") return Conference::Muting{muted, std::nullopt};
    if (media == "video") return Conference::Muting{std::nullopt, muted};
    if (media == "both") return Conference::Muting{muted, muted};
    return std::nullopt;
}

class RoomsApi {
  public:
    RoomsApi(RoomDirectory& rooms, MediaNode& node, const common::Clock& clock)
        : rooms_(rooms), node_(node), clock_(clock) {}

    void room(const Parameters& p, const Respond& respond) const {
        const auto policy = find_room(p, respond);
        if (policy)
            respond(
                {200, "application/json", room_json(*policy, rooms_.conference(policy->id)), ""});
    }

    void participants(const Parameters& p, const Respond& respond) const {
        const auto policy = find_room(p, respond);
        if (!policy) return;
        const std::string body = participants_json(rooms_.conference(policy->id), clock_.now());
        respond({200, "application/json", body, ""});
    }

    void snapshot(const ApiRequest& request, const Parameters& p, const Respond& respond) const {
        const Conference* conference = find_conference(p, respond);
        if (conference == nullptr) return;
        const auto viewer = request.query.find("participant");
        const std::string session = viewer == request.query.end() ? "" : viewer->second;
        if (!session.empty() && !conference->participants().contains(session)) {
            return respond(
                api_error(404, "not_found", "no participant '" + session + "' in this room"));
        }
        node_.snapshot(conference->instance(), session,
                       [respond](const common::Result<std::string>& png) {
                           if (!png) return respond(api_error(png.error()));
                           respond({200, "image/png", *png, ""});
                       });
    }

    void layout(const ApiRequest& request, const Parameters& p, const Respond& respond) const {
        const auto body = object_of(request.body, respond);
        if (!body || find_conference(p, respond) == nullptr) return;
        if (!body->contains("layout"))
            return respond(api_error(400, "invalid_argument", "layout is missing"));
        const auto name = string_member(*body, "layout", "", respond);
        if (!name) return;
        if (name->empty() && p.contains("participant")) return set_layout(p, "", respond);
        // Names are the media daemon's: ask it, so that a typing error is answered and not drawn.
        node_.list_layouts(
            [this, p, name = *name, respond](const common::Result<LayoutList>& known) {
                if (!known) return respond(api_error(known.error()));
                if (name == "auto" || std::ranges::find(known->names, name) != known->names.end()) {
                    return set_layout(p, name, respond);
                }
                std::string names = "auto";
                for (const std::string& each : known->names)
                    names += each == "auto" ? "" : ", " + each;
                respond(api_error(400, "unknown_layout",
                                  "no layout '" + name + "'; there are " + names));
            });
    }

    void self_view(const ApiRequest& request, const Parameters& p, const Respond& respond) const {
        const auto body = object_of(request.body, respond);
        if (!body) return;
        const auto word = string_member(*body, "self_view", "", respond);
        if (!word) return;
        for (const SelfView view : {SelfView::ByLayout, SelfView::Show, SelfView::Hide}) {
            if (*word != self_view_word(view)) continue;
            Conference* conference = find_conference(p, respond);
            if (conference != nullptr)
                conference->set_self_view(participant(p), view, finish(respond));
            return;
        }
        respond(api_error(400, "invalid_argument", "self_view: expected layout, show or hide"));
    }

    void pin(const ApiRequest& request, const Parameters& p, const Respond& respond) const {
        const auto body = object_of(request.body, respond);
        if (!body) return;
        const auto pinned = strings_member(*body, "participants", kMostPinned, respond);
        if (!pinned) return;
        if (Conference* conference = find_conference(p, respond)) {
            conference->pin(participant(p), *pinned, finish(respond));
        }
    }

    void roles(const ApiRequest& request, const Parameters& p, const Respond& respond) const {
        const auto body = object_of(request.body, respond);
        if (!body) return;
        const auto roles = strings_member(*body, "roles", kMostRoles, respond);
        if (!roles) return;
        if (Conference* conference = find_conference(p, respond)) {
            conference->set_roles(p.at("participant"), *roles, finish(respond));
        }
    }

    void mute(const ApiRequest& request, const Parameters& p, bool muted,
              const Respond& respond) const {
        const auto body = object_of(request.body, respond);
        if (!body) return;
        const auto media = string_member(*body, "media", "audio", respond);
        if (!media) return;
        const auto muting = muting_of(*media, muted);
        if (!muting)
            return respond(
                api_error(400, "invalid_argument", "media: expected audio, video or both"));
        if (Conference* conference = find_conference(p, respond)) {
            conference->mute(participant(p), *muting, finish(respond));
        }
    }

    void kick(const ApiRequest& request, const Parameters& p, const Respond& respond) const {
        const auto body = object_of(request.body, respond);
        if (!body) return;
        const auto reason = string_member(*body, "reason", "removed from the room", respond);
        if (!reason) return;
        if (Conference* conference = find_conference(p, respond)) {
            conference->kick(participant(p), *reason, finish(respond));
        }
    }

    void layouts(const Respond& respond) const {
        node_.list_layouts([respond](const common::Result<LayoutList>& list) {
            if (!list) return respond(api_error(list.error()));
            respond({200, "application/json", layouts_json(*list), ""});
        });
    }

    void node(const Respond& respond) const {
        const NodeInfo* info = node_.info();
        if (info == nullptr)
            return respond(api_error(503, "media_away", "the media daemon is away"));
        respond({200, "application/json", node_json(*info), ""});
    }

    void ready(const Respond& respond) const {
        if (!rooms_.ready())
            return respond(api_error(503, "not_ready", "new callers are not taken now"));
        if (const auto obstacle = rooms_.obstacle()) {
            ApiResponse refusal = api_error(503, "overloaded", obstacle->text);
            refusal.retry_after_s = obstacle->retry_after_s;
            return respond(std::move(refusal));
        }
        respond({200, "application/json", R"({"status":"ready"})", ""});
    }

    void list(const Respond& respond) const {
        respond({200, "application/json", rooms_json(rooms_), ""});
    }

  private:
    static std::optional<ParticipantId> participant(const Parameters& p) {
        const auto id = p.find("participant");
        return id == p.end() ? std::nullopt : std::optional(id->second);
    }

    static Conference::Done finish(const Respond& respond) {
        return [respond](const common::Result<void>& result) {
            respond(result ? ApiResponse{200, "application/json", R"({"applied":true})", ""}
                           : api_error(result.error()));
        };
    }

    std::optional<RoomSettings> find_room(const Parameters& p, const Respond& respond) const {
        const std::string& id = p.at("room");
        auto policy = rooms_.room(id);
        if (!policy) respond(api_error(404, "not_found", "no room '" + id + "'"));
        return policy;
    }

    Conference* find_conference(const Parameters& p, const Respond& respond) const {
        const auto policy = find_room(p, respond);
        if (!policy) return nullptr;
        Conference* conference = rooms_.conference(policy->id);
        if (conference == nullptr) {
            respond(api_error(409, "room_empty", "nobody is in room '" + policy->id + "'"));
        }
        return conference;
    }

    void set_layout(const Parameters& p, const std::string& name, const Respond& respond) const {
        if (Conference* conference = find_conference(p, respond)) {
            conference->set_layout(participant(p), name, finish(respond));
        }
    }

    RoomDirectory& rooms_;
    MediaNode& node_;
    const common::Clock& clock_;
};

}  // namespace

void add_rooms_api(Router& router, RoomDirectory& rooms, MediaNode& node,
                   const common::Clock& clock) {
    const auto api = std::make_shared<RoomsApi>(rooms, node, clock);
    router.add("GET", "/healthz", [](auto&, auto&, const Respond& respond) {
        respond({200, "application/json", R"({"status":"ok"})", ""});
    });
    router.add("GET", "/readyz",
               [api](auto&, auto&, const Respond& respond) { api->ready(respond); });
    router.add("GET", "/v1/node",
               [api](auto&, auto&, const Respond& respond) { api->node(respond); });
    router.add("GET", "/v1/layouts",
               [api](auto&, auto&, const Respond& respond) { api->layouts(respond); });
    router.add("GET", "/v1/rooms",
               [api](auto&, auto&, const Respond& respond) { api->list(respond); });
    router.add(
        "GET", "/v1/rooms/{room}",
        [api](auto&, const Parameters& p, const Respond& respond) { api->room(p, respond); });
    router.add("GET", "/v1/rooms/{room}/participants",
               [api](auto&, const Parameters& p, const Respond& respond) {
                   api->participants(p, respond);
               });
    router.add("GET", "/v1/rooms/{room}/snapshot.png",
               [api](const ApiRequest& request, const Parameters& p, const Respond& respond) {
                   api->snapshot(request, p, respond);
               });
    for (const std::string whom :
         {"/v1/rooms/{room}", "/v1/rooms/{room}/participants/{participant}"}) {
        const auto post = [&](const char* verb, auto method) {
            router.add(
                "POST", whom + verb,
                [api, method](const ApiRequest& request, const Parameters& p,
                              const Respond& respond) { method(*api, request, p, respond); });
        };
        post("/layout",
             [](auto& a, auto& request, auto& p, auto& respond) { a.layout(request, p, respond); });
        post("/self-view", [](auto& a, auto& request, auto& p, auto& respond) {
            a.self_view(request, p, respond);
        });
        post("/pin",
             [](auto& a, auto& request, auto& p, auto& respond) { a.pin(request, p, respond); });
        post("/mute", [](auto& a, auto& request, auto& p, auto& respond) {
            a.mute(request, p, true, respond);
        });
        post("/unmute", [](auto& a, auto& request, auto& p, auto& respond) {
            a.mute(request, p, false, respond);
        });
        post("/kick",
             [](auto& a, auto& request, auto& p, auto& respond) { a.kick(request, p, respond); });
    }
    router.add("POST", "/v1/rooms/{room}/participants/{participant}/roles",
               [api](const ApiRequest& request, const Parameters& p, const Respond& respond) {
                   api->roles(request, p, respond);
               });
}

}  // namespace signaling
