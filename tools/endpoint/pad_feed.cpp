#include "tools/endpoint/pad_feed.h"

#include <gst/gst.h>

#include "common/invariant.h"

namespace endpoint {

PadFeed::PadFeed(GstElement* into, const char* caps_text) : out_(gst_pad_new("feed", GST_PAD_SRC)) {
    gst_object_ref_sink(out_);
    GstPad* entry = gst_element_get_static_pad(into, "sink");
    INVARIANT(entry != nullptr);
    // Our pad has no parent: there is no hierarchy to check.
    const GstPadLinkReturn linked = gst_pad_link_full(out_, entry, GST_PAD_LINK_CHECK_NOTHING);
    INVARIANT(linked == GST_PAD_LINK_OK);
    gst_object_unref(entry);
    gst_pad_set_active(out_, TRUE);
    gst_pad_push_event(out_, gst_event_new_stream_start("feed"));
    GstCaps* caps = gst_caps_from_string(caps_text);
    gst_pad_push_event(out_, gst_event_new_caps(caps));
    gst_caps_unref(caps);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(out_, gst_event_new_segment(&segment));
}

PadFeed::~PadFeed() {
    gst_pad_set_active(out_, FALSE);
    if (GstPad* entry = gst_pad_get_peer(out_); entry != nullptr) {
        gst_pad_unlink(out_, entry);
        gst_object_unref(entry);
    }
    gst_object_unref(out_);
}

void PadFeed::push(std::span<const std::uint8_t> bytes, std::int64_t pts_ns,
                   std::int64_t duration_ns) {
    GstBuffer* buffer = gst_buffer_new_wrapped_full(
        GST_MEMORY_FLAG_READONLY, const_cast<std::uint8_t*>(bytes.data()), bytes.size(), 0,
        bytes.size(), nullptr, nullptr);
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(pts_ns);
    if (duration_ns > 0) GST_BUFFER_DURATION(buffer) = static_cast<GstClockTime>(duration_ns);
    // What is not taken (the pipeline stops) is gone, as on a wire.
    gst_pad_push(out_, buffer);
}

}  // namespace endpoint
