#pragma once

#include <cstdint>
#include <span>

typedef struct _GstElement GstElement;
typedef struct _GstPad GstPad;

namespace endpoint {

/// Puts encoded media straight into an element of a running pipeline.
///
/// Everything down to the socket happens on the thread that calls `push`: an appsrc would hand each
/// buffer to a thread of its own, and at 80 buffers a second those wake-ups cost more than the
/// packets.
///
/// Thread: any, one at a time. Owner: borrows the element, which outlives it.
class PadFeed {
  public:
    /// `caps`: what is pushed, as GStreamer writes it.
    PadFeed(GstElement* into, const char* caps);
    ~PadFeed();
    PadFeed(const PadFeed&) = delete;
    PadFeed& operator=(const PadFeed&) = delete;

    /// `bytes` outlive the pipeline: they are not copied. Times: ns of running time.
    void push(std::span<const std::uint8_t> bytes, std::int64_t pts_ns, std::int64_t duration_ns);

  private:
    GstPad* out_;
};

}  // namespace endpoint
