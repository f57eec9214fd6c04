#include "mcu/metrics/node_metrics.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "common/metric_page.h"

namespace mcu {
namespace {

double number(std::uint64_t count) {
    return static_cast<double>(count);
}

double seconds(common::Duration d) {
    return std::chrono::duration<double>(d).count();
}

void add_ticks(common::MetricPage& page, const std::string& tick, const TickThread& thread) {
    page.gauge("tessera_tick_lateness_seconds", "How late the latest tick began.",
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
                     "CPU time of a meeting by what was done with it.", seconds(time),
                     {{"room", room}, {"stage", stage}});
    }
}

// Sums of those who are in now: they fall when somebody leaves, so they are no counters.
struct Streams {
    std::uint64_t received = 0, sent = 0, lost = 0, dropped = 0, freezes = 0;
    double worst_loss = 0;
};

Streams streams_of(const ConferenceStatistics& statistics) {
    Streams sum;
    for (const SessionStatistics& session : statistics.sessions) {
        for (const StreamCounters& stream : session.streams) {
            sum.received += stream.packets_received;
            sum.sent += stream.packets_sent;
            sum.lost += stream.packets_lost;
            sum.dropped += stream.dropped.sum();
            sum.freezes += stream.freezes;
            sum.worst_loss = std::max(sum.worst_loss, stream.remote_loss_percent / 100);
        }
    }
    return sum;
}

void add_streams(common::MetricPage& page, const std::string& room, const Streams& sum) {
    page.gauge("tessera_conference_packets_received", "RTP packets of those who are in.",
               number(sum.received), {{"room", room}});
    page.gauge("tessera_conference_packets_sent", "RTP packets to those who are in.",
               number(sum.sent), {{"room", room}});
    page.gauge("tessera_conference_packets_lost", "RTP packets of those who are in, lost.",
               number(sum.lost), {{"room", room}});
    page.gauge("tessera_conference_packets_dropped",
               "Packets of those who are in that were not taken.", number(sum.dropped),
               {{"room", room}});
    page.gauge("tessera_conference_freezes",
               "Times over half a second that a picture of those who are in stood still.",
               number(sum.freezes), {{"room", room}});
    page.gauge("tessera_conference_remote_loss_ratio",
               "Share of packets that the worst-off viewer says it lost lately.", sum.worst_loss,
               {{"room", room}});
}

void add_conference(common::MetricPage& page, const ConferenceSample& conference) {
    const std::string& room = conference.room;
    const ConferenceStatistics& s = conference.statistics;
    page.gauge("tessera_conference_participants", "People and devices in a meeting.",
               number(s.sessions.size()), {{"room", room}});
    page.gauge("tessera_conference_views", "Pictures that differ.", number(s.views),
               {{"room", room}});
    for (const auto& [rung, encoders] : s.encoders_by_rung) {
        page.gauge("tessera_conference_encoders", "Video encoders that run.", number(encoders),
                   {{"room", room}, {"rung", rung}});
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
    add_cpu(page, room, s.cpu);
    add_streams(page, room, streams_of(s));
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

std::string node_metrics(const NodeSample& node) {
    common::MetricPage page;
    page.gauge("tessera_mcud_info", "The program.", 1, {{"version", TESSERA_VERSION}});
    page.add_process();
    add_sums(page, node);
    add_ticks(page, "audio", node.audio_tick);
    add_ticks(page, "video", node.video_tick);
    page.gauge("tessera_media_pool_waiting", "Decoders and encoders that wait for a thread.",
               number(node.pool.depth()));
    // A series stands once on the page: a meeting that is ending gives way to the room's next one.
    std::map<std::string_view, const ConferenceSample*> newest;
    for (const ConferenceSample& conference : node.conferences)
        newest[conference.room] = &conference;
    for (const auto& [room, conference] : newest) add_conference(page, *conference);
    return page.text();
}

}  // namespace mcu
