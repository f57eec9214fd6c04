#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "common/units.h"

namespace mcu {

class PacketPool;

/// Room for one datagram of an Ethernet path.
inline constexpr std::size_t kPacketBufferBytes = 1500;

/// One datagram and when it came. Lives in its pool; travels as a PacketPtr.
struct PacketBuffer {
    std::array<std::uint8_t, kPacketBufferBytes> storage;
    std::size_t size_bytes = 0;  ///< how much of `storage` is the datagram
    common::Timestamp arrival;

    [[nodiscard]] std::span<std::uint8_t> bytes() { return {storage.data(), size_bytes}; }
    [[nodiscard]] std::span<const std::uint8_t> bytes() const {
        return {storage.data(), size_bytes};
    }

  private:
    friend class PacketPool;
    friend struct PacketReturn;
    PacketPool* home_ = nullptr;
    PacketBuffer* next_free_ = nullptr;
};

/// Gives a buffer back to the pool it came from.
struct PacketReturn {
    void operator()(PacketBuffer* buffer) const;
};

/// The one owner of a datagram; moved from room to room.
using PacketPtr = std::unique_ptr<PacketBuffer, PacketReturn>;

/// The datagram buffers of one net thread, all allocated when it is made. Those that were never
/// needed cost addresses, but no memory.
///
/// Thread: one net thread, which also drops every packet it took.
/// Owner:  outlives its packets (an invariant).
/// Full:   `take` returns null and counts; the caller drops the datagram it would have read.
class PacketPool {
  public:
    explicit PacketPool(std::size_t capacity);
    ~PacketPool();
    PacketPool(const PacketPool&) = delete;
    PacketPool& operator=(const PacketPool&) = delete;

    /// An empty buffer (`size_bytes` 0), or null when all are out.
    [[nodiscard]] PacketPtr take();
    /// A buffer that holds a copy of `datagram`; null when all are out or it is larger than a
    /// buffer.
    [[nodiscard]] PacketPtr take_copy(std::span<const std::uint8_t> datagram,
                                      common::Timestamp arrival);

    [[nodiscard]] std::size_t in_use() const { return in_use_; }
    [[nodiscard]] std::uint64_t exhausted_count() const { return exhausted_count_; }

  private:
    friend struct PacketReturn;
    void give_back(PacketBuffer* buffer);

    const std::size_t capacity_;
    PacketBuffer* const buffers_;
    std::size_t touched_ = 0;  ///< those before have been in use, the others are no memory yet
    PacketBuffer* free_ = nullptr;
    std::size_t in_use_ = 0;
    std::uint64_t exhausted_count_ = 0;
};

}  // namespace mcu
