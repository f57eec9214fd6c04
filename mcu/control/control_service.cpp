#include "mcu/control/control_service.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "common/log.h"
#include "mcu/bridge/negotiated_formats.h"
#include "mcu/control/proto_conversion.h"

namespace mcu {

namespace pb = tessera::control::v1;

using common::Error;
using common::ErrorCode;

namespace {

grpc::Status status_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::StaleFence:
            return {grpc::FAILED_PRECONDITION, error.message};
        case ErrorCode::NotFound:
            return {grpc::NOT_FOUND, error.message};
        case ErrorCode::LimitReached:
            return {grpc::RESOURCE_EXHAUSTED, error.message};
        case ErrorCode::InvalidArgument:
        case ErrorCode::Unsupported:
            return {grpc::INVALID_ARGUMENT, error.message};
        case ErrorCode::AlreadyExists:
            return {grpc::ALREADY_EXISTS, error.message};
        case ErrorCode::Unavailable:
            return {grpc::UNAVAILABLE, error.message};
        case ErrorCode::Io:
        case ErrorCode::Internal:
            break;
    }
    return {grpc::INTERNAL, error.message};
}

grpc::Status overloaded() {
    return {grpc::RESOURCE_EXHAUSTED, "the media daemon has too many commands waiting"};
}

template <typename Reply>
void fill_local(const Bridge::Applied& applied, Reply& reply) {
    for (std::size_t i = 0; i < applied.local.size(); ++i) {
        *reply.add_local() = to_proto(applied.local_sessions[i], applied.local[i]);
    }
    for (const Bridge::Applied::Bundle& bundle : applied.bundles) {
        *reply.add_local_bundles() = to_proto(bundle.session, bundle.candidates);
    }
}

}  // namespace

ControlService::ControlService(ControlThread& control, Node& node, EventStreams& events,
                               common::Executor& media_pool)
    : control_(control), node_(node), events_(events), snapshots_(media_pool) {}

template <typename Answer>
grpc::ServerUnaryReactor* ControlService::on_control(grpc::CallbackServerContext* context,
                                                     Answer answer) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const bool posted =
        control_.post([reactor, answer = std::move(answer)] { reactor->Finish(answer()); });
    if (!posted) reactor->Finish(overloaded());
    return reactor;
}

grpc::ServerUnaryReactor* ControlService::GetNode(grpc::CallbackServerContext* context,
                                                  const pb::GetNodeRequest*, pb::NodeInfo* reply) {
    return on_control(context, [this, reply] {
        reply->set_incarnation(node_.incarnation());
        reply->set_version(TESSERA_VERSION);
        for (const auto codec : {common::AudioCodec::Opus, common::AudioCodec::G722,
                                 common::AudioCodec::Pcmu, common::AudioCodec::Pcma}) {
            reply->add_audio_codecs(codec_name(codec));
        }
        reply->add_video_codecs("H264");
        reply->add_video_codecs("VP8");
        reply->set_max_sessions(static_cast<std::uint32_t>(node_.limits().max_sessions));
        reply->set_ipv6(true);
        *reply->mutable_load() = to_proto(node_.load());
        return grpc::Status::OK;
    });
}

grpc::ServerUnaryReactor* ControlService::Claim(grpc::CallbackServerContext* context,
                                                const pb::ClaimRequest* request,
                                                pb::ClaimReply* reply) {
    return on_control(context, [this, request, reply] {
        const auto bridge = node_.claim(from_proto(request->fence()), request->room());
        if (!bridge) return status_of(bridge.error());
        *reply->mutable_running() = to_proto((*bridge)->state());
        fill_local((*bridge)->local(), *reply);
        return grpc::Status::OK;
    });
}

grpc::ServerUnaryReactor* ControlService::ListConferences(grpc::CallbackServerContext* context,
                                                          const pb::ListConferencesRequest*,
                                                          pb::ListConferencesReply* reply) {
    return on_control(context, [this, reply] {
        for (const ConferenceOwner& owner : node_.conferences()) {
            auto& conference = *reply->add_conferences();
            conference.set_instance(owner.instance);
            conference.set_room(owner.room);
            conference.set_epoch(owner.epoch);
            conference.set_owner_boot_id(owner.owner_boot_id);
        }
        return grpc::Status::OK;
    });
}

grpc::ServerUnaryReactor* ControlService::Apply(grpc::CallbackServerContext* context,
                                                const pb::ApplyRequest* request,
                                                pb::ApplyReply* reply) {
    return on_control(context, [this, request, reply] {
        const auto state = from_proto(request->state());
        if (!state) return status_of(state.error());
        const auto applied = node_.apply(from_proto(request->fence()), *state);
        if (!applied) return status_of(applied.error());
        fill_local(*applied, *reply);
        for (const SessionFailure& failure : applied->failures) {
            auto& proto = *reply->add_failures();
            proto.set_session(failure.session);
            proto.set_reason(failure.reason);
        }
        return grpc::Status::OK;
    });
}

grpc::ServerWriteReactor<pb::Event>* ControlService::Watch(grpc::CallbackServerContext* context,
                                                           const pb::WatchRequest* request) {
    auto* stream = events_.open(*context, request->owner_boot_id());
    // What runs now, without waiting for the next second.
    control_.post([this] { node_.report_statistics(); });
    return stream;
}

grpc::ServerUnaryReactor* ControlService::Snapshot(grpc::CallbackServerContext* context,
                                                   const pb::SnapshotRequest* request,
                                                   pb::SnapshotReply* reply) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const bool posted = control_.post([this, reactor, request, reply] {
        Bridge* bridge = node_.find(request->instance());
        if (bridge == nullptr) {
            reactor->Finish(
                {grpc::NOT_FOUND, "conference " + request->instance() + " does not run here"});
            return;
        }
        const auto asked = bridge->snapshot(request->session(),
                                            [this, reactor, reply](const mixer::FrameRef& picture) {
                                                finish_snapshot(picture, *reactor, *reply);
                                            });
        if (!asked) reactor->Finish(status_of(asked.error()));
    });
    if (!posted) reactor->Finish(overloaded());
    return reactor;
}

void ControlService::finish_snapshot(const mixer::FrameRef& picture,
                                     grpc::ServerUnaryReactor& reactor, pb::SnapshotReply& reply) {
    if (!picture) return reactor.Finish({grpc::RESOURCE_EXHAUSTED, "no picture could be drawn"});
    const auto finish = [&reactor, &reply](common::Result<std::vector<std::uint8_t>> png) {
        if (!png) return reactor.Finish(status_of(png.error()));
        reply.set_png(png->data(), png->size());
        reactor.Finish(grpc::Status::OK);
    };
    if (!snapshots_.encode(picture, finish))
        reactor.Finish({grpc::RESOURCE_EXHAUSTED, "too many snapshots are waiting"});
}

grpc::ServerUnaryReactor* ControlService::ListLayouts(grpc::CallbackServerContext* context,
                                                      const pb::ListLayoutsRequest*,
                                                      pb::ListLayoutsReply* reply) {
    return on_control(context, [this, reply] {
        for (const std::string& name : node_.layouts().names()) reply->add_names(name);
        for (const mixer::LayoutSummary& layout : node_.layouts().summaries()) {
            *reply->add_layouts() = to_proto(layout);
        }
        for (const mixer::LayoutError& error : node_.refused_layouts()) {
            *reply->add_refused() = to_proto(error);
        }
        return grpc::Status::OK;
    });
}

}  // namespace mcu
