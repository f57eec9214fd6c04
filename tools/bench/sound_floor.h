#pragma once

#include "common/result.h"

namespace bench {

/// CPU time of one packet of 20 ms, in ms.
struct SoundCosts {
    double decode_one_ms = 0, encode_one_ms = 0;
};

/// What the mixer's Opus codecs alone cost, with the bursts that the callers of a benchmark send:
/// tick after tick one thread decodes a packet of each of `senders` and encodes the sum of what it
/// got, and sleeps until the next is due (see codec_floor.h). The best of three runs of the loop's
/// length. Errors: what a codec says.
[[nodiscard]] common::Result<SoundCosts> sound_floor(int senders);

}  // namespace bench
