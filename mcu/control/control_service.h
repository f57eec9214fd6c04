#pragma once

#include "mcu/control/control_thread.h"
#include "mcu/control/event_streams.h"
#include "mcu/control/node.h"
#include "mcu/control/snapshot_encoder.h"
#include "mcu_control.grpc.pb.h"

namespace mcu {

/// The gRPC face of a Node: hops every call to the control thread and answers from there.
///
/// Thread: gRPC's threads call in; nothing of the node is touched on them.
/// Owner:  borrows all four; the server that serves it is shut down before any of them goes.
/// Errors: StaleFence -> FAILED_PRECONDITION, NotFound -> NOT_FOUND, LimitReached ->
/// RESOURCE_EXHAUSTED,
///         InvalidArgument and Unsupported -> INVALID_ARGUMENT; the message names what was wrong.
class ControlService final : public tessera::control::v1::McuControl::CallbackService {
  public:
    /// `media_pool` compresses snapshots.
    ControlService(ControlThread& control, Node& node, EventStreams& events,
                   common::Executor& media_pool);

    grpc::ServerUnaryReactor* GetNode(grpc::CallbackServerContext* context,
                                      const tessera::control::v1::GetNodeRequest* request,
                                      tessera::control::v1::NodeInfo* reply) override;
    grpc::ServerUnaryReactor* Claim(grpc::CallbackServerContext* context,
                                    const tessera::control::v1::ClaimRequest* request,
                                    tessera::control::v1::ClaimReply* reply) override;
    grpc::ServerUnaryReactor* ListConferences(
        grpc::CallbackServerContext* context,
        const tessera::control::v1::ListConferencesRequest* request,
        tessera::control::v1::ListConferencesReply* reply) override;
    grpc::ServerUnaryReactor* Apply(grpc::CallbackServerContext* context,
                                    const tessera::control::v1::ApplyRequest* request,
                                    tessera::control::v1::ApplyReply* reply) override;
    grpc::ServerWriteReactor<tessera::control::v1::Event>* Watch(
        grpc::CallbackServerContext* context,
        const tessera::control::v1::WatchRequest* request) override;
    grpc::ServerUnaryReactor* Snapshot(grpc::CallbackServerContext* context,
                                       const tessera::control::v1::SnapshotRequest* request,
                                       tessera::control::v1::SnapshotReply* reply) override;
    grpc::ServerUnaryReactor* ListLayouts(grpc::CallbackServerContext* context,
                                          const tessera::control::v1::ListLayoutsRequest* request,
                                          tessera::control::v1::ListLayoutsReply* reply) override;

  private:
    /// Runs `answer` on the control thread and finishes the call with what it returns.
    template <typename Answer>
    grpc::ServerUnaryReactor* on_control(grpc::CallbackServerContext* context, Answer answer);

    void finish_snapshot(const mixer::FrameRef& picture, grpc::ServerUnaryReactor& reactor,
                         tessera::control::v1::SnapshotReply& reply);

    ControlThread& control_;
    Node& node_;
    EventStreams& events_;
    SnapshotEncoder snapshots_;
};

}  // namespace mcu
