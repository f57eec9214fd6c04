#include "tools/ctl/node_commands.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tools/ctl/api_client.h"
#include "tools/ctl/text_line.h"

namespace ctl {
namespace {

using common::Result;
using nlohmann::json;

/// Reads an answer. Another version of the server may have given it: what is not as expected
/// becomes an error that names it.
template <typename Read>
auto reading(const Get& get, const std::string& path, Read&& read) -> decltype(read(json())) {
    const auto body = get(path);
    if (!body) return tl::unexpected(body.error());
    try {
        return read(json::parse(*body));
    } catch (const json::exception& unexpected) {
        return common::fail(common::ErrorCode::Internal,
                            path + ": the answer is not what this version of tesseractl expects: " +
                                unexpected.what());
    }
}

Result<void> read_people(const Get& get, Meeting& meeting) {
    const std::string path = "/v1/rooms/" + ApiClient::segment(meeting.room) + "/participants";
    return reading(get, path, [&](const json& reply) -> Result<void> {
        for (const json& participant : reply.at("participants")) {
            for (const json& stream : participant.at("streams")) {
                const auto received = stream.at("packets_received").get<double>();
                const auto lost = stream.at("packets_lost").get<double>();
                meeting.freezes += stream.at("freezes").get<std::uint64_t>();
                const double here = received + lost > 0 ? 100 * lost / (received + lost) : 0;
                meeting.loss_percent = std::max(
                    {meeting.loss_percent, here, stream.at("remote_loss_percent").get<double>()});
            }
        }
        return {};
    });
}

}  // namespace

Get get_by(const ApiClient& api) {
    return [&api](const std::string& path) { return api.get(path); };
}

Result<Look> look_at_meetings(const Get& get, std::chrono::steady_clock::time_point at) {
    Look now{at, {}};
    const auto rooms = reading(get, "/v1/rooms", [&](const json& reply) -> Result<void> {
        for (const json& room : reply.at("rooms")) {
            const json& running = room.at("conference");
            if (running.is_null()) continue;
            Meeting meeting;
            meeting.room = room.at("id").get<std::string>();
            meeting.instance = running.at("instance").get<std::string>();
            meeting.people = room.at("participant_count").get<std::size_t>();
            meeting.encoders = running.at("encoders").get<std::uint64_t>();
            meeting.pictures_skipped = running.at("pictures_skipped").get<std::uint64_t>();
            meeting.drawn_after_ms = running.at("drawn_after_ms").get<double>();
            meeting.late_ticks = running.at("late_ticks").get<std::uint64_t>();
            for (std::size_t i = 0; i < kStages.size(); ++i)
                meeting.cpu_seconds.at(i) =
                    running.at("cpu_seconds").at(kStages.at(i)).get<double>();
            now.meetings.push_back(std::move(meeting));
        }
        return {};
    });
    if (!rooms) return tl::unexpected(rooms.error());
    for (Meeting& meeting : now.meetings) {
        if (auto people = read_people(get, meeting); !people) return tl::unexpected(people.error());
    }
    return now;
}

Result<std::string> show_node(const Get& get) {
    return reading(get, "/v1/node", [](const json& node) -> Result<std::string> {
        const json& load = node.at("load");
        const auto number = [&load](const char* key) { return load.at(key).get<double>(); };
        const auto step = load.at("step").get<int>();
        const auto refusal = load.at("refusal").get<std::string>();
        std::string text =
            text_line("version          %s\n", node.at("version").get<std::string>().c_str());
        text += text_line("cpu              %.0f %% of its cores\n", 100 * number("cpu_share"));
        text += text_line(
            "capacity left    %.0f more people like those who are in, at most %.0f in all\n",
            number("capacity_left"), node.at("max_sessions").get<double>());
        text += step == 0 ? "ladder           step 0: nothing is given up\n"
                          : text_line("ladder           step %d: %s\n", step,
                                      load.at("step_name").get<std::string>().c_str());
        text += text_line("wait for a core  %.1f ms (p95)\n", number("pool_wait_p95_ms"));
        text += text_line(
            "tick lateness    %.1f ms, %.1f %% of video and %.1f %% of sound skipped\n",
            number("tick_late_ms"), 100 * number("ticks_lost"), 100 * number("audio_ticks_lost"));
        text += refusal.empty() ? "newcomers        are taken\n"
                                : text_line("newcomers        are refused: %s\n", refusal.c_str());
        return text;
    });
}

Result<std::string> watch_meetings(const Get& get, const Pause& pause,
                                   std::chrono::seconds interval, bool once) {
    auto before = look_at_meetings(get, std::chrono::steady_clock::now());
    if (!before) return tl::unexpected(before.error());
    // CPU is a rate. The daemon counts once a second: less between two looks says nothing.
    pause(std::chrono::seconds(1));
    while (true) {
        auto now = look_at_meetings(get, std::chrono::steady_clock::now());
        if (!now) return tl::unexpected(now.error());
        const std::string text = meeting_table(*before, *now);
        if (once) return text;
        std::printf("\033[H\033[2J%s", text.c_str());
        std::fflush(stdout);
        before = std::move(now);
        pause(interval);
    }
}

}  // namespace ctl
