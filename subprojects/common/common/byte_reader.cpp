#include "common/byte_reader.h"

namespace common {

std::span<const std::uint8_t> ByteReader::bytes(std::size_t count) {
    if (failed_ || count > remaining()) {
        failed_ = true;
        return {};
    }
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
}

std::uint64_t ByteReader::take(std::size_t count) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes(count)) value = value << 8 | byte;
    return value;
}

}  // namespace common
