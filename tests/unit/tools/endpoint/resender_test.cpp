#include "tools/endpoint/resender.h"

#include <gst/gst.h>
#include <gst/rtp/rtp.h>

#include <catch2/catch.hpp>
#include <vector>

namespace {

using endpoint::Resender;

/// The wire: notes what arrives.
struct Wire {
    Wire() {
        if (gst_is_initialized() == FALSE) gst_init(nullptr, nullptr);
        pad = gst_pad_new("wire", GST_PAD_SINK);
        gst_object_ref_sink(pad);
        gst_pad_set_element_private(pad, this);
        gst_pad_set_chain_function(
            pad, +[](GstPad* self, GstObject*, GstBuffer* packet) {
                auto* wire = static_cast<Wire*>(gst_pad_get_element_private(self));
                wire->sequences.push_back(endpoint::sequence_of(packet).value());
                gst_buffer_unref(packet);
                return GST_FLOW_OK;
            });
        gst_pad_set_active(pad, TRUE);
        gst_pad_send_event(pad, gst_event_new_stream_start("packets"));
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_pad_send_event(pad, gst_event_new_segment(&segment));
    }
    ~Wire() { gst_object_unref(pad); }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    GstPad* pad = nullptr;
    std::vector<int> sequences;
};

void keep(Resender& resender, std::uint16_t sequence) {
    GstBuffer* packet = gst_rtp_buffer_new_allocate(10, 0, 0);
    GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
    REQUIRE(gst_rtp_buffer_map(packet, GST_MAP_WRITE, &rtp) != FALSE);
    gst_rtp_buffer_set_seq(&rtp, sequence);
    gst_rtp_buffer_unmap(&rtp);
    resender.keep(packet);
    gst_buffer_unref(packet);
}

void ask(Resender& resender, unsigned sequence) {
    GstEvent* event = gst_event_new_custom(
        GST_EVENT_CUSTOM_UPSTREAM,
        gst_structure_new("GstRTPRetransmissionRequest", "seqnum", G_TYPE_UINT, sequence, nullptr));
    resender.on_event(event);
    gst_event_unref(event);
}

}  // namespace

TEST_CASE("What is asked for is sent again, as often as it is asked for") {
    Wire wire;
    Resender resender;
    resender.send_through(wire.pad);
    for (const int sequence : {65534, 65535, 0, 1}) {
        keep(resender, static_cast<std::uint16_t>(sequence));
    }

    for (const unsigned sequence : {65535U, 0U, 0U}) ask(resender, sequence);

    CHECK(wire.sequences == std::vector<int>{65535, 0, 0});
    CHECK(resender.counters().sent_again == 3);
}

TEST_CASE("What was never sent, or long ago, cannot be sent again") {
    Wire wire;
    Resender resender;
    resender.send_through(wire.pad);
    for (std::uint16_t sequence = 0; sequence < 1100; ++sequence) keep(resender, sequence);

    ask(resender, 3);
    ask(resender, 2000);

    CHECK(wire.sequences.empty());
    CHECK(resender.counters().asked_of_us == 2);
    CHECK(resender.counters().sent_again == 0);
}
