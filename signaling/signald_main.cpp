// tessera-signald: the signalling daemon.

#include <glib-unix.h>
#include <glib.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <random>
#include <string>

#include "common/log.h"
#include "signaling/config/settings.h"
#include "signaling/signald.h"

namespace {

struct Options {
    std::string config;  // empty: the embedded defaults
    std::string https;   // these two: where the configuration names none
    std::string page;
    bool auto_create = false;
    bool check = false;
};

common::Result<signaling::Settings> read_settings(const Options& options) {
    auto settings = options.config.empty()
                        ? common::Result<signaling::Settings>(signaling::Settings())
                        : signaling::load_settings(options.config);
    if (!settings) return settings;
    if (options.auto_create) settings->auto_create = true;
    if (settings->page_folder.empty()) settings->page_folder = options.page;
    if (!settings->https && !options.https.empty()) {
        settings->https = signaling::parse_address(options.https);
        if (!settings->https) {
            return common::fail(common::ErrorCode::InvalidArgument,
                                "--https: found \"" + options.https +
                                    "\", expected an address and a port: \"0.0.0.0:8443\"");
        }
    }
    return settings;
}

struct Process {
    Options options;
    GMainLoop* loop = nullptr;
    std::unique_ptr<signaling::Signald> daemon;
    bool stopping = false;
};

gboolean on_stop(gpointer data) {
    auto& process = *static_cast<Process*>(data);
    if (process.stopping) {
        g_main_loop_quit(process.loop);  // asked twice: at once
        return G_SOURCE_CONTINUE;
    }
    process.stopping = true;
    LOG_INFO("shutting down");
    process.daemon->shut_down([&process] { g_main_loop_quit(process.loop); });
    return G_SOURCE_CONTINUE;
}

gboolean on_reload(gpointer data) {
    auto& process = *static_cast<Process*>(data);
    const auto settings = read_settings(process.options);
    if (settings) {
        process.daemon->reload(*settings);
    } else {
        LOG_ERROR("not reloaded, all stays as it was:\n{}", settings.error().message);
    }
    return G_SOURCE_CONTINUE;
}

signaling::Signald::Identity make_identity() {
    char* uuid = g_uuid_string_random();
    std::random_device random;
    signaling::Signald::Identity identity;
    identity.boot_id = uuid;
    identity.seed = (static_cast<std::uint64_t>(random()) << 32) | random();
    identity.unix_ms = [] { return static_cast<std::uint64_t>(g_get_real_time() / 1000); };
    g_free(uuid);
    return identity;
}

// For people, and for scripts that must know where this daemon will answer: a word and a value.
int describe(const signaling::Settings& settings) {
    std::printf("%zu rooms, no mistakes\n", settings.rooms.size());
    for (const auto& listener : settings.listeners) {
        for (const auto& name : names_of(listener)) std::printf("sip %s\n", name.c_str());
    }
    std::printf("api http://%s\n", to_string(settings.api).c_str());
    if (settings.https) std::printf("https https://%s\n", to_string(*settings.https).c_str());
    if (!settings.page_folder.empty()) std::printf("page %s\n", settings.page_folder.c_str());
    std::printf("token_file %s\n", settings.token_file.c_str());
    std::printf("auto_create %s\n", settings.auto_create ? "yes" : "no");
    for (const auto& room : settings.rooms) std::printf("room %s\n", room.id.c_str());
    return 0;
}

// Each connection that may be is a descriptor; a shell's limit is often 1024.
void raise_descriptor_limit(const signaling::SipLimits& limits) {
    constexpr rlim_t kOthers = 256;
    // As many may be closing.
    const rlim_t wanted = 2 * static_cast<rlim_t>(limits.max_connections) + kOthers;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
        LOG_WARNING("{} descriptors are few for {} connections", limit.rlim_cur,
                    limits.max_connections);
    }
}

int run(const Options& options, const signaling::Settings& settings) {
    Process process{options, g_main_loop_new(nullptr, FALSE), nullptr, false};
    auto daemon = signaling::Signald::open(settings, make_identity());
    if (!daemon) {
        LOG_ERROR("{}", daemon.error().message);
        g_main_loop_unref(process.loop);
        return 1;
    }
    process.daemon = *std::move(daemon);
    g_unix_signal_add(SIGTERM, on_stop, &process);
    g_unix_signal_add(SIGINT, on_stop, &process);
    g_unix_signal_add(SIGHUP, on_reload, &process);
    g_main_loop_run(process.loop);
    process.daemon.reset();
    g_main_loop_unref(process.loop);
    LOG_INFO("ended");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"Tessera's signalling daemon: SIP, rooms, and the HTTP API"};
    app.add_option("-c,--config", options.config,
                   "tessera.toml; without it, the embedded defaults");
    app.add_flag("--auto-create", options.auto_create, "make a room for whatever is dialled");
    app.add_option("--https", options.https,
                   "where browsers come, when the configuration names no address");
    app.add_option("--page", options.page,
                   "the folder of the page, when the configuration names none");
    app.add_flag("--check", options.check,
                 "read the configuration, say what is wrong with it, and end");
    CLI11_PARSE(app, argc, argv);

    const auto settings = read_settings(options);
    if (!settings) {
        std::fprintf(stderr, "%s\n", settings.error().message.c_str());
        return 2;
    }
    if (options.check) return describe(*settings);
    common::init_logging("signald", settings->log_level);
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit(settings->limits);
    return run(options, *settings);
}
