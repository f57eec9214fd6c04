#include "signaling/mcu_client/mcu_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "common/log.h"
#include "signaling/mcu_client/control_codec.h"
#include "signaling/mcu_client/event_watch.h"
#include "signaling/mcu_client/loop_post.h"

namespace signaling {
namespace {

namespace pb = control::pb;
using common::ErrorCode;
using common::Result;
using namespace std::chrono_literals;

constexpr auto kShortestBackOff = 50ms;
constexpr auto kLongestBackOff = 500ms;
constexpr auto kCommandDeadline = 2000ms;
constexpr auto kSnapshotDeadline = 3000ms;  // it draws and compresses a picture
constexpr auto kProbeDeadline = 2000ms;
constexpr auto kProbeInterval =
    1000ms;  // finds a daemon that hangs; one that dies is known at once

std::shared_ptr<grpc::Channel> open_channel(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
                     static_cast<int>(kShortestBackOff.count()));
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(kShortestBackOff.count()));
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS,
                     static_cast<int>(kLongestBackOff.count()) / 2);
    arguments.SetMaxReceiveMessageSize(32 * 1024 * 1024);  // a snapshot's PNG
    auto channel =
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    // gRPC 1.51 shares one completion queue among all callback channels and takes it down with the
    // last of them, in a race with the queue's own threads (seen: abort in grpc_cq_internal_unref
    // at exit). So the first channel stays.
    [[gnu::used]] static auto* const kept = new std::shared_ptr<grpc::Channel>(channel);
    return channel;
}

}  // namespace

// What outlives nothing: gRPC's callbacks hold it weakly and reach it on the loop alone.
class McuClient::Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(const std::string& address, std::string our_boot_id)
        : boot_id(std::move(our_boot_id)), stub_(pb::McuControl::NewStub(open_channel(address))) {}

    void start(MediaNodeObserver& observer) {
        observer_ = &observer;
        connect();
    }

    // Ends all that is under way, without a word: the client is being destroyed.
    void close() {
        closed_ = true;
        for (auto& [serial, pending] : pending_) pending.context->TryCancel();
        pending_.clear();
        if (watch_) watch_->cancel();
        for (LoopPost::Timer timer : {retry_, probe_}) {
            if (timer != nullptr) LoopPost::call_off(timer);
        }
    }

    // One command: `method` with its deadline; `done` on the loop, once, with the status it came
    // to.
    template <typename Request, typename Response>
    using Method = void (pb::McuControl::StubInterface::async_interface::*)(
        grpc::ClientContext*, const Request*, Response*, std::function<void(grpc::Status)>);
    template <typename Request, typename Response>
    void call(Method<Request, Response> method, Request request, std::chrono::milliseconds deadline,
              std::function<void(const grpc::Status&, const Response&)> done) {
        struct Exchange {
            grpc::ClientContext context;
            Request request;
            Response response;
        };
        auto exchange = std::make_shared<Exchange>();
        exchange->request = std::move(request);
        exchange->context.set_deadline(std::chrono::system_clock::now() + deadline);
        const std::uint64_t serial = ++last_serial_;
        pending_[serial] = {
            std::shared_ptr<grpc::ClientContext>(exchange, &exchange->context),
            [exchange, done](const grpc::Status& status) { done(status, exchange->response); }};
        (stub_->async()->*method)(
            &exchange->context, &exchange->request, &exchange->response,
            [exchange, serial, loop = loop_, weak = weak_from_this()](grpc::Status status) {
                loop->post([exchange, serial, weak, status] {
                    if (auto self = weak.lock()) self->finish(serial, status);
                });
            });
    }

    template <typename T>
    void fail_later(Reply<T> done) {
        loop_->post([done = std::move(done), weak = weak_from_this()] {
            const auto self = weak.lock();
            if (self && !self->closed_)
                done(common::fail(ErrorCode::Unavailable, "the media daemon is away"));
        });
    }

    // A command of the rooms: fails at once while the node is away.
    template <typename Request, typename Response, typename T>
    void command(const char* name, Method<Request, Response> method, Request request,
                 std::chrono::milliseconds deadline, Reply<T> done, T (*convert)(const Response&)) {
        if (!info) return fail_later<T>(std::move(done));
        call<Request, Response>(
            method, std::move(request), deadline,
            [name, done = std::move(done), convert](const grpc::Status& status,
                                                    const Response& response) {
                if (!status.ok()) return done(tl::unexpected(control::error_of(name, status)));
                done(convert(response));
            });
    }

    [[nodiscard]] pb::Fence fence(const Ownership& owner) const {
        pb::Fence fence;
        fence.set_node_incarnation(info ? info->incarnation : "");
        fence.set_instance(owner.instance);
        fence.set_epoch(owner.epoch);
        fence.set_owner_boot_id(boot_id);
        return fence;
    }

    const std::string boot_id;
    std::optional<NodeInfo> info;
    std::uint64_t losses = 0;

  private:
    struct Pending {
        std::shared_ptr<grpc::ClientContext> context;
        std::function<void(const grpc::Status&)> done;
    };

    void finish(std::uint64_t serial, const grpc::Status& status) {
        const auto found = pending_.find(serial);
        if (found == pending_.end()) return;  // failed already, when the node went
        Pending pending = std::move(found->second);
        pending_.erase(found);
        pending.done(status);
    }

    void connect() {
        retry_ = nullptr;
        call<pb::GetNodeRequest, pb::NodeInfo>(
            &pb::McuControl::StubInterface::async_interface::GetNode, {}, kProbeDeadline,
            [this](const grpc::Status& status, const pb::NodeInfo& node) {
                if (!status.ok()) return connect_later();
                watch(control::from_proto(node));
            });
    }

    void connect_later() {
        if (std::exchange(told_away_, true) == false) LOG_INFO("waiting for the media daemon");
        retry_ = loop_->post_after(back_off_, [this] { connect(); });
        back_off_ = std::min(back_off_ * 2, std::chrono::milliseconds(kLongestBackOff));
    }

    // The node counts as there from its first event on: nothing that happens after a command can
    // then be missed.
    void watch(NodeInfo node) {
        const std::uint64_t serial = ++last_serial_;
        watch_serial_ = serial;
        watch_ = EventWatch::open(
            *stub_, boot_id,
            [this, serial, loop = loop_, weak = weak_from_this(), node](NodeEvent event) {
                loop->post([this, serial, weak, node, event = std::move(event)] {
                    const auto self = weak.lock();
                    if (self && !closed_ && watch_serial_ == serial) on_event(node, event);
                });
            },
            [this, serial, loop = loop_, weak = weak_from_this()](std::string why) {
                loop->post([this, serial, weak, why] {
                    const auto self = weak.lock();
                    if (self && !closed_ && watch_serial_ == serial) lose(why);
                });
            });
        probe_later();
    }

    void on_event(const NodeInfo& node, const NodeEvent& event) {
        if (!info) {
            info = node;
            back_off_ = kShortestBackOff;
            told_away_ = false;
            observer_->node_up(*info);
        }
        if (const auto* load = std::get_if<NodeLoad>(&event.what)) take_load(*load);
        observer_->node_event(event);
    }

    void take_load(const NodeLoad& load) {
        const NodeLoad before = std::exchange(info->load, load);
        if (load.steps_down == before.steps_down && load.steps_up == before.steps_up) return;
        LOG_WARNING("media daemon is on step {} '{}' of the overload ladder cpu={:.0f}%", load.step,
                    load.step_name, load.cpu_share * 100);
    }

    void probe_later() {
        probe_ = loop_->post_after(kProbeInterval, [this] {
            probe_ = nullptr;
            call<pb::GetNodeRequest, pb::NodeInfo>(
                &pb::McuControl::StubInterface::async_interface::GetNode, {}, kProbeDeadline,
                [this](const grpc::Status& status, const pb::NodeInfo& node) {
                    if (!status.ok()) return lose(control::error_of("probe", status).message);
                    if (!info) return lose("no first event");
                    if (node.incarnation() != info->incarnation) return lose("it was restarted");
                    probe_later();
                });
        });
    }

    void lose(const std::string& why) {
        const bool was_there = info.has_value();
        info.reset();
        watch_serial_ = 0;
        if (auto watch = std::exchange(watch_, nullptr)) watch->cancel();
        if (LoopPost::Timer timer = std::exchange(probe_, nullptr)) LoopPost::call_off(timer);
        const grpc::Status gone(grpc::StatusCode::UNAVAILABLE, why);
        for (auto& [serial, pending] : std::exchange(pending_, {})) {
            pending.context->TryCancel();
            pending.done(gone);
        }
        if (was_there) {
            ++losses;
            observer_->node_down(why);
        }
        // A probe or the first GetNode that just failed may have asked for it already.
        if (retry_ == nullptr) connect_later();
    }

    std::shared_ptr<LoopPost> loop_ = std::make_shared<LoopPost>();
    std::unique_ptr<pb::McuControl::Stub> stub_;
    MediaNodeObserver* observer_ = nullptr;
    std::map<std::uint64_t, Pending> pending_;
    std::shared_ptr<EventWatch> watch_;
    std::uint64_t watch_serial_ = 0;  // 0: none
    std::uint64_t last_serial_ = 0;
    LoopPost::Timer retry_ = nullptr;
    LoopPost::Timer probe_ = nullptr;
    std::chrono::milliseconds back_off_ = kShortestBackOff;
    bool told_away_ = false;
    bool closed_ = false;
};

McuClient::McuClient(const std::string& address, std::string boot_id)
    : connection_(std::make_shared<Connection>(address, std::move(boot_id))) {}
McuClient::~McuClient() {
    connection_->close();
}

void McuClient::start(MediaNodeObserver& observer) {
    connection_->start(observer);
}
const NodeInfo* McuClient::info() const {
    return connection_->info ? &*connection_->info : nullptr;
}
std::uint64_t McuClient::losses() const {
    return connection_->losses;
}
const std::string& McuClient::boot_id() const {
    return connection_->boot_id;
}

using Async = pb::McuControl::StubInterface::async_interface;

void McuClient::list_conferences(Reply<std::vector<RunningConference>> done) {
    connection_->command<pb::ListConferencesRequest, pb::ListConferencesReply,
                         std::vector<RunningConference>>(
        "list conferences", &Async::ListConferences, {}, kCommandDeadline, std::move(done),
        [](const pb::ListConferencesReply& reply) {
            std::vector<RunningConference> list;
            for (const auto& c : reply.conferences()) {
                list.push_back({c.instance(), c.room(), c.epoch(), c.owner_boot_id()});
            }
            return list;
        });
}

void McuClient::claim(const Ownership& owner, const std::string& room, Reply<ClaimedState> done) {
    pb::ClaimRequest request;
    *request.mutable_fence() = connection_->fence(owner);
    request.set_room(room);
    connection_->command<pb::ClaimRequest, pb::ClaimReply, ClaimedState>(
        "claim", &Async::Claim, std::move(request), kCommandDeadline, std::move(done),
        [](const pb::ClaimReply& reply) {
            ClaimedState state{control::from_proto(reply.running()), {}};
            for (const auto& local : reply.local())
                state.local.push_back(control::from_proto(local));
            return state;
        });
}

void McuClient::apply(const Ownership& owner, const ConferenceSpec& spec,
                      Reply<AppliedState> done) {
    pb::ApplyRequest request;
    *request.mutable_fence() = connection_->fence(owner);
    *request.mutable_state() = control::to_proto(spec);
    connection_->command<pb::ApplyRequest, pb::ApplyReply, AppliedState>(
        "apply", &Async::Apply, std::move(request), kCommandDeadline, std::move(done),
        [](const pb::ApplyReply& reply) {
            AppliedState state;
            for (const auto& local : reply.local())
                state.local.push_back(control::from_proto(local));
            for (const auto& f : reply.failures())
                state.failures.push_back({f.session(), f.reason()});
            for (const auto& bundle : reply.local_bundles())
                state.bundles.push_back(control::from_proto(bundle));
            return state;
        });
}

void McuClient::snapshot(const std::string& instance, const std::string& session,
                         Reply<std::string> done) {
    pb::SnapshotRequest request;
    request.set_instance(instance);
    request.set_session(session);
    connection_->command<pb::SnapshotRequest, pb::SnapshotReply, std::string>(
        "snapshot", &Async::Snapshot, std::move(request), kSnapshotDeadline, std::move(done),
        [](const pb::SnapshotReply& reply) { return reply.png(); });
}

void McuClient::list_layouts(Reply<LayoutList> done) {
    connection_->command<pb::ListLayoutsRequest, pb::ListLayoutsReply, LayoutList>(
        "list layouts", &Async::ListLayouts, {}, kCommandDeadline, std::move(done),
        [](const pb::ListLayoutsReply& reply) { return control::from_proto(reply); });
}

}  // namespace signaling
