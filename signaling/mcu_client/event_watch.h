#pragma once

#include <functional>
#include <memory>
#include <string>

#include "signaling/mcu_client/control_codec.h"

namespace signaling {

/// The stream of a media daemon's events. Lives until gRPC has let go of it, whoever holds it.
///
/// Thread: callbacks come on gRPC's threads; `cancel` from any.
class EventWatch final : public grpc::ClientReadReactor<control::pb::Event> {
  public:
    using OnEvent = std::function<void(NodeEvent)>;
    using OnEnd = std::function<void(std::string why)>;

    /// While it is open, the media daemon knows that `owner_boot_id` looks after its conferences.
    static std::shared_ptr<EventWatch> open(control::pb::McuControl::Stub& stub,
                                            const std::string& owner_boot_id, OnEvent on_event,
                                            OnEnd on_end);
    void cancel() { context_.TryCancel(); }

    void OnReadDone(bool ok) override;
    void OnDone(const grpc::Status& status) override;

  private:
    EventWatch(OnEvent on_event, OnEnd on_end)
        : on_event_(std::move(on_event)), on_end_(std::move(on_end)) {}

    grpc::ClientContext context_;
    control::pb::WatchRequest request_;
    control::pb::Event event_;
    OnEvent on_event_;
    OnEnd on_end_;
    std::shared_ptr<EventWatch> self_;  // until OnDone
};

}  // namespace signaling
