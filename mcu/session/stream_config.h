#pragma once

#include <optional>
#include <vector>

#include "common/result.h"
#include "mcu/session/media_config.h"
#include "mcu/session/media_transport.h"

namespace mcu {

/// A medium's configuration, checked and with its addresses read: what a stream obeys without
/// failing.
struct StreamConfig {
    MediaConfig media;
    MediaTransport::Peer peer;
};

/// Checks a whole desired state. Clock rates left 0 are filled in. Fails with `InvalidArgument`,
/// naming the medium and what is wrong with it: a mid twice, an address that is no number, a
/// payload type beyond 127 or (with rtcp-mux, RFC 5761 4) between 64 and 95, a clock rate that the
/// codec does not have or no sound has, an H.264 fmtp that cannot be read, protection
/// without its keys or fingerprints; credentials of the bundle that ICE does not allow, or a medium
/// in it without rtcp-mux, DTLS, or with another fingerprint or role than the others'.
[[nodiscard]] common::Result<std::vector<StreamConfig>> check_media(
    const std::vector<MediaConfig>& media, const std::optional<BundleConfig>& bundle = {});

}  // namespace mcu
