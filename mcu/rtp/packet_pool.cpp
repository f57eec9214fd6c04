#include "mcu/rtp/packet_pool.h"

#include <algorithm>

#include "common/invariant.h"

namespace mcu {

void PacketReturn::operator()(PacketBuffer* buffer) const {
    buffer->home_->give_back(buffer);
}

PacketPool::PacketPool(std::size_t capacity) : buffers_(capacity) {
    for (PacketBuffer& buffer : buffers_) {
        buffer.home_ = this;
        buffer.next_free_ = free_;
        free_ = &buffer;
    }
}

PacketPool::~PacketPool() {
    INVARIANT(in_use_ == 0);
}

PacketPtr PacketPool::take() {
    if (free_ == nullptr) {
        ++exhausted_count_;
        return nullptr;
    }
    PacketBuffer* buffer = free_;
    free_ = buffer->next_free_;
    ++in_use_;
    buffer->size_bytes = 0;
    buffer->arrival = {};
    return PacketPtr(buffer);
}

PacketPtr PacketPool::take_copy(std::span<const std::uint8_t> datagram, common::Timestamp arrival) {
    if (datagram.size() > kPacketBufferBytes) return nullptr;
    PacketPtr packet = take();
    if (!packet) return nullptr;
    std::copy(datagram.begin(), datagram.end(), packet->storage.begin());
    packet->size_bytes = datagram.size();
    packet->arrival = arrival;
    return packet;
}

void PacketPool::give_back(PacketBuffer* buffer) {
    INVARIANT(in_use_ > 0);
    --in_use_;
    buffer->next_free_ = free_;
    free_ = buffer;
}

}  // namespace mcu
