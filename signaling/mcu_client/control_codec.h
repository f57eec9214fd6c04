#pragma once

#include "common/result.h"
#include "mcu_control.grpc.pb.h"
#include "signaling/conference/media_node.h"

// The contract's messages <-> the structs of the rooms. For mcu_client's .cpp files alone.
namespace signaling::control {

namespace pb = tessera::control::v1;

[[nodiscard]] NodeInfo from_proto(const pb::NodeInfo& message);
[[nodiscard]] NodeLoad from_proto(const pb::NodeLoad& message);
[[nodiscard]] ConferenceSpec from_proto(const pb::ConferenceState& message);
[[nodiscard]] LocalMedia from_proto(const pb::LocalMedia& message);
[[nodiscard]] LocalBundle from_proto(const pb::LocalBundle& message);
[[nodiscard]] NodeEvent from_proto(const pb::Event& message);
[[nodiscard]] LayoutList from_proto(const pb::ListLayoutsReply& message);
[[nodiscard]] pb::ConferenceState to_proto(const ConferenceSpec& spec);
/// gRPC's status as an error of ours; `command` names what was asked.
[[nodiscard]] common::Error error_of(const std::string& command, const grpc::Status& status);

}  // namespace signaling::control
