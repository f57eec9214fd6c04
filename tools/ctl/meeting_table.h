#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

// What `tesseractl top` shows.
namespace ctl {

/// The stages of a meeting's CPU, as the API names them.
inline constexpr std::array<const char*, 5> kStages{"decode", "scale", "compose", "encode",
                                                    "audio"};

/// One meeting at one look; counters since it began.
struct Meeting {
    std::string room, instance;
    std::size_t people = 0;
    std::uint64_t encoders = 0;
    std::uint64_t freezes = 0;           ///< of those who are in: it falls when somebody leaves
    std::uint64_t pictures_skipped = 0;  ///< their encoder was still at the one before
    std::uint64_t late_ticks = 0;        ///< the node's, as each meeting tells it
    double drawn_after_ms = 0;           ///< after the video tick's time, lately
    double loss_percent = 0;             ///< of whoever is worst off, in either direction
    std::array<double, kStages.size()> cpu_seconds{};
};

/// All meetings that run.
struct Look {
    std::chrono::steady_clock::time_point at;
    std::vector<Meeting> meetings;
};

/// A line for each meeting, at most 80 columns wide, the dearest first: percent of a core by stage,
/// pictures left out and freezes between the two looks, the rest as it is now; then what the node
/// as a whole did. A meeting that was not there before has its counts from the next look on.
[[nodiscard]] std::string meeting_table(const Look& before, const Look& now);

}  // namespace ctl
