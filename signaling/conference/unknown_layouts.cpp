#include "signaling/conference/unknown_layouts.h"

#include <algorithm>

namespace signaling {
namespace {

bool is_known(const std::string& layout, const std::vector<std::string>& known) {
    return layout == "auto" || std::ranges::find(known, layout) != known.end();
}

}  // namespace

std::vector<std::string> unknown_layouts(const Settings& settings,
                                         const std::vector<std::string>& known) {
    std::string names = "auto";
    for (const std::string& name : known) names += name == "auto" ? "" : ", " + name;
    std::vector<std::string> sentences;
    const auto judge = [&](const std::string& where, const std::string& layout) {
        if (is_known(layout, known)) return;
        sentences.push_back(where + ": no layout \"" + layout + "\", drawn as auto; there are " +
                            names);
    };
    for (const RoomSettings& room : settings.rooms) judge("room " + room.id, room.layout);
    if (settings.auto_create) judge("template", settings.room_template.layout);
    return sentences;
}

}  // namespace signaling
