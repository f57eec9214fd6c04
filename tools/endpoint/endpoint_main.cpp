// tessera-endpoint: dials rooms as several synthetic participants and judges what they get.

#include <glib-unix.h>
#include <glib.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

#include "tools/endpoint/options.h"
#include "tools/endpoint/participant.h"
#include "tools/endpoint/report.h"
#include "tools/endpoint/send_table.h"
#include "tools/endpoint/sending_thread.h"
#include "tools/endpoint/sip_agent.h"

namespace {

using endpoint::Options;
using endpoint::Participant;

const char* const kDemoNames[] = {"Anna Berg", "Boris Klein", "Clara Wolf"};

std::string name_of(const Options& options, int index) {
    if (options.demo) return kDemoNames[index % 3];
    if (options.count == 1) return options.name;
    return options.name + " " + std::to_string(options.identity + index);
}

/// What the GLib loop does while the calls last.
struct Run {
    const Options& options;
    std::vector<std::unique_ptr<Participant>>& participants;
    endpoint::SipAgent& agent;
    GMainLoop* loop;
    std::size_t dialled = 0;
    gint64 next_dial_us = 0;
    gint64 hang_up_since_us = 0;  ///< 0: the calls go on

    void hang_up() {
        if (hang_up_since_us != 0) return;
        hang_up_since_us = g_get_monotonic_time();
        for (auto& participant : participants) participant->hang_up();
    }
    void dial_next();
    void step();
};

void Run::dial_next() {
    const gint64 now = g_get_monotonic_time();
    if (options.listen || dialled == participants.size() || now < next_dial_us) return;
    participants[dialled++]->dial(agent);
    next_dial_us = now + static_cast<gint64>(options.stagger_seconds * G_USEC_PER_SEC);
}

void Run::step() {
    if (hang_up_since_us == 0) dial_next();
    bool all_ended = dialled == participants.size();
    bool time_is_up = options.seconds > 0 && all_ended;
    for (auto& participant : participants) {
        participant->misbehave();
        all_ended = all_ended && participant->ended();
        const double answered_s = static_cast<double>(participant->answered_for_ns()) / 1e9;
        time_is_up = time_is_up && (participant->ended() || answered_s >= options.seconds);
    }
    if (time_is_up) hang_up();
    const bool patience_ends =
        hang_up_since_us != 0 && g_get_monotonic_time() - hang_up_since_us > 3 * G_USEC_PER_SEC;
    if (all_ended || patience_ends) g_main_loop_quit(loop);
}

std::string summary_of(const Participant& participant, const endpoint::Recording& recording) {
    std::string line = participant.name() + " (" + std::to_string(participant.identity()) + "): ";
    if (recording.answered_ns == 0) {
        return line + "not answered: " + std::to_string(recording.status) + " " + recording.phrase;
    }
    return line + std::to_string(recording.pictures.size()) + " pictures, " +
           std::to_string(recording.sounds.size()) + " sound packets";
}

int fail(const common::Error& error);

/// Judges all recordings, on every core: nothing is measured any more. In the order of
/// `recordings`, each of which is dropped once it was judged.
std::vector<common::Result<std::string>> judge_all(
    const endpoint::Report& judge, const std::vector<std::unique_ptr<Participant>>& participants,
    std::vector<endpoint::Recording>& recordings) {
    std::vector<common::Result<std::string>> texts(recordings.size(), std::string());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < recordings.size(); i = next++) {
            const Participant& participant = *participants[i];
            texts[i] = judge.judge(participant.name(), participant.identity(), recordings[i]);
            recordings[i] = {};
        }
    };
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
        workers.emplace_back(work);
    }
    workers.clear();  // joins
    return texts;
}

/// Judges what was recorded and writes it down. 0: everybody got in.
int report(const Options& options, const endpoint::SendTable& table,
           std::vector<std::unique_ptr<Participant>>& participants) {
    int result = 0;
    // Everybody stops before anything is decoded: judging takes time.
    std::vector<endpoint::Recording> recordings;
    for (auto& participant : participants) recordings.push_back(participant->stop());
    for (std::size_t i = 0; i < participants.size(); ++i) {
        std::cerr << summary_of(*participants[i], recordings[i]) << "\n";
        if (recordings[i].answered_ns == 0) result = 2;
    }
    if (!options.wants_judgement()) return result;
    std::string all;
    const endpoint::Report judge(options, table);
    for (const auto& text : judge_all(judge, participants, recordings)) {
        if (!text) return fail(text.error());
        all += (all.empty() ? "[\n" : ",\n") + *text;
    }
    if (options.report.empty()) return result;
    all += "\n]\n";
    if (options.report == "-") {
        std::cout << all;
    } else if (!(std::ofstream(options.report) << all)) {
        return fail({common::ErrorCode::Io, "write '" + options.report + "'"});
    }
    return result;
}

int fail(const common::Error& error) {
    std::cerr << "tessera-endpoint: " << error.message << "\n";
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options = endpoint::read_options(argc, argv);
    std::error_code ignored;
    std::filesystem::create_directories(options.cache, ignored);
    auto table = endpoint::SendTable::open(options.table);
    if (!table) return fail(table.error());
    std::vector<std::unique_ptr<Participant>> participants;
    for (int i = 0; i < options.count; ++i) {
        auto made = Participant::create(options, static_cast<std::uint32_t>(options.identity + i),
                                        name_of(options, i), **table);
        if (!made) return fail(made.error());
        participants.push_back(std::move(*made));
    }
    if (options.prepare) {
        // Idle threads of GStreamer outlive main, and now and then GLib aborts one that finds its
        // keys destroyed. The clips are on the disk: nothing is left to be done properly.
        participants.clear();
        std::fflush(nullptr);
        std::_Exit(0);
    }
    auto agent = endpoint::SipAgent::create({options.host, options.sip_port, options.tls});
    if (!agent) return fail(agent.error());

    GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
    Run run{options, participants, **agent, loop};
    if (options.listen) {
        (*agent)->listen([&run] {
            endpoint::SipAgent::Answerer answerer;
            if (run.dialled == run.participants.size()) return answerer;
            Participant& next = *run.participants[run.dialled++];
            answerer.sdp = next.sdp();
            answerer.observer = &next;
            answerer.on_call = [&run, &next](endpoint::SipCall& call) {
                next.answered(run.agent, call);
            };
            return answerer;
        });
    }
    const auto on_signal = [](gpointer self) -> gboolean {
        static_cast<Run*>(self)->hang_up();
        return G_SOURCE_CONTINUE;
    };
    g_unix_signal_add(SIGINT, on_signal, &run);
    g_unix_signal_add(SIGTERM, on_signal, &run);
    const guint timer = g_timeout_add(
        50,
        [](gpointer self) -> gboolean {
            static_cast<Run*>(self)->step();
            return G_SOURCE_CONTINUE;
        },
        &run);
    {
        const endpoint::SendingThread sending(participants);
        g_main_loop_run(loop);
    }
    g_source_remove(timer);
    const int result = report(options, **table, participants);
    g_main_loop_unref(loop);
    return result;
}
