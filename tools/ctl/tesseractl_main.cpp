// tesseractl: what an administrator asks of a running Tessera.
// Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no such room or participant, 4 nobody
// answers.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "tools/ctl/api_client.h"
#include "tools/ctl/room_commands.h"

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
};

int exit_code(ErrorCode code) {
    if (code == ErrorCode::NotFound) return 3;
    return code == ErrorCode::Unavailable ? 4 : 1;
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
    const auto outcome = action(ctl::ApiClient(given.url, token));
    if (!outcome) {
        std::fprintf(stderr, "tesseractl: %s\n", outcome.error().message.c_str());
        return exit_code(outcome.error().code);
    }
    std::fputs(outcome->c_str(), stdout);
    return 0;
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

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return run(given, action);
}
