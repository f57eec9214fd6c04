#include "mcu/rtp/vp8_packetizer.h"

#include <algorithm>

#include "common/invariant.h"

namespace mcu {

namespace {

constexpr std::size_t kDescriptorBytes = 1;
constexpr std::uint8_t kStart = 0x10;

}  // namespace

Vp8Packetizer::Vp8Packetizer(std::size_t max_payload_bytes)
    : max_payload_bytes_(max_payload_bytes) {
    INVARIANT(max_payload_bytes > kDescriptorBytes);
}

void Vp8Packetizer::start(std::span<const std::uint8_t> frame) {
    left_ = frame;
    first_ = true;
}

// RFC 7741 4.2: X, N, and the partition index are 0 (a payload that holds several partitions names
// the first); S is set where partition 0 begins.
std::optional<Vp8Packetizer::Payload> Vp8Packetizer::next(std::span<std::uint8_t> out) {
    if (left_.empty()) return std::nullopt;
    INVARIANT(out.size() >= max_payload_bytes_);
    const std::size_t room = max_payload_bytes_ - kDescriptorBytes;
    const std::size_t payloads = (left_.size() + room - 1) / room;
    const std::size_t bytes = (left_.size() + payloads - 1) / payloads;
    out[0] = first_ ? kStart : 0;
    std::copy_n(left_.begin(), bytes, out.begin() + kDescriptorBytes);
    left_ = left_.subspan(bytes);
    first_ = false;
    return Payload{.bytes = kDescriptorBytes + bytes, .last = left_.empty()};
}

}  // namespace mcu
