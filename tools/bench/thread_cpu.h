#pragma once

#include <time.h>

namespace bench {

/// CPU time of this thread, in ms: what others do on the machine hardly shows.
inline double thread_cpu_ms() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

}  // namespace bench
