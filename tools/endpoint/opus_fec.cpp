#include "tools/endpoint/opus_fec.h"

namespace endpoint {

//  0 1 2 3 4 5 6 7      RFC 6716 section 3.1. config: 0-11 SILK, 12-15 SILK and CELT, 16-31 CELT;
// +-+-+-+-+-+-+-+-+     s: two channels; c: 0 for one frame.
// | config  |s| c |
// +-+-+-+-+-+-+-+-+
// The frame begins with a bit for each SILK frame of 20 ms (is it a voice?) and one that says
// whether LBRR frames follow; with two channels the same again. Being first and of even odds, they
// stand as plain bits.
bool carries_previous(std::span<const std::uint8_t> payload) {
    if (payload.size() < 2) return false;
    const int config = payload[0] >> 3;
    const bool one_frame = (payload[0] & 3) == 0, stereo = (payload[0] & 4) != 0;
    if (config >= 16 || !one_frame) return false;
    const int duration = config & 3;  // SILK: 10, 20, 40, 60 ms; with CELT: 10, 20
    const int frames = config < 12 && duration >= 2 ? duration : 1;
    const int middle = 7 - frames, side = middle - 1 - frames;
    const auto bit = [&](int at) { return (payload[1] >> at & 1) != 0; };
    return bit(middle) || (stereo && bit(side));
}

}  // namespace endpoint
