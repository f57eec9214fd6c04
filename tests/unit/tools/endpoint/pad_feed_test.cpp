#include "tools/endpoint/pad_feed.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <array>
#include <catch2/catch.hpp>
#include <thread>

namespace {

/// A pipeline of one sink that keeps what it is given, and on which thread that was.
struct Sink {
    Sink() {
        if (gst_is_initialized() == FALSE) gst_init(nullptr, nullptr);
        pipeline = gst_pipeline_new(nullptr);
        element = gst_element_factory_make("appsink", nullptr);
        g_object_set(element, "sync", FALSE, "async", FALSE, nullptr);
        gst_bin_add(GST_BIN(pipeline), element);
        GstPad* entry = gst_element_get_static_pad(element, "sink");
        gst_pad_add_probe(
            entry, GST_PAD_PROBE_TYPE_BUFFER,
            [](GstPad*, GstPadProbeInfo*, gpointer self) {
                static_cast<Sink*>(self)->fed_on = std::this_thread::get_id();
                return GST_PAD_PROBE_OK;
            },
            this, nullptr);
        gst_object_unref(entry);
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
    }
    ~Sink() {
        gst_element_set_state(pipeline, GST_STATE_NULL);
        gst_object_unref(pipeline);
    }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    GstElement* pipeline;
    GstElement* element;
    std::thread::id fed_on;
};

constexpr std::array<std::uint8_t, 3> kBytes{1, 2, 3};

TEST_CASE("What is fed arrives on the thread that feeds it, uncopied and with its time") {
    Sink sink;
    endpoint::PadFeed feed(sink.element, "audio/x-mulaw,rate=8000,channels=1");

    feed.push(kBytes, 40'000'000, 20'000'000);

    CHECK(sink.fed_on == std::this_thread::get_id());
    GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink.element), 0);
    REQUIRE(sample != nullptr);
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    CHECK(GST_BUFFER_PTS(buffer) == 40'000'000);
    CHECK(GST_BUFFER_DURATION(buffer) == 20'000'000);
    GstMapInfo map;
    REQUIRE(gst_buffer_map(buffer, &map, GST_MAP_READ) != FALSE);
    CHECK(map.data == kBytes.data());
    CHECK(map.size == 3);
    gst_buffer_unmap(buffer, &map);
    GstStructure* caps = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
    CHECK(gst_structure_has_name(caps, "audio/x-mulaw"));
    gst_sample_unref(sample);
}

TEST_CASE("A second feed takes the place of the first") {
    Sink sink;
    { endpoint::PadFeed first(sink.element, "audio/x-mulaw,rate=8000,channels=1"); }
    endpoint::PadFeed second(sink.element, "audio/x-alaw,rate=8000,channels=1");

    second.push(kBytes, 0, 0);

    GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink.element), 0);
    REQUIRE(sample != nullptr);
    GstStructure* caps = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
    CHECK(gst_structure_has_name(caps, "audio/x-alaw"));
    gst_sample_unref(sample);
}

}  // namespace
