#pragma once

#include <cstdint>

#include "common/units.h"

namespace mcu {

/// A standing wish for a key frame of one remote stream: asked at once, then once a second while it
/// stands.
struct KeyFrameNeed {
    static constexpr common::Duration kRepeat = std::chrono::seconds(1);

    std::uint32_t remote_ssrc = 0;
    common::Timestamp next_ask;  ///< not before this
    bool standing = false;
    bool asked = false;             ///< since it began to stand
    std::uint8_t fir_sequence = 0;  ///< of the request that stands; a new need has the next

    /// A new need waits until a second has passed since the last asking.
    void stand(common::Timestamp now) {
        if (standing) return;
        standing = true;
        asked = false;
        if (next_ask < now) next_ask = now;
    }
    void satisfied() { standing = false; }
    [[nodiscard]] bool due(common::Timestamp now) const { return standing && now >= next_ask; }
    void on_asked(common::Timestamp now) {
        asked = true;
        next_ask = now + kRepeat;
    }
};

}  // namespace mcu
