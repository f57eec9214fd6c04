#include "mcu/metrics/node_metrics.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "common/metric_page.h"
#include "mcu/load/overload_ladder.h"

namespace mcu {
namespace {

double number(std::uint64_t count) {
    return static_cast<double>(count);
}

double seconds(common::Duration d) {
    return std::chrono::duration<double>(d).count();
}

void add_ticks(common::MetricPage& page, const std::string& tick, const TickThread& thread) {
    page.gauge("tessera_tick_lateness_seconds", "How late the latest tick began, in seconds.",
               seconds(thread.lateness()), {{"tick", tick}});
    page.counter("tessera_ticks_skipped_total", "Ticks that were missed and not caught up.",
                 number(thread.skipped_ticks()), {{"tick", tick}});
}

void add_cpu(common::MetricPage& page, const std::string& room, const StageCpu& cpu) {
    const std::array<std::pair<const char*, common::Duration>, 5> stages{{{"decode", cpu.decode},
                                                                          {"scale", cpu.scale},
                                                                          {"compose", cpu.compose},
                                                                          {"encode", cpu.encode},
                                                                          {"audio", cpu.audio}}};
    for (const auto& [stage, time] : stages) {
        page.counter("tessera_conference_cpu_seconds_total",
                     "CPU time of a meeting in seconds, by what was done with it.", seconds(time),
                     {{"room", room}, {"stage", stage}});
    }
}

void add_streams(common::MetricPage& page, const std::string& room, const RoomTotals::Sums& sums) {
    const auto packets = [&](const char* name, const char* help, std::uint64_t count) {
        page.counter(std::string("tessera_conference_packets_") + name + "_total", help,
                     number(count), {{"room", room}});
    };
    packets("received", "RTP packets that came from a meeting's people.", sums.received);
    packets("lost", "RTP packets of a meeting's people that did not come in time.", sums.lost);
    packets("recovered", "RTP packets that came because they were asked for again.",
            sums.recovered);
    packets("dropped", "Packets that came and were not taken.", sums.dropped);
    packets("sent", "RTP packets that went to a meeting's people.", sums.sent);
    packets("sent_again", "RTP packets that went out again because peers asked.", sums.sent_again);
    page.counter("tessera_conference_freezes_total",
                 "Times that a received picture stood still for over 0.5 seconds.",
                 number(sums.freezes), {{"room", room}});
    page.counter("tessera_conference_pictures_broken_total",
                 "Pictures that came and could not be put together.", number(sums.pictures_broken),
                 {{"room", room}});
}

// The worst-off of those who are in: a mean would hide that one person cannot follow.
void add_worst(common::MetricPage& page, const std::string& room,
               const std::vector<SessionStatistics>& sessions) {
    double loss = 0, round_trip_ms = 0, jitter_ms = 0;
    for (const SessionStatistics& session : sessions) {
        for (const StreamCounters& stream : session.streams) {
            loss = std::max(loss, stream.remote_loss_percent / 100);
            round_trip_ms = std::max(round_trip_ms, stream.round_trip_ms);
            jitter_ms = std::max(jitter_ms, stream.jitter_ms);
        }
    }
    page.gauge("tessera_conference_worst_remote_loss_ratio",
               "Share of packets (0 to 1) that the worst-off viewer says it lost lately.", loss,
               {{"room", room}});
    page.gauge("tessera_conference_worst_round_trip_seconds",
               "Longest round trip to anybody in a meeting, in seconds.", round_trip_ms / 1000,
               {{"room", room}});
    page.gauge("tessera_conference_worst_jitter_seconds",
               "Most interarrival jitter of anybody in a meeting, in seconds.", jitter_ms / 1000,
               {{"room", room}});
}

void add_conference(common::MetricPage& page, const ConferenceSample& conference,
                    const RoomTotals::Sums& sums) {
    const std::string& room = conference.room;
    const ConferenceStatistics& s = conference.statistics;
    page.gauge("tessera_conference_participants", "People and devices in a meeting.",
               number(s.sessions.size()), {{"room", room}});
    page.gauge("tessera_conference_views", "Pictures that differ.", number(s.views),
               {{"room", room}});
    for (const auto& [codec, rungs] : s.encoders_by_codec) {
        for (const auto& [rung, encoders] : rungs) {
            page.gauge("tessera_conference_encoders", "Video encoders that run.", number(encoders),
                       {{"codec", codec}, {"room", room}, {"rung", rung}});
        }
    }
    std::map<std::string, std::uint64_t> viewers;
    for (const SessionStatistics& session : s.sessions) {
        if (!session.rung.empty()) ++viewers[session.rung];
    }
    for (const auto& [rung, count] : viewers) {
        page.gauge("tessera_conference_viewers", "Who is sent a picture.", number(count),
                   {{"room", room}, {"rung", rung}});
    }
    page.counter("tessera_conference_encoders_opened_total", "Video encoders opened.",
                 number(s.encoders_opened), {{"room", room}});
    page.counter("tessera_conference_key_pictures_total", "Key pictures that all viewers got.",
                 number(s.key_pictures), {{"room", room}});
    page.counter("tessera_conference_splice_pictures_total",
                 "Key pictures for those who started alone.", number(s.splice_pictures),
                 {{"room", room}});
    page.counter("tessera_conference_refreshes_total",
                 "Times that all columns of a stream were coded anew, after such starts.",
                 number(s.refreshes), {{"room", room}});
    page.gauge("tessera_conference_splice_contexts",
               "Encoders open beside the running ones, to make starts.", number(s.splice_contexts),
               {{"room", room}});
    page.counter("tessera_conference_pictures_encoded_total", "Pictures encoded.",
                 number(s.pictures_encoded), {{"room", room}});
    page.counter("tessera_conference_pictures_skipped_total",
                 "Pictures left out because their encoder was still at the one before.",
                 number(s.pictures_skipped), {{"room", room}});
    page.counter("tessera_conference_sounds_encoded_total",
                 "Packets of sound encoded, each for all who hear the same.",
                 number(s.sounds_encoded), {{"room", room}});
    page.gauge("tessera_conference_drawn_after_seconds",
               "How long after the video tick's time a meeting's pictures were drawn, in seconds, "
               "lately.",
               seconds(s.drawn_after), {{"room", room}});
    add_cpu(page, room, s.cpu);
    add_streams(page, room, sums);
    add_worst(page, room, s.sessions);
}

void add_load(common::MetricPage& page, const NodeLoad& load) {
    page.gauge("tessera_load_step", "Steps of the overload ladder in force; 0: all is given.",
               load.step);
    for (std::size_t i = 0; i < kLoadSteps; ++i) {
        const std::string_view step = name_of(static_cast<LoadStep>(i));
        const bool in_force = std::ranges::find(load.given_up, step) != load.given_up.end();
        page.gauge("tessera_load_given_up", "1 while the ladder has given this up, else 0.",
                   in_force ? 1 : 0, {{"what", std::string(step)}});
    }
    page.counter("tessera_load_steps_total", "Steps of the ladder that were taken, by direction.",
                 number(load.steps_down), {{"direction", "down"}});
    page.counter("tessera_load_steps_total", "", number(load.steps_up), {{"direction", "up"}});
    const LoadFigures& figures = load.figures;
    page.gauge("tessera_load_cpu_ratio", "Share (0 to 1) of its cores that the daemon used lately.",
               figures.cpu_share);
    page.gauge("tessera_load_encode_ratio",
               "Share (0 to 1) of the same cores that video encoders used lately.",
               figures.encode_share);
    page.gauge("tessera_load_pool_wait_seconds",
               "How long decoders and encoders waited for a thread lately, in seconds (95th "
               "percentile).",
               seconds(figures.pool_wait_p95));
    page.gauge("tessera_load_worst_tick_lateness_seconds",
               "The latest tick of video or sound of the last half second, in seconds.",
               seconds(figures.tick_late));
    page.gauge("tessera_load_ticks_lost_ratio", "Share (0 to 1) of ticks skipped lately.",
               figures.ticks_lost, {{"tick", "video"}});
    page.gauge("tessera_load_ticks_lost_ratio", "", figures.audio_ticks_lost, {{"tick", "audio"}});
    page.gauge("tessera_load_pictures_skipped_ratio",
               "Share (0 to 1) of pictures left out lately because their encoder was busy.",
               figures.pictures_skipped);
    page.gauge("tessera_participants_capacity_left",
               "People like those who are in that would fit, by an estimate.",
               number(load.capacity_left));
    page.gauge("tessera_newcomers_taken", "1 while newcomers are taken, as /readyz says; else 0.",
               load.refusal.empty() ? 1 : 0);
}

void add_sums(common::MetricPage& page, const NodeSample& node) {
    std::size_t participants = 0, decoders = 0;
    std::uint64_t encoders = 0, views = 0;
    for (const ConferenceSample& conference : node.conferences) {
        participants += conference.statistics.sessions.size();
        encoders += conference.statistics.encoders;
        views += conference.statistics.views;
        decoders += static_cast<std::size_t>(std::ranges::count_if(
            conference.statistics.sessions,
            [](const SessionStatistics& s) { return s.received_frames_per_second > 0; }));
    }
    page.gauge("tessera_participants", "People and devices in all meetings.", number(participants));
    page.gauge("tessera_participants_limit", "As many are taken at most (max_sessions).",
               number(node.max_sessions));
    page.gauge("tessera_conferences", "Meetings that run.", number(node.conferences.size()));
    page.gauge("tessera_encoders", "Video encoders that run.", number(encoders));
    page.gauge("tessera_decoders", "Video decoders that had pictures lately.", number(decoders));
    page.gauge("tessera_views", "Pictures that differ.", number(views));
}

}  // namespace

std::string node_metrics(const NodeSample& node, RoomTotals& totals) {
    common::MetricPage page;
    page.gauge("tessera_mcud_info", "The program's version; always 1.", 1,
               {{"version", TESSERA_VERSION}});
    page.add_process();
    add_sums(page, node);
    add_load(page, node.load);
    add_ticks(page, "audio", node.audio_tick);
    add_ticks(page, "video", node.video_tick);
    page.gauge("tessera_media_pool_waiting", "Decoders and encoders that wait for a thread.",
               number(node.pool.depth()));
    totals.look(node.conferences);
    // A series stands once on the page: a meeting that is ending gives way to the room's next one.
    std::map<std::string_view, const ConferenceSample*> told;
    std::size_t untold = 0;
    for (const ConferenceSample& conference : node.conferences) {
        if (told.size() < kMostRoomsTold || told.contains(conference.room)) {
            told[conference.room] = &conference;
        } else {
            ++untold;
        }
    }
    page.gauge("tessera_conferences_without_series",
               "Meetings that are in the sums only, as there are too many rooms to name.",
               number(untold));
    for (const auto& [room, conference] : told)
        add_conference(page, *conference, totals.of(conference->room));
    return page.text();
}

}  // namespace mcu
