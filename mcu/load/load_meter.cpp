#include "mcu/load/load_meter.h"

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cmath>

namespace mcu {

using common::Duration;
using common::MediaPool;
using common::Timestamp;

namespace {

/// Counts of a conference that ended are missing from a sum: then nothing is known of its share.
std::uint64_t grown(std::uint64_t before, std::uint64_t now) {
    return now > before ? now - before : 0;
}

double share(double part, double whole) {
    return whole <= 0 ? 0 : std::clamp(part / whole, 0.0, 1.0);
}

/// The upper end of the span in which the quantile lies.
Duration wait_p95(const MediaPool::Waits& before, const MediaPool::Waits& now) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < now.jobs.size(); ++i) all += grown(before.jobs[i], now.jobs[i]);
    std::uint64_t above = 0;
    for (std::size_t i = now.jobs.size(); i-- > 0;) {
        above += grown(before.jobs[i], now.jobs[i]);
        if (above * 20 <= all) continue;  // one in twenty may lie above
        return i < MediaPool::Waits::kUpTo.size() ? MediaPool::Waits::kUpTo[i]
                                                  : 2 * MediaPool::Waits::kUpTo.back();
    }
    return {};
}

long percent(double of_one) {
    return std::lround(of_one * 100);
}

long whole_ms(Duration duration) {
    return static_cast<long>(duration / std::chrono::milliseconds(1));
}

}  // namespace

LoadFigures LoadMeter::look(Timestamp now, const LoadCounts& counts) {
    LoadFigures figures;
    const double seconds = std::chrono::duration<double>(now - before_).count();
    if (looked_ && seconds > 0) {
        const auto cpu = std::chrono::duration<double>(counts.cpu_time - counts_.cpu_time).count();
        const std::uint64_t skipped = grown(counts_.pictures_skipped, counts.pictures_skipped);
        const std::uint64_t encoded = grown(counts_.pictures_encoded, counts.pictures_encoded);
        const auto lost = [seconds](std::uint64_t before, std::uint64_t after, double per_second) {
            return share(static_cast<double>(grown(before, after)), seconds * per_second);
        };
        figures.cpu_share = share(cpu, seconds * config_.cores);
        // Negative when a conference ended.
        const auto encode =
            std::chrono::duration<double>(counts.encode_time - counts_.encode_time).count();
        figures.encode_share = share(std::max(0.0, encode), seconds * config_.cores);
        figures.pool_wait_p95 = wait_p95(counts_.waits, counts.waits);
        figures.tick_late = counts.tick_late;
        figures.ticks_lost = lost(counts_.video_ticks_skipped, counts.video_ticks_skipped,
                                  config_.video_ticks_per_second);
        figures.audio_ticks_lost = lost(counts_.audio_ticks_skipped, counts.audio_ticks_skipped,
                                        config_.audio_ticks_per_second);
        figures.pictures_skipped =
            share(static_cast<double>(skipped), static_cast<double>(skipped + encoded));
    }
    looked_ = true;
    before_ = now;
    counts_ = counts;
    return figures;
}

std::string describe(const LoadFigures& figures) {
    return "cpu=" + std::to_string(percent(figures.cpu_share)) +
           "% encode=" + std::to_string(percent(figures.encode_share)) +
           "% pool_wait_p95=" + std::to_string(whole_ms(figures.pool_wait_p95)) +
           "ms tick_late=" + std::to_string(whole_ms(figures.tick_late)) +
           "ms ticks_lost=" + std::to_string(percent(figures.ticks_lost)) +
           "% audio_ticks_lost=" + std::to_string(percent(figures.audio_ticks_lost)) +
           "% pictures_skipped=" + std::to_string(percent(figures.pictures_skipped)) + "%";
}

Duration process_cpu_time() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

int cores_allowed() {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
    return std::max(1, CPU_COUNT(&cores));
}

}  // namespace mcu
