#include "tools/ctl/node_commands.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

namespace ctl {
namespace {

using common::Result;
using nlohmann::json;

constexpr std::array<const char*, 5> kStages{"decode", "scale", "compose", "encode", "audio"};
using Cpu = std::array<double, kStages.size()>;

[[gnu::format(printf, 1, 2)]] std::string line(const char* format, ...) {
    std::array<char, 512> text{};
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    return text.data();
}

/// Reads an answer. Another version of the server may have given it: what is not as expected
/// becomes an error that names it.
template <typename Read>
auto reading(const ApiClient& api, const std::string& path, Read&& read) -> decltype(read(json())) {
    const auto body = api.get(path);
    if (!body) return tl::unexpected(body.error());
    try {
        return read(json::parse(*body));
    } catch (const json::exception& unexpected) {
        return common::fail(common::ErrorCode::Internal,
                            path + ": the answer is not what this version of tesseractl expects: " +
                                unexpected.what());
    }
}

struct Meeting {
    std::string room, instance;
    std::size_t people = 0;
    std::uint64_t encoders = 0, late_ticks = 0, freezes = 0;
    double loss_percent = 0;  ///< of whoever is worst off, in either direction
    Cpu cpu_seconds{};
};
struct Look {
    std::chrono::steady_clock::time_point at;
    std::vector<Meeting> meetings;
};

Result<void> read_people(const ApiClient& api, Meeting& meeting) {
    const std::string path = "/v1/rooms/" + ApiClient::segment(meeting.room) + "/participants";
    return reading(api, path, [&](const json& reply) -> Result<void> {
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

Result<Look> look(const ApiClient& api) {
    Look now{std::chrono::steady_clock::now(), {}};
    const auto rooms = reading(api, "/v1/rooms", [&](const json& reply) -> Result<void> {
        for (const json& room : reply.at("rooms")) {
            const json& running = room.at("conference");
            if (running.is_null()) continue;
            Meeting meeting;
            meeting.room = room.at("id").get<std::string>();
            meeting.instance = running.at("instance").get<std::string>();
            meeting.people = room.at("participant_count").get<std::size_t>();
            meeting.encoders = running.at("encoders").get<std::uint64_t>();
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
        if (auto people = read_people(api, meeting); !people) return tl::unexpected(people.error());
    }
    return now;
}

std::string table(const Look& before, const Look& now) {
    std::string text = line("%-16s %6s %4s %6s %6s %6s %6s %6s %6s %6s\n", "ROOM", "PEOPLE", "ENC",
                            "CPU%", "DECODE", "SCALE", "COMPOS", "ENCODE", "AUDIO", "LOSS%");
    const double seconds =
        std::max(0.001, std::chrono::duration<double>(now.at - before.at).count());
    struct Row {
        const Meeting* meeting;
        Cpu percent;
        double sum;
    };
    std::vector<Row> rows;
    std::uint64_t freezes = 0, late = 0;
    for (const Meeting& meeting : now.meetings) {
        Row row{&meeting, {}, 0};
        freezes += meeting.freezes;
        late = std::max(late, meeting.late_ticks);  // the node's, as each meeting tells it
        const auto former =
            std::ranges::find(before.meetings, meeting.instance, &Meeting::instance);
        for (std::size_t i = 0; i < kStages.size() && former != before.meetings.end(); ++i) {
            row.percent.at(i) = std::max(
                0.0, 100 * (meeting.cpu_seconds.at(i) - former->cpu_seconds.at(i)) / seconds);
            row.sum += row.percent.at(i);
        }
        rows.push_back(row);
    }
    std::ranges::stable_sort(rows, std::greater(), &Row::sum);
    for (const Row& row : rows) {
        text += line("%-16.16s %6zu %4llu %6.1f %6.1f %6.1f %6.1f %6.1f %6.1f %6.1f\n",
                     row.meeting->room.c_str(), row.meeting->people,
                     static_cast<unsigned long long>(row.meeting->encoders), row.sum,
                     row.percent[0], row.percent[1], row.percent[2], row.percent[3], row.percent[4],
                     row.meeting->loss_percent);
    }
    if (rows.empty()) text += "nobody is in any room\n";
    text += line("%zu meetings, %llu freezes, %llu late ticks\n", rows.size(),
                 static_cast<unsigned long long>(freezes), static_cast<unsigned long long>(late));
    return text;
}

}  // namespace

Result<std::string> show_node(const ApiClient& api) {
    return reading(api, "/v1/node", [](const json& node) -> Result<std::string> {
        const json& load = node.at("load");
        const auto number = [&load](const char* key) { return load.at(key).get<double>(); };
        const auto step = load.at("step").get<int>();
        const auto refusal = load.at("refusal").get<std::string>();
        std::string text =
            line("version          %s\n", node.at("version").get<std::string>().c_str());
        text += line("cpu              %.0f %% of its cores\n", 100 * number("cpu_share"));
        text +=
            line("capacity left    %.0f more people like those who are in, at most %.0f in all\n",
                 number("capacity_left"), node.at("max_sessions").get<double>());
        text += step == 0 ? "ladder           step 0: nothing is given up\n"
                          : line("ladder           step %d: %s\n", step,
                                 load.at("step_name").get<std::string>().c_str());
        text += line("wait for a core  %.1f ms (p95)\n", number("pool_wait_p95_ms"));
        text += line("tick lateness    %.1f ms, %.1f %% of video and %.1f %% of sound skipped\n",
                     number("tick_late_ms"), 100 * number("ticks_lost"),
                     100 * number("audio_ticks_lost"));
        text += refusal.empty() ? "newcomers        are taken\n"
                                : line("newcomers        are refused: %s\n", refusal.c_str());
        return text;
    });
}

Result<std::string> watch_meetings(const ApiClient& api, std::chrono::seconds interval, bool once) {
    auto before = look(api);
    if (!before) return tl::unexpected(before.error());
    // CPU is a rate. The daemon counts once a second: less between two looks says nothing.
    std::this_thread::sleep_for(std::chrono::seconds(1));
    while (true) {
        auto now = look(api);
        if (!now) return tl::unexpected(now.error());
        const std::string text = table(*before, *now);
        if (once) return text;
        std::printf("\033[H\033[2J%s", text.c_str());
        std::fflush(stdout);
        before = std::move(now);
        std::this_thread::sleep_for(interval);
    }
}

}  // namespace ctl
