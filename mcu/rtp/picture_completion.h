#pragma once

#include <cstdint>

namespace mcu {

/// What the payloads of one picture came to when a depacketizer had them all.
enum class PictureCompletion : std::uint8_t {
    Picture,
    NothingToDecode,  ///< H.264: no slice, parameter sets or a message alone; VP8: no payload
    Broken,           ///< the end of a fragment is missing, or the picture's own header is wrong
};

}  // namespace mcu
