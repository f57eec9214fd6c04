#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/mutex.h"

typedef struct _GstBuffer GstBuffer;
typedef struct _GstEvent GstEvent;
typedef struct _GstPad GstPad;

namespace endpoint {

[[nodiscard]] std::optional<std::uint16_t> sequence_of(GstBuffer* rtp_packet);
/// Which packet GStreamer asks for with this event, ours of the peer or the peer's of us; nothing:
/// another event.
[[nodiscard]] std::optional<std::uint16_t> asked_for(GstEvent* event);

/// Keeps the packets that one stream sent last, and sends again what the peer's generic NACK names
/// (RFC 4585 section 6.2.1): the same packet, on the same SSRC.
///
/// Thread: any of GStreamer's.
class Resender {
  public:
    struct Counters {
        std::uint64_t asked_of_us = 0, sent_again = 0;
    };

    Resender() = default;
    ~Resender();
    Resender(const Resender&) = delete;
    Resender& operator=(const Resender&) = delete;

    /// `towards_wire`: where packets enter what protects and sends them. Borrowed.
    void send_through(GstPad* towards_wire) { towards_wire_ = towards_wire; }
    /// Each packet on its way to the wire.
    void keep(GstBuffer* packet);
    /// Upstream from the RTP session: obeys those that ask for a packet.
    void on_event(GstEvent* event);
    [[nodiscard]] Counters counters() const;

  private:
    static constexpr std::size_t kKept = 1024;
    [[nodiscard]] GstBuffer* find(std::uint16_t sequence);

    GstPad* towards_wire_ = nullptr;
    mutable common::Mutex mutex_;
    std::array<GstBuffer*, kKept> kept_ GUARDED_BY(mutex_){};  // by sequence number
    Counters counters_ GUARDED_BY(mutex_);
};

}  // namespace endpoint
