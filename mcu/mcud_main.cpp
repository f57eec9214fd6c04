// tessera-mcud, the media daemon: reads its part of tessera.toml, starts its threads, serves the
// control channel until SIGTERM or SIGINT.

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <uuid/uuid.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "common/clock.h"
#include "common/heap_rest.h"
#include "common/log.h"
#include "common/media_pool.h"
#include "common/metrics_server.h"
#include "mcu/config/mcud_config.h"
#include "mcu/control/control_server.h"
#include "mcu/control/control_service.h"
#include "mcu/control/control_thread.h"
#include "mcu/control/event_streams.h"
#include "mcu/control/layout_watch.h"
#include "mcu/control/load_watch.h"
#include "mcu/control/node.h"
#include "mcu/metrics/node_metrics.h"
#include "mcu/transport/dtls_identity.h"
#include "mcu/transport/net_thread.h"
#include "mcu/transport/udp_port_range.h"
#include "mixer/layout/layout_book.h"
#include "mixer/video/frame_pool.h"

namespace mcu {
namespace {

constexpr std::int64_t kVideoTicksPerSecond = 30;
/// 2 ms each: less than it takes to encode a picture.
constexpr int kVideoSlotsPerTick = 16;
constexpr std::int64_t kAudioTicksPerSecond = 50;
constexpr auto kShutdownLimit = std::chrono::seconds(3);

std::string new_uuid() {
    uuid_t uuid;
    uuid_generate_random(uuid);
    std::array<char, 37> text{};
    uuid_unparse_lower(uuid, text.data());
    return text.data();
}

/// Hands what the layout watch found to the control thread, where plans are made.
LayoutWatch::OnFound layouts_taken(ControlPoster& control, mixer::LayoutBook& layouts, Node& node) {
    return [&control, &layouts, &node](const LayoutFolder::Found& found) {
        return control.post([&layouts, &node, found] {
            log_refused(found.errors);
            LOG_INFO("layouts read again: {} layouts, {} mistakes", found.book.names().size(),
                     found.errors.size());
            layouts = found.book;
            node.layouts_changed(found.errors);
        });
    };
}

constexpr auto kMetricsPatience = std::chrono::seconds(3);

/// What `read` returns on the control thread; nothing when that does not answer in time.
template <typename Read>
auto ask(ControlPoster& control, Read read) -> std::optional<decltype(read())> {
    const auto promise = std::make_shared<std::promise<decltype(read())>>();
    auto reply = promise->get_future();
    if (!control.post([promise, read] { promise->set_value(read()); }) ||
        reply.wait_for(kMetricsPatience) != std::future_status::ready)
        return std::nullopt;
    return reply.get();
}

/// What runs now, counted on the control thread; empty when it does not answer in time.
std::string read_metrics(ControlPoster& control, const Node& node, NodeSample sample,
                         RoomTotals& totals) {
    auto counted = ask(control, [&node] { return std::pair(node.statistics(), node.load()); });
    if (!counted) return {};
    for (auto& [room, statistics] : counted->first)
        sample.conferences.push_back({room, std::move(statistics)});
    sample.load = std::move(counted->second);
    return node_metrics(sample, totals);
}

/// Null when none is wanted. A port that somebody else has is no reason to refuse calls: it is
/// told, and the rest is served.
std::unique_ptr<common::MetricsServer> serve_metrics(const McudConfig& config,
                                                     ControlPoster& control, const Node& node,
                                                     const BridgeServices& services,
                                                     const common::MediaPool& pool) {
    if (config.metrics_port == 0) return nullptr;
    common::MetricsServer::Sources sources;
    sources.metrics = [&control, &node, &services, &pool, totals = std::make_shared<RoomTotals>()] {
        return read_metrics(control, node,
                            {.audio_tick = services.audio_tick,
                             .video_tick = services.video_tick,
                             .pool = pool,
                             .max_sessions = node.limits().max_sessions,
                             .load = {},
                             .conferences = {}},
                            *totals);
    };
    sources.obstacle = [&control, &node] {
        const auto refusal = ask(control, [&node] { return node.load().refusal; });
        return refusal ? *refusal : std::string("the media daemon does not answer");
    };
    auto server = common::MetricsServer::listen(config.metrics_host, config.metrics_port, sources);
    if (!server) {
        LOG_WARNING("nobody can ask for metrics: {}", server.error().message);
        return nullptr;
    }
    LOG_INFO("listening metrics=http://{}:{}/metrics", config.metrics_host, (*server)->port());
    return *std::move(server);
}

/// SIGTERM and SIGINT are taken by sigwait on the main thread; every other thread is started with
/// them blocked.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGPIPE, SIG_IGN);
    return signals;
}

void wait_for_end(const sigset_t& signals) {
    while (true) {
        int received = 0;
        sigwait(&signals, &received);
        if (received != SIGHUP) {
            LOG_INFO("going down on {}", received == SIGTERM ? "SIGTERM" : "SIGINT");
            return;
        }
        LOG_INFO("SIGHUP: the media daemon's settings take a restart");
    }
}

common::Result<void> run(const McudConfig& config) {
    const sigset_t signals = block_signals();
    LayoutWatch layout_watch(config.layouts_folder);
    // A mistake in a layout is no reason to refuse calls: it is told, and the rest is served.
    LayoutFolder::Found found{mixer::LayoutBook::built_in(), {}};
    if (!config.layouts_folder.empty()) found = layout_watch.read();
    log_refused(found.errors);
    mixer::LayoutBook layouts = found.book;  // other threads than control's never look at it
    auto ports = UdpPortRange::create(config.first_media_port, config.last_media_port,
                                      std::random_device()());
    if (!ports) return common::fail_in("media_ports", ports.error());

    auto identity = DtlsIdentity::create();
    if (!identity) return tl::unexpected(identity.error());

    // Declared in the order of who borrows whom: what stands first goes last.
    const common::MonotonicClock clock;
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    common::MediaPool media_pool(config.media_threads != 0 ? config.media_threads : cores, clock);
    mixer::FramePool frames(config.picture_memory_mib << 20);
    std::vector<std::unique_ptr<NetThread>> net_threads;
    for (unsigned i = 0; i < config.net_threads; ++i) {
        net_threads.push_back(std::make_unique<NetThread>("net-" + std::to_string(i), clock));
    }
    TickThread audio_tick("audio-tick", kAudioTicksPerSecond, clock);
    TickThread video_tick("video-tick", kVideoTicksPerSecond, clock, kVideoSlotsPerTick);
    ControlThread control(clock);
    EventStreams events;
    BridgeServices services{.clock = clock,
                            .decode_pool = media_pool.urgent(),
                            .media_pool = media_pool,
                            .frames = frames,
                            .ports = **ports,
                            .control = control,
                            .audio_tick = audio_tick,
                            .video_tick = video_tick,
                            .layouts = layouts,
                            .net_threads = {},
                            .rungs = config.rungs,
                            .media_address = config.media_address,
                            .identity = identity->get()};
    for (const auto& net : net_threads) services.net_threads.push_back(net.get());
    Node node(new_uuid(),
              {.max_sessions = config.max_sessions, .orphan_timeout = config.orphan_timeout},
              services, events);
    node.layouts_changed(std::move(found.errors));
    ControlService service(control, node, events, media_pool);

    LoadWatch load_watch({.pool = media_pool, .audio_tick = audio_tick, .video_tick = video_tick},
                         config.load_limit, node, events);
    load_watch.look(clock.now());  // whoever asks first is told

    common::HeapRest heap;
    control.every(LoadWatch::kInterval, [&](common::Timestamp now) { load_watch.look(now); });
    control.every(std::chrono::seconds(10), [&](common::Timestamp) { frames.free_unneeded(); });
    control.every(std::chrono::milliseconds(100), [&](common::Timestamp now) { node.poll(now); });
    control.every(std::chrono::seconds(1), [&](common::Timestamp now) {
        node.check(now);
        heap.look(now, node.session_count(), [&frames] { frames.trim(); });
    });
    auto server = ControlServer::create(config.control, service);
    if (!server) return tl::unexpected(server.error());
    audio_tick.start(TickThread::Priority::Realtime);
    video_tick.start(TickThread::Priority::Normal);
    control.start();
    if (!config.layouts_folder.empty()) {
        layout_watch.start(layouts_taken(control, layouts, node));
    }
    auto metrics = serve_metrics(config, control, node, services, media_pool);
    LOG_INFO("ready control={} media_ports={}-{} incarnation={}", config.control,
             config.first_media_port, config.last_media_port, node.incarnation());

    wait_for_end(signals);
    // Calls first (they answer from the control thread), then every meeting with an RTCP BYE, then
    // the threads.
    metrics.reset();
    layout_watch.stop();
    events.close_all();
    (*server)->shut_down(kShutdownLimit);
    control.stop([&node] { node.close_all(); });
    audio_tick.stop();
    video_tick.stop();
    LOG_INFO("down");
    return {};
}

}  // namespace
}  // namespace mcu

int main(int argc, char** argv) {
    CLI::App app{"tessera-mcud: decodes, mixes, composes and encodes the media of every meeting"};
    std::string config_path;
    app.add_option("-c,--config", config_path, "tessera.toml; without it, embedded defaults");
    app.set_version_flag("--version", TESSERA_VERSION);
    CLI11_PARSE(app, argc, argv);

    mcu::McudConfig config;
    if (!config_path.empty()) {
        auto loaded = mcu::load_mcud_config(config_path);
        if (!loaded) {
            std::fprintf(stderr, "tessera-mcud: %s\n", loaded.error().message.c_str());
            return 2;
        }
        config = std::move(*loaded);
    }
    common::init_logging("mcud", config.log_level);
    // x264 asks for huge pages: 22 MiB resident for a 720p encoder instead of 18, and no faster for
    // it.
    (void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    // A picture or a codec's tables go back to the system when they are freed. By itself, glibc
    // raises the threshold at the first of them to 32 MiB, and keeps in its heaps what comes later.
    (void)mallopt(M_MMAP_THRESHOLD, 256 << 10);
    if (const auto ran = mcu::run(config); !ran) {
        LOG_ERROR("{}", ran.error().message);
        return 1;
    }
    return 0;
}
