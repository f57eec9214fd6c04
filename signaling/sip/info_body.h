#pragma once

#include <optional>
#include <variant>

#include "common/units.h"
#include "signaling/sip/sip_dialog.h"

namespace signaling {

struct InfoDigit {
    char digit = '0';  ///< 0-9 * # A-D
    common::Duration duration{};
    friend bool operator==(const InfoDigit&, const InfoDigit&) = default;
};
struct InfoPictureFastUpdate {
    friend bool operator==(const InfoPictureFastUpdate&, const InfoPictureFastUpdate&) = default;
};
struct InfoNothing {  ///< empty, or a primitive we have no use for: fine, and nothing to do
    friend bool operator==(const InfoNothing&, const InfoNothing&) = default;
};
struct InfoMalformed {
    friend bool operator==(const InfoMalformed&, const InfoMalformed&) = default;
};
struct InfoUnknownType {
    friend bool operator==(const InfoUnknownType&, const InfoUnknownType&) = default;
};
using InfoMeaning =
    std::variant<InfoNothing, InfoDigit, InfoPictureFastUpdate, InfoMalformed, InfoUnknownType>;

/// What an INFO says: application/dtmf-relay ("Signal=5\r\nDuration=160"), application/dtmf ("5"),
/// application/media_control+xml (RFC 5168).
[[nodiscard]] InfoMeaning read_info(const SipBody& body);

/// For the Accept header of a 415.
inline constexpr const char* kInfoTypes =
    "application/dtmf-relay, application/dtmf, application/media_control+xml";

/// RFC 5168 7.1: asks for a picture that needs no earlier one.
[[nodiscard]] SipBody picture_fast_update_body();

}  // namespace signaling
