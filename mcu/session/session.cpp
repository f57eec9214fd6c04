#include "mcu/session/session.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <random>
#include <utility>

#include "mcu/session/session_core.h"
#include "mcu/session/stream_config.h"
#include "mcu/transport/net_thread.h"
#include "mcu/transport/udp_port_range.h"

namespace mcu {

using common::ErrorCode;
using common::Result;

namespace {

// Of one net thread, for all its sessions: a jitter buffer that waits for a lost packet holds most.
constexpr std::size_t kPooledPackets = 4096;

std::uint64_t system_random() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

/// RFC 7022 4.2: short-lived and random, so that it names nobody and meets no other.
std::string random_cname() {
    std::array<char, 33> text{};
    std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64, system_random(),
                  system_random());
    return text.data();
}

NtpClock ntp_from(const common::Clock& clock) {
    return {clock.now(), std::chrono::system_clock::now().time_since_epoch()};
}

}  // namespace

struct Session::Impl {
    Config config;
    NetThread& net;
    UdpPortRange& ports;
    SocketAddress local;  ///< none: the wildcard
    struct Open {
        MediaKind kind = MediaKind::Audio;
        bool bundled = false;
    };
    std::map<std::string, Open> open;          ///< control thread's
    std::vector<IceHostCandidate> candidates;  ///< control thread's; none: there is no bundle
    std::shared_ptr<SessionCore> core;         ///< made, used and destroyed on the net thread

    Result<std::vector<SessionCore::Plan>> plan(const std::vector<MediaConfig>& media,
                                                const std::optional<BundleConfig>& bundle);
    Result<std::optional<SessionCore::BundlePlan>> plan_bundle(
        const std::optional<BundleConfig>& bundle);
    [[nodiscard]] Result<std::string> address_for(const SocketAddress& peer) const;
};

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Session>> Session::create(Config config, NetThread& net, UdpPortRange& ports,
                                                 const common::Clock& clock,
                                                 SessionObserver& observer) {
    SocketAddress local;
    if (!config.local_address.empty()) {
        Result<SocketAddress> parsed = SocketAddress::parse(config.local_address, 0);
        if (!parsed) return common::fail_in("local address", std::move(parsed.error()));
        local = *parsed;
    }
    if (config.cname.empty()) config.cname = random_cname();
    const std::uint64_t seed = config.seed != 0 ? config.seed : system_random();
    auto impl = std::make_unique<Impl>(Impl{std::move(config), net, ports, local, {}, {}, nullptr});
    net.call([&] {
        impl->core = std::make_shared<SessionCore>(
            StreamEnvironment{
                .net = net,
                .clock = clock,
                .pool = net.shared<PacketPool>(kPooledPackets),
                .observer = observer,
                .ntp = ntp_from(clock),
                .cname = impl->config.cname,
                .who = "conference=" + impl->config.conference + " session=" + impl->config.id,
                .identity = impl->config.identity},
            seed);
    });
    return std::unique_ptr<Session>(new Session(std::move(impl)));
}

Session::~Session() {
    impl_->net.call([this] { impl_->core.reset(); });
}

Result<std::vector<LocalMedia>> Session::configure(const std::vector<MediaConfig>& media,
                                                   const std::optional<BundleConfig>& bundle) {
    Result<std::vector<SessionCore::Plan>> plans = impl_->plan(media, bundle);
    if (!plans) return common::fail_in("session " + impl_->config.id, std::move(plans.error()));
    auto bundle_plan = impl_->plan_bundle(bundle);
    if (!bundle_plan) {
        return common::fail_in("session " + impl_->config.id, std::move(bundle_plan.error()));
    }

    std::vector<std::string> addresses;
    for (const SessionCore::Plan& plan : *plans) {
        Result<std::string> address = impl_->address_for(plan.config.peer.rtp);
        if (!address) {
            return common::fail_in("session " + impl_->config.id, std::move(address.error()));
        }
        addresses.push_back(std::move(*address));
    }

    // Nothing fails from here on.
    impl_->open.clear();
    for (const SessionCore::Plan& plan : *plans) {
        const MediaConfig& medium = plan.config.media;
        impl_->open.emplace(medium.mid, Impl::Open{medium.kind, plan.bundled});
    }
    std::vector<LocalMedia> local;
    impl_->net.call([&] {
        impl_->core->apply(std::move(*plans), std::move(*bundle_plan));
        local = impl_->core->local_media();
        impl_->candidates = impl_->core->candidates();
    });
    const DtlsIdentity* identity = impl_->config.identity;
    for (std::size_t i = 0; i < local.size(); ++i) {
        if (local[i].address.empty()) local[i].address = std::move(addresses[i]);
        if (identity != nullptr) local[i].fingerprint = identity->fingerprint().text();
    }
    return local;
}

Result<std::vector<SessionCore::Plan>> Session::Impl::plan(
    const std::vector<MediaConfig>& media, const std::optional<BundleConfig>& bundle) {
    Result<std::vector<StreamConfig>> configs = check_media(media, bundle);
    if (!configs) return tl::unexpected(std::move(configs.error()));
    std::vector<SessionCore::Plan> plans;
    for (StreamConfig& checked : *configs) {
        SessionCore::Plan plan{std::move(checked), nullptr, false};
        const MediaConfig& medium = plan.config.media;
        if (medium.security.kind == MediaSecurity::Kind::Dtls && config.identity == nullptr) {
            return common::fail(ErrorCode::Unsupported,
                                "medium '" + medium.mid + "': there is no DTLS here");
        }
        plan.bundled = bundle && std::ranges::find(bundle->mids, medium.mid) != bundle->mids.end();
        const auto known = open.find(medium.mid);
        if (known != open.end() && known->second.bundled != plan.bundled) {
            return common::fail(ErrorCode::InvalidArgument,
                                "medium '" + medium.mid + "' cannot change its transport");
        }
        if (known != open.end() && known->second.kind != medium.kind) {
            return common::fail(ErrorCode::InvalidArgument,
                                "medium '" + medium.mid + "' cannot change its kind");
        }
        if (known == open.end() && !plan.bundled) {
            const bool audio = medium.kind == MediaKind::Audio;
            auto pair = ports.open_pair(local, audio ? TrafficClass::Audio : TrafficClass::Video);
            if (!pair) {
                return common::fail_in("medium '" + medium.mid + "'", std::move(pair.error()));
            }
            plan.ports = std::move(*pair);
        }
        plans.push_back(std::move(plan));
    }
    return plans;
}

Result<std::optional<SessionCore::BundlePlan>> Session::Impl::plan_bundle(
    const std::optional<BundleConfig>& bundle) {
    if (!bundle) return std::nullopt;
    SessionCore::BundlePlan plan{*bundle, {}};
    if (candidates.empty()) {
        const bool one = local.valid() && !local.is_wildcard();
        auto opened =
            IceLite::open_ports(ports, one ? std::vector<SocketAddress>{local} : host_addresses());
        if (!opened) return tl::unexpected(std::move(opened.error()));
        plan.ports = std::move(*opened);
    }
    return plan;
}

const std::vector<IceHostCandidate>& Session::candidates() const {
    return impl_->candidates;
}

Result<std::string> Session::Impl::address_for(const SocketAddress& peer) const {
    if (local.valid()) return local.address();
    if (!peer.valid()) return std::string("0.0.0.0");
    Result<SocketAddress> route = local_address_towards(peer);
    if (!route) return tl::unexpected(std::move(route.error()));
    return route->address();
}

void Session::set_inlets(Inlets inlets) {
    impl_->net.call([&] { impl_->core->set_inlets(inlets); });
}

bool Session::limit_peer(common::Bitrate limit) {
    // May run when the core is gone; that too happens on the net thread, never within the task.
    return impl_->net.post([core = std::weak_ptr(impl_->core), limit] {
        if (const auto there = core.lock()) there->limit_peer(limit);
    });
}

bool Session::want_rate(common::Bitrate all, common::Bitrate least) {
    return impl_->net.post([core = std::weak_ptr(impl_->core), all, least] {
        if (const auto there = core.lock()) there->want_rate(all, least);
    });
}

void Session::skip_to_start() {
    (void)impl_->net.post([core = std::weak_ptr(impl_->core)] {
        if (const auto there = core.lock()) there->skip_to_start();
    });
}

void Session::repeat_pictures(PictureRepeats repeats) {
    impl_->net.call([&] { impl_->core->repeat_pictures(repeats); });
}

mixer::PictureSink& Session::picture_sink() {
    return impl_->core->picture_sink();
}
mixer::AudioSink& Session::audio_sink() {
    return impl_->core->audio_sink();
}
mixer::KeyFrameRequester& Session::key_frame_requester() {
    return *impl_->core;
}

std::vector<StreamCounters> Session::counters() const {
    std::vector<StreamCounters> all;
    impl_->net.call([&] { all = impl_->core->counters(); });
    return all;
}

}  // namespace mcu
