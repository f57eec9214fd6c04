#include "signaling/conference/id_maker.h"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace signaling {

//  0                   1                   2                   3
// |                       unix_ts_ms (48 bits)                    |
// |                               |  7  |      rand_a (12)        |
// |10|                        rand_b (62)                         |
std::string IdMaker::next() {
    const std::uint64_t ms = unix_ms_() & 0xffff'ffff'ffff;
    const std::uint64_t a = random_() & 0xfff;
    const std::uint64_t b = random_();
    std::array<char, 37> text{};
    std::snprintf(text.data(), text.size(),
                  "%08" PRIx64 "-%04" PRIx64 "-7%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64, ms >> 16,
                  ms & 0xffff, a, 0x8000 | (b >> 48 & 0x3fff), b & 0xffff'ffff'ffff);
    return text.data();
}

}  // namespace signaling
