#include "tools/endpoint/resender.h"

#include <gst/gst.h>
#include <gst/rtp/rtp.h>

namespace endpoint {

std::optional<std::uint16_t> sequence_of(GstBuffer* packet) {
    GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
    if (gst_rtp_buffer_map(packet, GST_MAP_READ, &rtp) == FALSE) return std::nullopt;
    const std::uint16_t sequence = gst_rtp_buffer_get_seq(&rtp);
    gst_rtp_buffer_unmap(&rtp);
    return sequence;
}

std::optional<std::uint16_t> asked_for(GstEvent* event) {
    guint sequence = 0;
    if (gst_event_has_name(event, "GstRTPRetransmissionRequest") == FALSE ||
        gst_structure_get_uint(gst_event_get_structure(event), "seqnum", &sequence) == FALSE) {
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(sequence);
}

Resender::~Resender() {
    for (GstBuffer* packet : kept_) {
        if (packet != nullptr) gst_buffer_unref(packet);
    }
}

void Resender::keep(GstBuffer* packet) {
    const auto sequence = sequence_of(packet);
    if (!sequence) return;
    const common::MutexLock lock(mutex_);
    gst_buffer_replace(&kept_[*sequence % kKept], packet);
}

GstBuffer* Resender::find(std::uint16_t sequence) {
    const common::MutexLock lock(mutex_);
    ++counters_.asked_of_us;
    GstBuffer* packet = kept_[sequence % kKept];
    if (packet == nullptr || sequence_of(packet) != sequence) return nullptr;
    ++counters_.sent_again;
    return gst_buffer_ref(packet);
}

void Resender::on_event(GstEvent* event) {
    const auto sequence = asked_for(event);
    if (!sequence) return;
    // Without the lock: on its way to the wire the packet is kept once more.
    GstBuffer* packet = find(*sequence);
    if (packet != nullptr) gst_pad_chain(towards_wire_, packet);
}

Resender::Counters Resender::counters() const {
    const common::MutexLock lock(mutex_);
    return counters_;
}

}  // namespace endpoint
