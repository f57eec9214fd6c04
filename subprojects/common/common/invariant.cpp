#include "common/invariant.h"

#include <cstdio>
#include <cstdlib>

namespace common {

void invariant_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "INVARIANT broken: %s (%s:%d)\n", condition, file, line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace common
