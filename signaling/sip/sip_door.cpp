#include "signaling/sip/sip_door.h"

#include <glib.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <unordered_set>
#include <utility>

#include "common/log.h"
#include "signaling/auth/tls_pong.h"
#include "signaling/sip/accepted_sockets.h"
#include "signaling/sip/connection_table.h"
#include "signaling/sip/loop_timers.h"
#include "signaling/sip/message_gate.h"
#include "signaling/sip/sofia_agent.h"
#include "signaling/sip/sofia_nta.h"
#include "signaling/sip/sofia_root.h"

namespace signaling {
namespace {

using namespace std::chrono_literals;

constexpr auto kForByes = 3s;  // how long the peers have to answer our BYE
constexpr auto kForAll = 5s;
constexpr auto kFilesLook = 1s;
constexpr auto kConnectionsLook = 1s;

ConnectionTable::Limits connection_limits(const SipLimits& limits) {
    ConnectionTable::Limits some;
    some.in_all = static_cast<std::size_t>(limits.max_connections);
    some.of_one_source = static_cast<std::size_t>(limits.max_connections_per_source);
    some.idle = limits.connection_idle;
    return some;
}

}  // namespace

struct SipDoor::Impl {
    Impl(Config c, Admission& a, const common::Clock& k)
        : config(std::move(c)),
          admission(a),
          clock(k),
          random(config.seed),
          gate(config.limits, k),
          connections(connection_limits(config.limits), system_sockets()) {}

    SofiaAgent::Surroundings surroundings();
    std::string why_closed();
    std::size_t dialog_count() const;
    std::size_t unadmitted_count() const;
    bool all_stopped() const;
    void check_closing();
    void stop_agents();
    void finish_closing();
    common::Result<void> open_listeners();
    common::Result<void> open_journal();
    void restore_calls();
    void watch_files();
    void watch_connections();

    Config config;
    Admission& admission;
    const common::Clock& clock;
    std::mt19937_64 random;
    std::unique_ptr<DialogJournal> journal;  // null: none is kept
    std::unique_ptr<TlsIdentity> identity;   // null: no listener has TLS
    std::vector<std::unique_ptr<DigestGuard>> guards;
    MessageGate gate;
    ConnectionTable connections;
    std::optional<AcceptedSockets> accepted;
    SofiaRoot root;
    std::vector<std::unique_ptr<SofiaAgent>> agents;
    LoopTimers timers;
    std::uint64_t refused_shutting_down = 0, refused_calls = 0, refused_unadmitted = 0;
    bool closing = false;
    bool stopping = false;
    std::function<void()> closed;
};

SofiaAgent::Surroundings SipDoor::Impl::surroundings() {
    return {admission, clock,
            // RFC 8866 5.2: a number; 62 bits, as some peers read it as a signed one.
            [this] { return std::to_string(random() >> 2U); }, [this] { return why_closed(); },
            [this] {
                // Not from within the event that told it: an agent may go away.
                timers.after(0s, [this] { check_closing(); });
            }};
}

// Asked once for each caller: those who are refused are counted.
std::string SipDoor::Impl::why_closed() {
    if (closing) {
        ++refused_shutting_down;
        return "server shuts down";
    }
    if (dialog_count() >= config.max_calls) {
        ++refused_calls;
        return "no more than " + std::to_string(config.max_calls) + " calls at a time";
    }
    if (unadmitted_count() >= static_cast<std::size_t>(config.limits.max_unadmitted_calls)) {
        ++refused_unadmitted;
        return "too many calls wait to be let in";
    }
    return {};
}

std::size_t SipDoor::Impl::dialog_count() const {
    std::size_t count = 0;
    for (const auto& agent : agents) count += agent->dialog_count();
    return count;
}

std::size_t SipDoor::Impl::unadmitted_count() const {
    std::size_t count = 0;
    for (const auto& agent : agents) count += agent->unadmitted_count();
    return count;
}

bool SipDoor::Impl::all_stopped() const {
    for (const auto& agent : agents) {
        if (!agent->stopped()) return false;
    }
    return true;
}

void SipDoor::Impl::check_closing() {
    if (!closing) return;
    if (dialog_count() == 0) stop_agents();
    if (all_stopped()) finish_closing();
}

void SipDoor::Impl::stop_agents() {
    if (std::exchange(stopping, true)) return;
    for (const auto& agent : agents) agent->stop();
}

void SipDoor::Impl::finish_closing() {
    if (const auto done = std::exchange(closed, nullptr)) done();
}

SipDoor::SipDoor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

common::Result<std::unique_ptr<SipDoor>> SipDoor::open(Config config, Admission& admission,
                                                       const common::Clock& clock) {
    std::unique_ptr<SipDoor> door(
        new SipDoor(std::make_unique<Impl>(std::move(config), admission, clock)));
    if (const auto kept = door->impl_->open_journal(); !kept) return tl::unexpected(kept.error());
    const auto opened = door->impl_->open_listeners();
    if (!opened) return tl::unexpected(opened.error());
    door->impl_->restore_calls();
    return door;
}

common::Result<void> SipDoor::Impl::open_journal() {
    if (config.journal_file.empty()) return {};
    auto opened = DialogJournal::open(config.journal_file, [] {
        return std::chrono::duration_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    });
    if (!opened) return tl::unexpected(opened.error());
    journal = *std::move(opened);
    return {};
}

void SipDoor::Impl::restore_calls() {
    if (journal == nullptr) return;
    for (const DialogRecord& record : journal->take_found()) {
        const auto agent = std::ranges::find_if(
            agents, [&](const auto& each) { return each->listener_name() == record.listener; });
        if (agent != agents.end() && (*agent)->restore(record)) continue;
        LOG_WARNING(
            "sip dialog not restored session={} listener={}: nothing listens there, or it is no "
            "dialog",
            record.call.participant, record.listener);
        journal->drop(record.call.participant);
    }
}

common::Result<void> SipDoor::Impl::open_listeners() {
    std::vector<std::string> listening;
    for (const auto& listener : config.listeners)
        listening.push_back(usual_host_port(listener.address, listener.port));
    accepted.emplace(std::move(listening), [this](const SocketPeer& peer, auto socket) {
        return connections.admit(peer, socket, clock.now());
    });
    answer_pings_over_tls();
    for (const auto& listener : config.listeners) {
        if (listener.over == SipListener::Over::Tls && identity == nullptr) {
            auto read = TlsIdentity::open(config.certificate);
            if (!read) return common::fail_in("certificate for TLS", read.error());
            identity = *std::move(read);
        }
        DigestGuard* guard = nullptr;
        if (!listener.digest_users_file.empty()) {
            auto opened = DigestGuard::open(listener.digest_realm, listener.digest_users_file,
                                            listener.digest_algorithms, clock);
            if (!opened) return tl::unexpected(opened.error());
            guards.push_back(*std::move(opened));
            guard = guards.back().get();
        }
        auto agent = SofiaAgent::open(
            root,
            {listener, config.user_agent, config.limits.max_message_bytes, config.session_timer,
             guard, identity.get(), &gate, &connections, journal.get()},
            surroundings());
        if (!agent) return tl::unexpected(agent.error());
        agents.push_back(*std::move(agent));
    }
    if (identity != nullptr || !guards.empty()) watch_files();
    watch_connections();
    return {};
}

void SipDoor::Impl::watch_files() {
    timers.after(kFilesLook, [this] {
        if (identity != nullptr) identity->refresh();
        for (const auto& guard : guards) guard->refresh();
        watch_files();
    });
}

void SipDoor::Impl::watch_connections() {
    timers.after(kConnectionsLook, [this] {
        std::unordered_set<std::string> in_calls;
        for (const auto& agent : agents) agent->add_connections(in_calls);
        connections.tend(in_calls, clock.now());
        watch_connections();
    });
}

SipDoor::~SipDoor() {
    if (!impl_->closing) close([] {});
    impl_->stop_agents();
    GMainContext* context = g_main_context_ref_thread_default();
    const auto deadline = std::chrono::steady_clock::now() + 2s;
    impl_->timers.after(2s, [] {});  // turns the loop once more at the deadline
    while (!impl_->all_stopped() && std::chrono::steady_clock::now() < deadline) {
        g_main_context_iteration(context, TRUE);
    }
    g_main_context_unref(context);
    if (impl_->all_stopped()) return;
    // sofia cannot be taken down before its transactions end, up to 32 s. This is the end of the
    // process: what still points at us stays, refuses everybody, and goes with it.
    LOG_WARNING("sip did not stop in time");
    static_cast<void>(impl_.release());
}

void SipDoor::close(std::function<void()> closed) {
    impl_->closing = true;
    impl_->closed = std::move(closed);
    for (const auto& agent : impl_->agents) agent->end_calls();
    impl_->timers.after(0s, [this] { impl_->check_closing(); });
    impl_->timers.after(kForByes, [this] { impl_->stop_agents(); });
    impl_->timers.after(kForAll, [this] { impl_->finish_closing(); });
}

SipDoor::Statistics SipDoor::statistics() const {
    Statistics now;
    for (const auto& agent : impl_->agents) {
        now.unanswered += agent->unadmitted_count();
        now.restored += agent->restored_count();
        now.received.push_back(&agent->received());
    }
    now.answered = impl_->dialog_count() - now.unanswered - now.restored;
    now.refused_shutting_down = impl_->refused_shutting_down;
    now.refused_calls = impl_->refused_calls;
    now.refused_unadmitted = impl_->refused_unadmitted;
    now.dropped = impl_->gate.dropped();
    now.remembered_requests = impl_->gate.remembered();
    now.connections = impl_->connections.count();
    if (impl_->journal != nullptr) {
        now.journal_calls = impl_->journal->call_count();
        now.journal_bytes = impl_->journal->file_bytes();
    }
    for (const auto& guard : impl_->guards) {
        now.digest.asked += guard->counts().asked;
        now.digest.passed += guard->counts().passed;
        now.digest.wrong += guard->counts().wrong;
        now.digest.stale += guard->counts().stale;
    }
    now.sent = &sip_sent();
    return now;
}

std::size_t SipDoor::call_count() const {
    return impl_->dialog_count();
}

std::size_t SipDoor::connection_count() const {
    return impl_->connections.count();
}

std::uint64_t SipDoor::received_requests() const {
    std::uint64_t sum = 0;
    for (const auto& agent : impl_->agents) {
        for (const auto& [method, count] : agent->received().requests()) sum += count;
    }
    return sum;
}

std::size_t SipDoor::remembered_requests() const {
    return impl_->gate.remembered();
}

}  // namespace signaling
