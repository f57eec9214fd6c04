#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "common/result.h"
#include "tools/endpoint/negotiated.h"
#include "tools/endpoint/recording.h"

namespace endpoint {

class MediaLegObserver {
  public:
    virtual ~MediaLegObserver() = default;
    /// PLI or FIR came. A GStreamer thread.
    virtual void on_key_frame_request() = 0;
    /// The last packet of the picture given with `pts_ns` goes out now. A GStreamer thread.
    virtual void on_picture_sent(std::int64_t pts_ns, std::int64_t now_ns) = 0;
};

struct MediaLegConfig {
    std::string host = "127.0.0.1";
    int first_port = 0;  ///< 0: any four free ones
    int packetization_mode = 1;
    int video_payload_type = 97;
    int most_packet_bytes = 1200;
    int jitter_latency_ms = 60;
    bool asks_again = false;          ///< generic NACK, for pictures
    int report_ms = 0;                ///< between receiver reports; 0: GStreamer's 5 s
    int kbps = 2500;                  ///< of the picture's session, as b=AS says
    const SrtpSuite* srtp = nullptr;  ///< null: in the open
    std::string cname;
};

/// RTP and RTCP of one call, by GStreamer's rtpbin: what is given is sent, what comes is recorded
/// undecoded.
///
/// Thread: `direct` and the digits on one thread; `send_*` on one thread; the recording is handed
/// out when all has ended.
class MediaLeg {
  public:
    [[nodiscard]] static common::Result<std::unique_ptr<MediaLeg>> create(
        const MediaLegConfig& config, MediaLegObserver& observer);
    ~MediaLeg();

    [[nodiscard]] int audio_port() const;
    [[nodiscard]] int video_port() const;
    /// What we send is encrypted with these; empty without SRTP.
    [[nodiscard]] const SrtpKey& audio_key() const;
    [[nodiscard]] const SrtpKey& video_key() const;

    /// Sends there from now on. Repeating it changes nothing.
    void direct(const Negotiated& media);
    /// The pictures' and sounds' time line: ns since the leg was made.
    [[nodiscard]] std::int64_t running_time_ns() const;
    /// False: nothing is to be sent, by what was negotiated.
    bool send_picture(std::span<const std::uint8_t> access_unit, std::int64_t pts_ns);
    bool send_sound(std::span<const std::uint8_t> payload, std::int64_t pts_ns);
    /// Which codec `send_sound` is to be given.
    [[nodiscard]] AudioCodec sound_codec() const;
    /// RFC 4733, on the sound's SSRC. False when it was not agreed on.
    bool start_digit(char digit);
    void stop_digit();

    /// Ends all and hands over what came.
    [[nodiscard]] Recording stop();

  private:
    MediaLeg();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace endpoint
