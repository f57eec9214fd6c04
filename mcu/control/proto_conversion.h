#pragma once

#include <string>

#include "common/result.h"
#include "mcu/control/node.h"
#include "mcu_control.pb.h"

namespace mcu {

/// The contract's messages <-> plain structs, nothing else. Errors name the field and what was
/// wrong with it. One session that cannot be read is named in `unreadable` and costs the others
/// nothing.
[[nodiscard]] Fence from_proto(const tessera::control::v1::Fence& fence);
[[nodiscard]] common::Result<ConferenceState> from_proto(
    const tessera::control::v1::ConferenceState& state);

[[nodiscard]] tessera::control::v1::ConferenceState to_proto(const ConferenceState& state);
[[nodiscard]] tessera::control::v1::NodeLoad to_proto(const NodeLoad& load);
[[nodiscard]] tessera::control::v1::LocalBundle to_proto(
    const std::string& session, const std::vector<IceHostCandidate>& candidates);
[[nodiscard]] tessera::control::v1::LocalMedia to_proto(const std::string& session,
                                                        const LocalMedia& media);
[[nodiscard]] tessera::control::v1::StatisticsEvent to_proto(
    const ConferenceStatistics& statistics);

[[nodiscard]] tessera::control::v1::ListLayoutsReply::Layout to_proto(
    const mixer::LayoutSummary& layout);
[[nodiscard]] tessera::control::v1::ListLayoutsReply::Refused to_proto(
    const mixer::LayoutError& error);

}  // namespace mcu
