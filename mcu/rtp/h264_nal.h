#pragma once

#include <cstdint>
#include <span>

namespace mcu {

/// nal_unit_type of H.264 7.4.1, and what RFC 6184 5.2 adds on the wire.
enum class NalType : std::uint8_t {
    Slice = 1,
    SliceDataPartitionA = 2,
    IdrSlice = 5,
    Sei = 6,
    Sps = 7,
    Pps = 8,
    AccessUnitDelimiter = 9,
    StapA = 24,
    StapB = 25,
    Mtap16 = 26,
    Mtap24 = 27,
    FuA = 28,
    FuB = 29,
};

[[nodiscard]] constexpr NalType nal_type(std::uint8_t first_byte) {
    return static_cast<NalType>(first_byte & 0x1f);
}

}  // namespace mcu
