#include "signaling/metrics/signald_metrics.h"

#include <array>
#include <utility>

#include "common/metric_page.h"

namespace signaling {
namespace {

using common::MetricPage;

template <typename Count>
double number(Count count) {
    return static_cast<double>(count);
}

constexpr std::array<const char*, 3> kTransports{"udp", "tcp", "tls"};

constexpr std::array<std::pair<Participant::State, const char*>, 3> kStates{
    {{Participant::State::Joining, "joining"},
     {Participant::State::Joined, "joined"},
     {Participant::State::Leaving, "leaving"}}};

constexpr std::array<std::pair<RefusalReason, const char*>, 7> kReasons{
    {{RefusalReason::UnknownRoom, "unknown_room"},
     {RefusalReason::Full, "room_full"},
     {RefusalReason::NotAcceptable, "no_common_media"},
     {RefusalReason::MediaAway, "media_daemon_away"},
     {RefusalReason::Overloaded, "overloaded"},
     {RefusalReason::Forbidden, "forbidden"},
     {RefusalReason::Internal, "internal"}}};

constexpr std::array<std::pair<Ending::Cause, const char*>, 9> kCauses{
    {{Ending::Cause::PeerHungUp, "hung_up"},
     {Ending::Cause::PeerGaveUp, "gave_up"},
     {Ending::Cause::PeerLost, "lost"},
     {Ending::Cause::Kicked, "removed"},
     {Ending::Cause::RoomEnded, "room_ended"},
     {Ending::Cause::MediaFailed, "media_failed"},
     {Ending::Cause::KeysNotRenewed, "keys_not_renewed"},
     {Ending::Cause::Shutdown, "shutdown"},
     {Ending::Cause::ProtocolError, "protocol_error"}}};

template <typename Key>
std::uint64_t count_of(const std::map<Key, std::uint64_t>& counts, const Key& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

// Every state and transport has its series from the start: an alert cannot ask for what is not
// there yet.
void add_calls(MetricPage& page, const SignaldSample& sample) {
    std::map<std::pair<Participant::State, std::string>, std::uint64_t> now;
    std::uint64_t on_hold = 0;
    sample.rooms.for_each_participant([&](const Participant& participant) {
        ++now[{participant.state, participant.request.transport}];
        if (!participant.media_expected()) ++on_hold;
    });
    for (const auto& [state, word] : kStates) {
        for (const char* transport : kTransports) {
            page.gauge("tessera_calls", "Calls in rooms, by state and SIP transport.",
                       number(count_of(now, {state, std::string(transport)})),
                       {{"state", word}, {"transport", transport}});
        }
    }
    page.gauge("tessera_calls_on_hold", "Calls in rooms that need not send media now.",
               number(on_hold));
    page.gauge("tessera_rooms_in_use", "Rooms in which somebody is.",
               number(sample.rooms.conference_count()));
    for (const char* transport : kTransports) {
        page.counter("tessera_calls_admitted_total", "Calls let into a room, by SIP transport.",
                     number(count_of(sample.calls.admitted, std::string(transport))),
                     {{"transport", transport}});
    }
    for (const auto& [cause, word] : kCauses) {
        page.counter("tessera_calls_ended_total", "Calls that were in a room and ended, by cause.",
                     number(count_of(sample.calls.ended, cause)), {{"cause", word}});
    }
    page.counter("tessera_calls_resumed_total",
                 "Calls of the daemon before this one, by what became of them.",
                 number(sample.calls.resumed), {{"result", "went_on"}});
    page.counter("tessera_calls_resumed_total", "", number(sample.calls.lost),
                 {{"result", "meeting_gone"}});
}

void add_refusals(MetricPage& page, const SignaldSample& sample) {
    const auto refused = [&page](const char* reason, std::uint64_t count) {
        page.counter("tessera_calls_refused_total",
                     "Calls that were not let in, by reason. Challenges of digest are not among "
                     "them.",
                     number(count), {{"reason", reason}});
    };
    for (const auto& [reason, word] : kReasons)
        refused(word, count_of(sample.calls.refused, reason));
    refused("too_many_calls", sample.sip.refused_calls);
    refused("too_many_unadmitted", sample.sip.refused_unadmitted);
    refused("shutting_down", sample.sip.refused_shutting_down);
}

void add_messages(MetricPage& page, const char* way, const char* help,
                  const std::vector<const SipTraffic*>& traffic) {
    std::map<std::string, std::uint64_t> requests{{"INVITE", 0}};
    std::array<std::uint64_t, 7> responses{};
    for (const SipTraffic* const each : traffic) {
        for (const auto& [method, count] : each->requests()) requests[method] += count;
        for (std::size_t i = 0; i < responses.size(); ++i) responses.at(i) += each->responses(i);
    }
    const std::string in = std::string("_") + way + "_total";
    for (const auto& [method, count] : requests) {
        page.counter("tessera_sip_requests" + in, std::string("SIP requests ") + help,
                     number(count), {{"method", method}});
    }
    for (std::size_t i = 1; i < responses.size(); ++i) {
        page.counter("tessera_sip_responses" + in, std::string("SIP responses ") + help,
                     number(responses.at(i)), {{"class", std::to_string(i) + "xx"}});
    }
}

void add_sip(MetricPage& page, const SignaldSample& sample) {
    const SipDoor::Statistics& sip = sample.sip;
    const auto dialogs = [&page](const char* state, std::size_t count) {
        page.gauge("tessera_sip_dialogs",
                   "SIP dialogs, by state; restored are those of the daemon before this one.",
                   number(count), {{"state", state}});
    };
    dialogs("unanswered", sip.unanswered);
    dialogs("answered", sip.answered);
    dialogs("restored", sip.restored);
    add_messages(page, "received", "that came in, repeated ones included.", sip.received);
    add_messages(page, "sent", "that went out, repeated ones included.", {sip.sent});
    page.counter("tessera_sip_messages_dropped_total",
                 "SIP messages above the limits, which were not answered.", number(sip.dropped));
    const auto digest = [&page](const char* result, std::uint64_t count) {
        page.counter("tessera_sip_digest_checks_total",
                     "INVITEs at listeners that ask who calls, by what came of it.", number(count),
                     {{"result", result}});
    };
    digest("asked", sip.digest.asked);
    digest("passed", sip.digest.passed);
    digest("wrong", sip.digest.wrong);
    digest("stale", sip.digest.stale);
    page.gauge("tessera_sip_connections", "TCP and TLS connections that peers made.",
               number(sip.connections));
    page.gauge("tessera_sip_connections_limit", "As many are taken at most (max_connections).",
               number(sample.sip_connections_limit));
    page.gauge("tessera_sip_remembered_requests",
               "Requests of people in no call whose memory is not free yet.",
               number(sip.remembered_requests));
    page.gauge("tessera_dialog_journal_calls", "Calls that a restart would go on with.",
               number(sip.journal_calls));
    page.gauge("tessera_dialog_journal_bytes", "Size of the dialog journal's file.",
               number(sip.journal_bytes));
}

void add_api(MetricPage& page, const SignaldSample& sample) {
    std::map<int, std::uint64_t> answers{{200, 0}};
    for (const auto& [status, count] : sample.api_answers) answers[status] += count;
    for (const auto& [status, count] : answers) {
        page.counter("tessera_api_answers_total", "Answers of the HTTP API, by status.",
                     number(count), {{"code", std::to_string(status)}});
    }
    page.gauge("tessera_api_connections", "Clients that are connected to the HTTP API.",
               number(sample.api_connections));
}

void add_records(MetricPage& page, const SignaldSample::Records& records) {
    page.counter("tessera_records_written_total",
                 "Records of meetings, calls and events that the metadata store has taken.",
                 number(records.written));
    page.counter("tessera_records_lost_total",
                 "Records that had no room to wait in, or that no store takes.",
                 number(records.dropped));
    page.gauge("tessera_metadata_store_away",
               "1 while the metadata store takes no records and they wait, else 0.",
               records.store_away ? 1 : 0);
}

}  // namespace

std::string signald_metrics(const SignaldSample& sample) {
    MetricPage page;
    page.gauge("tessera_signald_info", "The program's version; always 1.", 1,
               {{"version", TESSERA_VERSION}});
    page.add_process();
    page.gauge("tessera_newcomers_taken", "1 while calls are taken, as /readyz says; else 0.",
               sample.rooms.obstacle() ? 0 : 1);
    page.gauge("tessera_media_daemon_connected", "1 while the media daemon is there, else 0.",
               sample.media_daemon_connected ? 1 : 0);
    page.counter("tessera_media_daemon_losses_total",
                 "Times that the media daemon went away after it was there.",
                 number(sample.media_daemon_losses));
    add_calls(page, sample);
    add_refusals(page, sample);
    add_sip(page, sample);
    add_api(page, sample);
    if (sample.records) add_records(page, *sample.records);
    return page.text();
}

}  // namespace signaling
