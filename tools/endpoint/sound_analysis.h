#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "tools/endpoint/picture_analysis.h"
#include "tools/endpoint/recording.h"
#include "tools/endpoint/send_table.h"

namespace endpoint {

/// Received sound on one time line, 48 kHz mono, by RTP time; gaps are silence.
struct HeardSound {
    static constexpr int kRate = 48000;
    std::vector<float> samples;
    /// Which packet brought which samples: (first sample, arrival), rising.
    struct Piece {
        std::size_t first;
        std::int64_t arrived_ns;
    };
    std::vector<Piece> pieces;
    std::size_t packets = 0, undecodable = 0;
    std::size_t lost = 0;     ///< packets that never came
    std::size_t in_next = 0;  ///< of these, whose copy came in the next one (Opus in-band FEC)
    std::vector<std::int64_t> concealed_ns;  ///< when the others were noticed, but at pauses
    std::size_t telephone_events = 0;
};
[[nodiscard]] HeardSound decode_sound(const Recording& recording);

/// Power of one frequency in a window, as the amplitude of a sine (Hann window).
[[nodiscard]] double tone_amplitude(std::span<const float> window, double hz);

struct HeardTone {
    double level_dbfs = -120;  ///< median over windows of 100 ms
    double strength = 0;       ///< mean amplitude over all windows
    double present = 0;        ///< share of windows in which it is above -50 dBFS
    /// When the first and the last of those arrived.
    std::int64_t first_ns = 0, last_ns = 0;
};

struct SoundFindings {
    double seconds = 0;
    std::map<std::uint32_t, HeardTone> tones;  ///< identities that were heard
    bool own_heard = false;
    double own_level_dbfs = -120;
    Spread snr_db;            ///< of the heard tones against all else, over 100 ms windows
    double worst_snr_db = 0;  ///< of the 5 % of windows that are worst, the best
    Spread latency_ms;        ///< by bursts
    struct Burst {
        std::int64_t arrived_ns;
        double latency_ms;
    };
    std::vector<Burst> bursts;  ///< what `latency_ms` is made of
};

/// Judges from `skip_s` on to half a second before the end.
[[nodiscard]] SoundFindings judge_sound(const HeardSound& heard, std::uint32_t own, double skip_s,
                                        const SendTable* sent);

}  // namespace endpoint
