#include "signaling/mcu_client/event_watch.h"

#include <utility>

namespace signaling {

std::shared_ptr<EventWatch> EventWatch::open(control::pb::McuControl::Stub& stub,
                                             const std::string& owner_boot_id, OnEvent on_event,
                                             OnEnd on_end) {
    std::shared_ptr<EventWatch> watch(new EventWatch(std::move(on_event), std::move(on_end)));
    watch->self_ = watch;
    watch->request_.set_owner_boot_id(owner_boot_id);
    stub.async()->Watch(&watch->context_, &watch->request_, watch.get());
    watch->StartRead(&watch->event_);
    watch->StartCall();
    return watch;
}

void EventWatch::OnReadDone(bool ok) {
    if (!ok) return;
    on_event_(control::from_proto(event_));
    StartRead(&event_);
}

void EventWatch::OnDone(const grpc::Status& status) {
    on_end_(status.ok() ? "it ended the event stream" : status.error_message());
    const auto last = std::move(self_);  // gRPC is done with us: `this` may end here
}

}  // namespace signaling
