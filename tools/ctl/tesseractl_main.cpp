// tesseractl: what an administrator asks of a running Tessera.
// Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no such room or participant, 4 nobody
// answers.

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tools/ctl/api_client.h"
#include "tools/ctl/layout_commands.h"
#include "tools/ctl/node_commands.h"
#include "tools/ctl/record_commands.h"
#include "tools/ctl/room_commands.h"
#include "tools/ctl/token_command.h"

namespace {

using common::ErrorCode;
using common::Result;
using nlohmann::json;

struct Arguments {
    std::string url = "http://127.0.0.1:8060";
    std::string token_file = "var/api.token";
    std::string room;
    std::string participant;
    std::string layout;
    std::string view;
    std::string media = "audio";
    std::string reason = "removed from the room";
    std::string output;
    std::vector<std::string> whom;
    std::vector<std::string> files;
    std::string folder;
    bool built_in = false;
    bool once = false;
    bool follow = false;
    bool csv = true;
    std::string since;
    std::string until;
    int seconds = 2;
    ctl::PreviewOrder preview;
    std::vector<std::string> roles;
    ctl::TokenOrder token;
};

int exit_code(ErrorCode code) {
    if (code == ErrorCode::NotFound) return 3;
    return code == ErrorCode::Unavailable ? 4 : 1;
}

int finish(const Result<std::string>& outcome) {
    if (!outcome) {
        std::fprintf(stderr, "tesseractl: %s\n", outcome.error().message.c_str());
        return exit_code(outcome.error().code);
    }
    std::fputs(outcome->c_str(), stdout);
    return 0;
}

int run(const Arguments& given,
        const std::function<Result<std::string>(const ctl::ApiClient&)>& action) {
    std::ifstream file(given.token_file);
    std::string token;
    if (!std::getline(file, token)) {
        std::fprintf(stderr, "tesseractl: no token in '%s' (--token-file, TESSERA_TOKEN_FILE)\n",
                     given.token_file.c_str());
        return 1;
    }
    return finish(action(ctl::ApiClient(given.url, token)));
}

/// "3=host" -> the third person has that role.
bool read_roles(const std::vector<std::string>& words, ctl::PreviewRoom& room) {
    if (!words.empty()) room.roles.clear();
    for (const std::string& word : words) {
        int number = 0;
        const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
        const auto at = static_cast<std::size_t>(parsed.ptr - word.data());
        if (parsed.ec != std::errc() || at + 1 >= word.size() || word[at] != '=') return false;
        room.roles[number] = word.substr(at + 1);
    }
    return true;
}

/// A mistake in a file stands alone on its line, so that editors can jump to it.
int finish_check(const Result<std::string>& outcome) {
    if (outcome) return finish(outcome);
    std::fprintf(stderr, "%s\n", outcome.error().message.c_str());
    return 1;
}

// What needs no server; `offline` is set by the command that was given.
void add_layout_commands(CLI::App& app, Arguments& given, std::function<int()>& offline,
                         std::function<Result<std::string>(const ctl::ApiClient&)>& action) {
    CLI::App* layout = app.add_subcommand("layout", "layouts: lists, checks and draws them")
                           ->require_subcommand(1);
    CLI::App* list = layout->add_subcommand(
        "list", "the layouts that rooms can have now, and the files that were refused");
    const auto folder = [&given](CLI::App* command) {
        command->add_option("--folder", given.folder, "a folder of layout files beside them");
    };
    folder(list);
    list->add_flag("--built-in", given.built_in, "those of this program, without asking a server");
    list->callback([&] {
        action = [](const ctl::ApiClient& api) { return ctl::list_layouts(api); };
        if (!given.built_in && given.folder.empty()) return;
        offline = [&given] { return finish_check(ctl::list_layouts(given.folder)); };
    });

    CLI::App* check = layout->add_subcommand("check", "names every mistake with its place");
    check->add_option("FILE", given.files, "layout files and tables, read together")->required();
    folder(check);
    check->callback([&] {
        offline = [&given] { return finish_check(ctl::check_layouts(given.files, given.folder)); };
    });

    CLI::App* preview = layout->add_subcommand("preview", "draws a layout with numbered people");
    ctl::PreviewOrder& order = given.preview;
    preview->add_option("FILE", order.layout, "a layout file, or a layout's name")->required();
    preview->add_option("-o,--output", order.output, "the PNG file to write")->required();
    preview->add_option("--people", order.room.people, "how many, 0 to 99")
        ->check(CLI::Range(0, 99));
    preview->add_option("--speaker", order.room.speakers, "who spoke last, then before: 3,1");
    preview->add_option("--pin", order.room.pinned, "who is pinned");
    preview->add_option("--muted", order.room.muted, "who is muted");
    for (const char* name : {"--speaker", "--pin", "--muted"}) {
        preview->get_option(name)->delimiter(',');
    }
    preview->add_option("--role", given.roles, "3=host; unless given, 1=host");
    preview->add_flag("--content", order.room.content, "somebody presents");
    preview->add_flag("--viewer", order.room.viewer, "as seen by one more person who is there");
    preview->add_option("--size", order.size, "of the picture: 1280x720");
    folder(preview);
    preview->callback([&] {
        offline = [&given, &order] {
            if (!read_roles(given.roles, order.room)) {
                std::fprintf(stderr, "tesseractl: --role: expected NUMBER=ROLE such as 3=host\n");
                return 2;
            }
            order.folder = given.folder;
            return finish_check(ctl::preview_layout(order));
        };
    });
}

// What was kept of rooms.
void add_record_commands(CLI::App& app, Arguments& given,
                         std::function<Result<std::string>(const ctl::ApiClient&)>& action) {
    const auto print = [](const std::string& text) {
        return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    };
    CLI::App* events = app.add_subcommand("events", "what happened in a room, in order");
    events->add_option("ROOM", given.room, "the room's id")->required();
    events->add_flag("-f,--follow", given.follow, "and what happens from now on, until Ctrl-C");
    events->callback([&given, &action, print] {
        action = [&given, print](const ctl::ApiClient& api) {
            const auto pause = [](std::chrono::seconds time) { std::this_thread::sleep_for(time); };
            return ctl::print_events(ctl::get_by(api), pause, print, given.room, given.follow);
        };
    });
    CLI::App* calls = app.add_subcommand("cdr", "call detail records")->require_subcommand(1);
    CLI::App* out = calls->add_subcommand("export", "writes them to standard output");
    out->add_flag("--csv", given.csv, "as CSV: the only form there is");
    out->add_option("--room", given.room, "calls to this room alone");
    const auto is_time = [](const std::string& text) {
        return ctl::parse_time(text) ? std::string()
                                     : "'" + text + "': expected a date such as 2026-11-24 (UTC)";
    };
    out->add_option("--since", given.since, "joined on this day or later")->check(is_time);
    out->add_option("--until", given.until, "joined before this day")->check(is_time);
    out->callback([&given, &action, print] {
        action = [&given, print](const ctl::ApiClient& api) {
            const ctl::CallsWanted wanted{given.room, ctl::parse_time(given.since).value_or(0),
                                          ctl::parse_time(given.until)};
            return ctl::export_calls(ctl::get_by(api), print, wanted);
        };
    });
}

void add_token_command(CLI::App& app, Arguments& given, std::function<int()>& offline) {
    CLI::App* token = app.add_subcommand(
        "token", "signs a join token: its carrier may enter the room for a while");
    ctl::TokenOrder& order = given.token;
    token->add_option("ROOM", order.room, "the room's id")->required();
    token->add_option("--role", order.role, "guest, moderator or viewer")
        ->check(CLI::IsMember({"guest", "moderator", "viewer"}));
    token->add_option("--name", order.name, "what its carrier is called; else as they say");
    token->add_option("--minutes", order.minutes, "how long one may enter by it")
        ->check(CLI::Range(1, ctl::kMostTokenMinutes));
    token->add_option(
        "--key", order.key_file,
        "a private key that the server knows; else join_key.pem beside the token file");
    token->callback([&] {
        offline = [&given, &order] {
            return finish(ctl::make_token(order, given.token_file, std::time(nullptr)));
        };
    });
}

}  // namespace

int main(int argc, char** argv) {
    Arguments given;
    std::function<Result<std::string>(const ctl::ApiClient&)> action;
    CLI::App app{"Asks and commands a running Tessera"};
    app.add_option("--url", given.url, "tessera-signald's API")->envname("TESSERA_URL");
    app.add_option("--token-file", given.token_file, "its token file")
        ->envname("TESSERA_TOKEN_FILE");
    app.require_subcommand(1);
    CLI::App* room = app.add_subcommand("room", "rooms and who is in them")->require_subcommand(1);

    const auto add = [&](const char* name, const char* what) {
        CLI::App* command = room->add_subcommand(name, what);
        command->add_option("ROOM", given.room, "the room's id")->required();
        return command;
    };
    // Of the room, or of one participant in it.
    const auto add_command = [&](const char* name, const char* what, std::function<json()> body) {
        CLI::App* command = add(name, what);
        command->callback([&given, &action, verb = std::string(name), body] {
            action = [&given, verb, body](const ctl::ApiClient& api) {
                // What was typed may be anything; the server says what it makes of it.
                const std::string text =
                    body().dump(-1, ' ', false, json::error_handler_t::replace);
                return ctl::command(api, given.room, given.participant, verb, text);
            };
        });
        return command;
    };
    const auto for_whom = [&](CLI::App* command) {
        command->add_option("-p,--participant", given.participant,
                            "one participant, by id or name; else all");
        return command;
    };

    room->add_subcommand("list", "all rooms")->callback([&] { action = ctl::list_rooms; });
    add("show", "a room and its participants")->callback([&] {
        action = [&](const ctl::ApiClient& api) { return ctl::show_room(api, given.room); };
    });
    CLI::App* snapshot = for_whom(add("snapshot", "a picture of what is seen"));
    snapshot->add_option("-o,--output", given.output, "the PNG file to write")->required();
    snapshot->callback([&] {
        action = [&](const ctl::ApiClient& api) {
            return ctl::snapshot(api, given.room, given.participant, given.output);
        };
    });
    CLI::App* layout = add_command("layout", "choose a layout", [&] {
        return json{{"layout", given.layout}};
    });
    layout->add_option("NAME", given.layout, "the layout's name")->required();
    for_whom(layout);
    CLI::App* view = add_command("self-view", "who sees itself", [&] {
        return json{{"self_view", given.view}};
    });
    view->add_option("VIEW", given.view, "layout, show or hide")->required();
    for_whom(view);
    CLI::App* pin = add("pin", "show somebody first, whoever speaks");
    pin->add_option("WHO", given.whom, "by id or name, in this order; nobody: undo");
    for_whom(pin)->callback([&] {
        action = [&](const ctl::ApiClient& api) {
            return ctl::pin(api, given.room, given.participant, given.whom);
        };
    });
    CLI::App* role = add_command("roles", "what layouts know a participant as", [&] {
        return json{{"roles", given.whom}};
    });
    role->add_option("ROLE", given.whom, "host, ...; none: undo");
    for_whom(role)->get_option("--participant")->required();
    for (const char* verb : {"mute", "unmute"}) {
        CLI::App* mute = add_command(verb, verb, [&] { return json{{"media", given.media}}; });
        mute->add_option("--media", given.media, "audio, video or both");
        for_whom(mute);
    }
    CLI::App* kick = add_command("kick", "end calls", [&] {
        return json{{"reason", given.reason}};
    });
    kick->add_option("--reason", given.reason, "what the log says");
    for_whom(kick);

    app.add_subcommand("node", "how much the media daemon has to do, and what room is left")
        ->callback([&] {
            action = [](const ctl::ApiClient& api) { return ctl::show_node(ctl::get_by(api)); };
        });
    CLI::App* top = app.add_subcommand("top", "a live table of meetings, until Ctrl-C");
    top->add_option("-n,--interval", given.seconds, "seconds between looks")
        ->check(CLI::Range(1, 3600));
    top->add_flag("--once", given.once, "one look, for scripts");
    top->callback([&] {
        action = [&given](const ctl::ApiClient& api) {
            const auto pause = [](std::chrono::seconds time) { std::this_thread::sleep_for(time); };
            return ctl::watch_meetings(ctl::get_by(api), pause, std::chrono::seconds(given.seconds),
                                       given.once);
        };
    });

    std::function<int()> offline;
    add_layout_commands(app, given, offline, action);
    add_record_commands(app, given, action);
    add_token_command(app, given, offline);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return offline ? offline() : run(given, action);
}
