#include "signaling/signald.h"

#include <glib.h>

#include <bit>
#include <filesystem>
#include <utility>

#include "common/log.h"
#include "common/log_level.h"
#include "signaling/api/records_api.h"
#include "signaling/api/rooms_api.h"
#include "signaling/api/token_file.h"
#include "signaling/auth/tls_files.h"
#include "signaling/metrics/signald_metrics.h"
#include "storage/metadata/sql_metadata_store.h"

namespace signaling {
namespace {

constexpr auto kLongestShutDown = std::chrono::seconds(8);
// So many forgotten requests, or connections, are memory enough to be given back: a flood, not
// somebody's OPTIONS.
constexpr std::size_t kRequestsOfOneCall = 256;
constexpr std::size_t kConnectionsOfOneCall = 16;

SipListener::Over over(const std::vector<SipTransport>& transports) {
    if (transports.size() > 1) return SipListener::Over::UdpAndTcp;
    switch (transports.front()) {
        case SipTransport::Udp:
            return SipListener::Over::Udp;
        case SipTransport::Tcp:
            return SipListener::Over::Tcp;
        case SipTransport::Tls:
            break;
    }
    return SipListener::Over::Tls;
}

TlsIdentity::Files certificate_of(const Settings& settings) {
    return {settings.certificate_file, settings.private_key_file, settings.make_certificate};
}

SipDoor::Config door_config(const Settings& settings, std::uint64_t seed) {
    SipDoor::Config config;
    config.seed = seed;
    config.limits = settings.limits;
    config.journal_file = settings.dialog_journal;
    if (config.journal_file.empty()) {
        const auto folder = std::filesystem::path(settings.token_file).parent_path();
        config.journal_file = (folder / "dialogs.journal").string();
    }
    config.session_timer.interval = settings.session_timer;
    config.certificate = certificate_of(settings);
    for (const ListenerSettings& wanted : settings.listeners) {
        SipListener listener;
        listener.address = wanted.at.host;
        listener.port = wanted.at.port;
        listener.over = over(wanted.transports);
        listener.media_encryption = wanted.media_encryption;
        listener.public_address = wanted.public_address;
        listener.digest_users_file = wanted.digest_users_file;
        listener.digest_realm = wanted.digest_realm;
        listener.digest_algorithms.clear();
        for (const std::string& name : wanted.digest_algorithms) {
            listener.digest_algorithms.push_back(name == "MD5" ? DigestAlgorithm::Md5
                                                               : DigestAlgorithm::Sha256);
        }
        if (listener.public_address.empty() &&
            is_ipv6(settings.public_address) == is_ipv6(listener.address)) {
            listener.public_address = settings.public_address;
        }
        config.listeners.push_back(std::move(listener));
    }
    return config;
}

std::int64_t unix_seconds() {
    return g_get_real_time() / G_USEC_PER_SEC;
}

/// Those that may sign join tokens. Where none are named, our own, which is made once.
common::Result<JoinKeys> join_keys(const Settings& settings) {
    if (!settings.join_keys.empty()) return JoinKeys::load(settings.join_keys);
    const std::string own = own_join_key(settings.token_file);
    if (!std::filesystem::exists(own)) {
        if (auto made = make_private_key(own); !made) return tl::unexpected(made.error());
        LOG_INFO("made a key for join tokens file={}", own);
    }
    return JoinKeys::load({own});
}

void reload_join_keys(JoinGuard& guard, const Settings& settings) {
    auto keys = join_keys(settings);
    if (keys) return guard.set_keys(*std::move(keys));
    LOG_WARNING("join keys are not read again, the old ones stay: {}", keys.error().message);
}

void reload_page(WebServer& web, const std::string& folder) {
    auto page = PageFiles::read(folder);
    if (page) return web.set_page(*std::move(page));
    LOG_WARNING("the page is not read again, the old one stays: {}", page.error().message);
}

}  // namespace

Signald::Signald(const Settings& settings, const Identity& identity)
    : settings_(settings),
      ids_(identity.seed, identity.unix_ms),
      mcu_(settings.mcud, identity.boot_id),
      rooms_(mcu_, clock_, ids_, settings),
      calls_(rooms_) {
    add_rooms_api(router_, rooms_, mcu_, clock_);
}

common::Result<std::unique_ptr<Signald>> Signald::open(const Settings& settings,
                                                       const Identity& identity) {
    auto token = load_or_make_token(settings.token_file);
    if (!token) return tl::unexpected(token.error());
    std::unique_ptr<Signald> daemon(new Signald(settings, identity));
    if (auto kept = daemon->keep_records(identity); !kept) return tl::unexpected(kept.error());
    auto http = HttpServer::listen(settings.api, *token, daemon->router_);
    if (!http) return tl::unexpected(http.error());
    daemon->http_ = *std::move(http);
    auto sip = SipDoor::open(door_config(settings, identity.seed), daemon->calls_, daemon->clock_);
    if (!sip) return tl::unexpected(sip.error());
    daemon->sip_ = *std::move(sip);
    if (auto serving = daemon->serve_browsers(); !serving) return tl::unexpected(serving.error());
    daemon->mcu_.start(daemon->rooms_);
    daemon->ticker_ = g_timeout_add_seconds(
        1,
        [](gpointer self) -> gboolean {
            static_cast<Signald*>(self)->tick();
            return G_SOURCE_CONTINUE;
        },
        daemon.get());
    for (const ListenerSettings& listener : settings.listeners) {
        for (const std::string& name : names_of(listener)) LOG_INFO("listening sip={}", name);
    }
    LOG_INFO("listening api=http://{} token_file={}", to_string(settings.api), settings.token_file);
    daemon->serve_metrics();
    return daemon;
}

common::Result<void> Signald::keep_records(const Identity& identity) {
    const auto folder = std::filesystem::path(settings_.token_file).parent_path();
    std::string where = settings_.metadata;
    if (where.empty()) where = "sqlite:" + (folder / "tessera.db").string();
    if (where != "off") {
        auto store = storage::open_metadata_store(where);
        if (!store) return tl::unexpected(store.error());
        auto spool = storage::RecordSpool::open((folder / "records.spool").string());
        if (!spool) return tl::unexpected(spool.error());
        records_ = std::make_unique<storage::RecordKeeper>(
            *std::move(store), *std::move(spool), clock_,
            [this](std::function<void()> work) { record_answers_.post(std::move(work)); });
        recorder_ = std::make_unique<RoomRecorder>(*records_, ids_, identity.unix_ms);
        rooms_.observe(*recorder_);
        LOG_INFO("records are kept metadata={}", where);
    }
    add_records_api(router_, records_.get());
    return {};
}

common::Result<void> Signald::serve_browsers() {
    if (!settings_.https) return {};
    auto page = PageFiles::read(settings_.page_folder);
    if (!page) return tl::unexpected(page.error());
    auto certificate = HttpsCertificate::open(certificate_of(settings_));
    if (!certificate) return tl::unexpected(certificate.error());
    auto web =
        WebServer::listen(*settings_.https, *std::move(certificate), *std::move(page), clock_);
    if (!web) return tl::unexpected(web.error());
    web_ = *std::move(web);
    auto keys = join_keys(settings_);
    if (!keys) return tl::unexpected(keys.error());
    guard_ = std::make_unique<JoinGuard>([this](const std::string& id) { return rooms_.room(id); },
                                         *std::move(keys), unix_seconds, clock_);
    WhipDoor::Options options;
    options.guard = guard_.get();
    options.public_address = settings_.public_address;
    whip_ = std::make_unique<WhipDoor>(calls_, std::move(options));
    whip_->serve(*web_);
    PageDoor::Options page_options;
    page_options.guard = guard_.get();
    page_options.public_address = settings_.public_address;
    page_ = std::make_unique<PageDoor>(calls_, rooms_, mcu_, clock_, std::move(page_options));
    page_->serve(*web_);
    LOG_INFO("listening https=https://{} page={}", to_string(*settings_.https),
             settings_.page_folder);
    return {};
}

// A port that somebody else has is no reason to refuse calls: it is told, and the rest is served.
void Signald::serve_metrics() {
    if (!settings_.metrics) return;
    const ListenAddress& at = *settings_.metrics;
    common::MetricsServer::Sources sources;
    sources.metrics = [this] { return metrics(); };
    sources.obstacle = [this] {
        const auto obstacle = rooms_.obstacle();
        return obstacle ? obstacle->text : std::string();
    };
    auto server = common::MetricsServer::listen(at.host, at.port, std::move(sources),
                                                common::MetricsServer::RunsOn::CallersLoop);
    if (!server) {
        LOG_WARNING("nobody can ask for metrics: {}", server.error().message);
        return;
    }
    metrics_ = *std::move(server);
    LOG_INFO("listening metrics=http://{}/metrics", to_string(at));
}

std::string Signald::metrics() const {
    std::optional<SignaldSample::Records> records;
    if (records_ != nullptr) records = {records_->written(), records_->dropped(), records_->away()};
    return signald_metrics({.rooms = rooms_,
                            .calls = calls_.counts(),
                            .sip = sip_->statistics(),
                            .sip_connections_limit = settings_.limits.max_connections,
                            .api_answers = http_->answers(),
                            .api_connections = http_->connections(),
                            .media_daemon_connected = mcu_.info() != nullptr,
                            .media_daemon_losses = mcu_.losses(),
                            .records = records});
}

Signald::~Signald() {
    for (const unsigned source : {ticker_, idle_watch_}) {
        if (source != 0) g_source_remove(source);
    }
}

void Signald::tick() {
    rooms_.tick();
    if (web_ != nullptr) web_->refresh_certificate();
    // People in calls make requests as well, for as long as they are in. Doubled or halved, so that
    // a steady stream of them is no reason to give memory back all the time.
    const std::size_t recent = recent_.look(clock_.now(), sip_->received_requests());
    heap_.look(clock_.now(),
               rooms_.participant_count() + sip_->remembered_requests() / kRequestsOfOneCall +
                   static_cast<std::size_t>(std::bit_width(recent / kRequestsOfOneCall)) +
                   sip_->connection_count() / kConnectionsOfOneCall);
}

void Signald::reload(const Settings& settings) {
    for (const std::string& name : needs_restart(settings_, settings)) {
        LOG_WARNING("{} changed: needs a restart", name);
    }
    common::set_log_level(settings.log_level);
    rooms_.reload(settings);
    if (guard_ != nullptr) reload_join_keys(*guard_, settings);
    if (web_ != nullptr) reload_page(*web_, settings.page_folder);
    LOG_INFO("configuration reloaded rooms={}", settings.rooms.size());
}

void Signald::shut_down(std::function<void()> done) {
    if (shut_down_done_) return;
    shut_down_done_ = std::move(done);
    shut_down_by_ = clock_.now() + kLongestShutDown;
    rooms_.shut_down();
    sip_->close([this] { doors_closed_ = true; });
    idle_watch_ = g_timeout_add(
        20,
        [](gpointer self) -> gboolean {
            static_cast<Signald*>(self)->finish_when_idle();
            return G_SOURCE_CONTINUE;
        },
        this);
}

void Signald::finish_when_idle() {
    if ((!doors_closed_ || !rooms_.idle()) && clock_.now() < shut_down_by_) return;
    g_source_remove(std::exchange(idle_watch_, 0U));
    shut_down_done_();
}

}  // namespace signaling
