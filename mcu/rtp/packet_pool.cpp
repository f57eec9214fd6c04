#include "mcu/rtp/packet_pool.h"

#include <algorithm>
#include <memory>
#include <new>
#include <type_traits>

#include "common/invariant.h"

namespace mcu {

void PacketReturn::operator()(PacketBuffer* buffer) const {
    buffer->home_->give_back(buffer);
}

static_assert(std::is_trivially_destructible_v<PacketBuffer>);  // so nobody has to remember which

PacketPool::PacketPool(std::size_t capacity)
    : capacity_(capacity), buffers_(std::allocator<PacketBuffer>().allocate(capacity)) {}

PacketPool::~PacketPool() {
    INVARIANT(in_use_ == 0);
    std::allocator<PacketBuffer>().deallocate(buffers_, capacity_);
}

PacketPtr PacketPool::take() {
    PacketBuffer* buffer = free_;
    if (buffer != nullptr) {
        free_ = buffer->next_free_;
    } else if (touched_ < capacity_) {
        buffer = new (buffers_ + touched_++) PacketBuffer;  // the bytes stay as they are
        buffer->home_ = this;
    } else {
        ++exhausted_count_;
        return nullptr;
    }
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
