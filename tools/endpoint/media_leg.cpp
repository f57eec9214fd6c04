#include "tools/endpoint/media_leg.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/rtp/rtp.h>
#include <gst/video/video.h>

#include <atomic>
#include <ctime>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/mutex.h"
#include "tools/endpoint/pad_feed.h"
#include "tools/endpoint/picture_analysis.h"
#include "tools/endpoint/resender.h"
#include "tools/endpoint/rtp_watch.h"
#include "tools/endpoint/udp_pair.h"

namespace endpoint {
namespace {

constexpr guint kVideoSession = 0, kAudioSession = 1;

std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * std::int64_t{1000000000} + now.tv_nsec;
}

const char* sound_caps(AudioCodec codec) {
    switch (codec) {
        case AudioCodec::Opus:
            return "audio/x-opus,rate=48000,channels=1,channel-mapping-family=0,stream-count=1,"
                   "coupled-count=0";
        case AudioCodec::G722:
            return "audio/G722,rate=16000,channels=1";
        case AudioCodec::Pcmu:
            return "audio/x-mulaw,rate=8000,channels=1";
        default:
            return "audio/x-alaw,rate=8000,channels=1";
    }
}

const char* sound_payloader(AudioCodec codec) {
    switch (codec) {
        case AudioCodec::Opus:
            return "rtpopuspay";
        case AudioCodec::G722:
            return "rtpg722pay";
        case AudioCodec::Pcmu:
            return "rtppcmupay";
        default:
            return "rtppcmapay";
    }
}

template <typename Visit>
void for_each_buffer(GstPadProbeInfo* info, Visit visit) {
    if ((info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0) {
        GstBufferList* list = gst_pad_probe_info_get_buffer_list(info);
        for (guint i = 0; i < gst_buffer_list_length(list); ++i) {
            visit(gst_buffer_list_get(list, i));
        }
    } else if (GstBuffer* buffer = gst_pad_probe_info_get_buffer(info)) {
        visit(buffer);
    }
}

constexpr auto kBuffers =
    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);

void point_sinks(GstElement* rtp, GstElement* rtcp, const RemoteAddress& to) {
    g_signal_emit_by_name(rtp, "clear");
    g_signal_emit_by_name(rtcp, "clear");
    if (to.rtp_port == 0) return;
    g_signal_emit_by_name(rtp, "add", to.host.c_str(), to.rtp_port);
    g_signal_emit_by_name(rtcp, "add", to.host.c_str(), to.rtcp_port);
}

}  // namespace

struct MediaLeg::Impl {
    Impl(UdpPair audio, UdpPair video, MediaLegObserver& leg_observer)
        : audio_ports(std::move(audio)), video_ports(std::move(video)), observer(leg_observer) {}

    bool build(const MediaLegConfig& config);
    [[nodiscard]] std::string pipeline_for(const MediaLegConfig& config) const;
    void set_up_srtp();
    void set_up_retransmission();
    void watch_video_out();
    void attach_sockets();
    void watch(const char* element, const char* pad, GstPadProbeType type,
               GstPadProbeCallback callback) const;
    [[nodiscard]] GstElement* named(const char* name) const;
    void build_sound_sender(const NegotiatedSound& sound);
    bool press(GstStructure* key) const;

    static GstCaps* on_pt_map(GstElement* rtpbin, guint session, guint pt, Impl* leg);
    static void on_jitter_buffer(GstElement* rtpbin, GstElement* buffer, guint session, guint ssrc,
                                 Impl* leg);
    static GstPadProbeReturn on_repair(GstPad*, GstPadProbeInfo* info, gpointer watched);
    static GstCaps* on_key(GstElement* srtpdec, guint ssrc, Impl* leg);
    void count_repairs();
    static void on_pad(GstElement* rtpbin, GstPad* pad, Impl* leg);
    void record_video(GstPad* pad);
    void record_audio(GstPad* pad);
    static GstFlowReturn on_picture(GstAppSink* sink, gpointer branch);
    static GstFlowReturn on_sound(GstAppSink* sink, gpointer leg);

    UdpPair audio_ports, video_ports;
    MediaLegObserver& observer;
    bool asks_again = false;
    int kbps = 0, report_ms = 0;
    const SrtpSuite* srtp = nullptr;
    SrtpKey audio_key, video_key;
    const GstElement* video_decoder = nullptr;  // of SRTP
    Resender resender;
    GstElement* pipeline = nullptr;
    std::unique_ptr<PadFeed> video_feed;  // sending thread, once built

    /// One SSRC's way from packets to access units.
    struct VideoBranch {
        Impl* leg = nullptr;
        std::uint32_t ssrc = 0;
        std::map<GstClockTime, std::uint32_t> rtp_times;  // of the last pictures, by PTS
        std::optional<std::uint16_t> last_sequence;
        bool gap = false;         // since the last picture
        GstPad* entry = nullptr;  // borrowed of the pipeline
        bool started = false;     // a key frame came
        std::int64_t start_asked_ns = 0;
        void ask_for_start(std::int64_t at_ns);
        void note(GstBuffer* packet);
    };

    /// One SSRC's jitter buffer and the packets that it asked for.
    struct VideoBuffer {
        Impl* leg = nullptr;
        std::set<std::uint16_t> asked;
    };

    common::Mutex mutex;
    Recording recording GUARDED_BY(mutex);
    RtpWatch video_watch GUARDED_BY(mutex){90000};
    RtpWatch audio_watch GUARDED_BY(mutex){48000};
    std::list<VideoBranch> branches GUARDED_BY(mutex);
    std::list<VideoBuffer> video_buffers GUARDED_BY(mutex);
    Negotiated media GUARDED_BY(mutex);
    /// Held while sound is on its way to the socket, which nothing that packets call back takes.
    common::Mutex sound_mutex;
    GstElement* sound_payload GUARDED_BY(sound_mutex) = nullptr;
    std::unique_ptr<PadFeed> sound_feed GUARDED_BY(sound_mutex);
};

GstElement* MediaLeg::Impl::named(const char* name) const {
    GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), name);
    gst_object_unref(element);  // the pipeline holds it
    return element;
}

void MediaLeg::Impl::watch(const char* element, const char* pad_name, GstPadProbeType type,
                           GstPadProbeCallback callback) const {
    GstPad* pad = gst_element_get_static_pad(named(element), pad_name);
    gst_pad_add_probe(pad, type, callback, const_cast<Impl*>(this), nullptr);
    gst_object_unref(pad);
}

/// Each way of each medium passes by what protects it, where something does.
std::string MediaLeg::Impl::pipeline_for(const MediaLegConfig& config) const {
    const bool secure = config.srtp != nullptr;
    const auto out = [secure](const std::string& what, const std::string& session,
                              const std::string& medium, const std::string& sink) {
        const std::string from = "rtp.send_" + what + "_src_" + session + " ! ";
        const std::string by = medium + "enc." + what;
        return " " + from + (secure ? by + "_sink_0 " + by + "_src_0 ! " : "") +
               "multiudpsink name=" + sink + " sync=false async=false close-socket=false";
    };
    const auto in = [secure](const std::string& what, const std::string& session,
                             const std::string& medium, const std::string& source) {
        const std::string by = medium + "dec." + what;
        return " udpsrc name=" + source + " close-socket=false" +
               (secure ? " caps=application/x-s" + what + " ! " + by + "_sink " + by + "_src"
                       : "") +
               " ! rtp.recv_" + what + "_sink_" + session;
    };
    return "rtpbin name=rtp rtp-profile=avpf autoremove=true latency=" +
           std::to_string(config.jitter_latency_ms) +
           (secure ? " srtpenc name=venc srtpdec name=vdec srtpenc name=aenc srtpdec name=adec"
                   : "") +
           " rtph264pay name=vpay pt=" + std::to_string(config.video_payload_type) +
           " mtu=" + std::to_string(config.most_packet_bytes) +
           " aggregate-mode=" + (config.packetization_mode == 0 ? "none" : "zero-latency") +
           " ! rtp.send_rtp_sink_0" + out("rtp", "0", "v", "vrtp") +
           out("rtcp", "0", "v", "vrtcp") + in("rtp", "0", "v", "vin") +
           in("rtcp", "0", "v", "vcin") + " rtpdtmfmux name=amux ! rtp.send_rtp_sink_1" +
           out("rtp", "1", "a", "artp") + out("rtcp", "1", "a", "artcp") +
           in("rtp", "1", "a", "ain") + in("rtcp", "1", "a", "acin") +
           " rtpdtmfsrc name=dtmf ! amux.priority_sink_0";
}

void MediaLeg::Impl::set_up_srtp() {
    if (srtp == nullptr) return;
    audio_key = srtp->make_key();
    video_key = srtp->make_key();
    srtp->set_up_sender(named("aenc"), audio_key);
    srtp->set_up_sender(named("venc"), video_key);
    video_decoder = named("vdec");
    for (const char* decoder : {"adec", "vdec"}) {
        g_signal_connect(named(decoder), "request-key", G_CALLBACK(on_key), this);
    }
}

/// Null until the answer is here: what comes before is dropped, as nobody could read it. The
/// decoder is locked meanwhile: nobody may be asked who walks through the pipeline.
GstCaps* MediaLeg::Impl::on_key(GstElement* srtpdec, guint, Impl* leg) {
    const common::MutexLock lock(leg->mutex);
    const Negotiated& media = leg->media;
    if (srtpdec == leg->video_decoder) {
        return media.picture ? leg->srtp->receiver_caps(media.picture->peer_key) : nullptr;
    }
    return media.sound ? leg->srtp->receiver_caps(media.sound->peer_key) : nullptr;
}

void MediaLeg::Impl::set_up_retransmission() {
    g_signal_connect(named("rtp"), "new-jitterbuffer", G_CALLBACK(on_jitter_buffer), this);
    if (!asks_again) return;
    // RTCP's share is reckoned from it (RFC 3550 section 6.2); by GStreamer's own guess askings
    // would wait for up to half a second.
    GObject* session = nullptr;
    g_signal_emit_by_name(named("rtp"), "get-internal-session", kVideoSession, &session);
    g_object_set(session, "bandwidth", 1000.0 * kbps, nullptr);
    // RFC 4585 lets AVPF do without the five seconds.
    if (report_ms > 0) {
        g_object_set(session, "rtcp-min-interval", static_cast<guint64>(report_ms) * GST_MSECOND,
                     nullptr);
    }
    g_object_unref(session);
    const bool secure = srtp != nullptr;
    GstPad* wire =
        gst_element_get_static_pad(named(secure ? "venc" : "vrtp"), secure ? "rtp_sink_0" : "sink");
    resender.send_through(wire);
    gst_pad_add_probe(
        wire, kBuffers,
        [](GstPad*, GstPadProbeInfo* info, gpointer self) {
            for_each_buffer(info,
                            [&](GstBuffer* buffer) { static_cast<Resender*>(self)->keep(buffer); });
            return GST_PAD_PROBE_OK;
        },
        &resender, nullptr);
    gst_object_unref(wire);  // its element holds it
}

void MediaLeg::Impl::on_jitter_buffer(GstElement*, GstElement* buffer, guint session, guint,
                                      Impl* leg) {
    if (session != kVideoSession) return;
    // It may not ask for what, by its guess, should have been sent by now: pictures come in bursts.
    g_object_set(buffer, "do-retransmission", leg->asks_again ? TRUE : FALSE, "rtx-next-seqnum",
                 FALSE, nullptr);
    VideoBuffer* watched = nullptr;
    {
        const common::MutexLock lock(leg->mutex);
        watched = &leg->video_buffers.emplace_back();
    }
    watched->leg = leg;
    GstPad* entry = gst_element_get_static_pad(buffer, "sink");
    gst_pad_add_probe(entry,
                      static_cast<GstPadProbeType>(kBuffers | GST_PAD_PROBE_TYPE_EVENT_UPSTREAM),
                      on_repair, watched, nullptr);
    gst_object_unref(entry);
}

/// Askings on their way out, and packets on their way in.
GstPadProbeReturn MediaLeg::Impl::on_repair(GstPad*, GstPadProbeInfo* info, gpointer watched) {
    auto& buffer = *static_cast<VideoBuffer*>(watched);
    const common::MutexLock lock(buffer.leg->mutex);
    RepairCount& count = buffer.leg->recording.repair;
    if ((info->type & GST_PAD_PROBE_TYPE_EVENT_UPSTREAM) != 0) {
        if (const auto sequence = asked_for(gst_pad_probe_info_get_event(info))) {
            ++count.asked;
            buffer.asked.insert(*sequence);
        }
        return GST_PAD_PROBE_OK;
    }
    for_each_buffer(info, [&](GstBuffer* packet) {
        const auto sequence = sequence_of(packet);
        if (sequence && buffer.asked.erase(*sequence) > 0) ++count.repaired;
    });
    return GST_PAD_PROBE_OK;
}

void MediaLeg::Impl::count_repairs() {
    const common::MutexLock lock(mutex);
    recording.repair.asked_of_us = resender.counters().asked_of_us;
    recording.repair.sent_again = resender.counters().sent_again;
}

bool MediaLeg::Impl::build(const MediaLegConfig& config) {
    const std::string description = pipeline_for(config);
    asks_again = config.asks_again;
    kbps = config.kbps;
    report_ms = config.report_ms;
    srtp = config.srtp;
    GError* error = nullptr;
    pipeline = gst_parse_launch(description.c_str(), &error);
    if (error != nullptr || pipeline == nullptr) {
        g_clear_error(&error);
        return false;
    }
    GstElement* rtp = named("rtp");
    GstStructure* sdes = gst_structure_new("application/x-rtp-source-sdes", "cname", G_TYPE_STRING,
                                           config.cname.c_str(), nullptr);
    g_object_set(rtp, "sdes", sdes, nullptr);
    gst_structure_free(sdes);
    attach_sockets();
    set_up_srtp();
    set_up_retransmission();
    g_signal_connect(rtp, "request-pt-map", G_CALLBACK(on_pt_map), this);
    g_signal_connect(rtp, "pad-added", G_CALLBACK(on_pad), this);
    watch("vin", "src", kBuffers, [](GstPad*, GstPadProbeInfo* info, gpointer self) {
        auto* leg = static_cast<Impl*>(self);
        const std::int64_t now = now_ns();
        for_each_buffer(info, [&](GstBuffer* buffer) {
            GstMapInfo map;
            if (gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE) return;
            const common::MutexLock lock(leg->mutex);
            leg->video_watch.packet({map.data, map.size}, now, leg->recording.video_streams);
            gst_buffer_unmap(buffer, &map);
        });
        return GST_PAD_PROBE_OK;
    });
    watch("ain", "src", kBuffers, [](GstPad*, GstPadProbeInfo* info, gpointer self) {
        auto* leg = static_cast<Impl*>(self);
        const std::int64_t now = now_ns();
        for_each_buffer(info, [&](GstBuffer* buffer) {
            GstMapInfo map;
            if (gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE) return;
            const common::MutexLock lock(leg->mutex);
            leg->audio_watch.packet({map.data, map.size}, now, leg->recording.audio_streams);
            gst_buffer_unmap(buffer, &map);
        });
        return GST_PAD_PROBE_OK;
    });
    watch_video_out();
    const bool plays =
        gst_element_set_state(pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
    video_feed = std::make_unique<PadFeed>(named("vpay"),
                                           "video/x-h264,stream-format=byte-stream,alignment=au");
    return plays;
}

void MediaLeg::Impl::watch_video_out() {
    watch("vpay", "src", GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
          [](GstPad*, GstPadProbeInfo* info, gpointer self) {
              auto* leg = static_cast<Impl*>(self);
              GstEvent* event = gst_pad_probe_info_get_event(info);
              if (gst_video_event_is_force_key_unit(event) != FALSE) {
                  leg->observer.on_key_frame_request();
              }
              if (leg->asks_again) leg->resender.on_event(event);
              return GST_PAD_PROBE_OK;
          });
    watch("vrtp", "sink", kBuffers, [](GstPad*, GstPadProbeInfo* info, gpointer self) {
        const std::int64_t now = now_ns();
        for_each_buffer(info, [&](GstBuffer* buffer) {
            GstRTPBuffer rtp_buffer = GST_RTP_BUFFER_INIT;
            if (gst_rtp_buffer_map(buffer, GST_MAP_READ, &rtp_buffer) == FALSE) return;
            const bool last = gst_rtp_buffer_get_marker(&rtp_buffer) != FALSE;
            gst_rtp_buffer_unmap(&rtp_buffer);
            if (!last) return;
            const auto pts = static_cast<std::int64_t>(GST_BUFFER_PTS(buffer));
            static_cast<Impl*>(self)->observer.on_picture_sent(pts, now);
        });
        return GST_PAD_PROBE_OK;
    });
}

void MediaLeg::Impl::attach_sockets() {
    const auto use = [this](const char* element, GSocket* socket) {
        const bool v6 = g_socket_get_family(socket) == G_SOCKET_FAMILY_IPV6;
        const bool sink = std::string_view(element).find("rt") != std::string_view::npos;
        const char* property = !sink ? "socket" : v6 ? "socket-v6" : "socket";
        g_object_set(named(element), property, socket, nullptr);
    };
    use("vin", video_ports.rtp());
    use("vrtp", video_ports.rtp());
    use("vcin", video_ports.rtcp());
    use("vrtcp", video_ports.rtcp());
    use("ain", audio_ports.rtp());
    use("artp", audio_ports.rtp());
    use("acin", audio_ports.rtcp());
    use("artcp", audio_ports.rtcp());
}

GstCaps* MediaLeg::Impl::on_pt_map(GstElement*, guint session, guint pt, Impl* leg) {
    if (session == kVideoSession) {
        return gst_caps_new_simple("application/x-rtp", "media", G_TYPE_STRING, "video",
                                   "clock-rate", G_TYPE_INT, 90000, "encoding-name", G_TYPE_STRING,
                                   "H264", "payload", G_TYPE_INT, static_cast<int>(pt),
                                   "rtcp-fb-nack-pli", G_TYPE_BOOLEAN, TRUE, "rtcp-fb-ccm-fir",
                                   G_TYPE_BOOLEAN, TRUE, nullptr);
    }
    const common::MutexLock lock(leg->mutex);
    int clock_hz = 8000;
    const char* encoding = "TELEPHONE-EVENT";
    const auto codec = leg->recording.audio_codecs.find(static_cast<std::uint8_t>(pt));
    if (codec != leg->recording.audio_codecs.end()) {
        clock_hz = facts_of(codec->second).rtp_clock_hz;
        encoding = codec->second == AudioCodec::Opus ? "OPUS" : facts_of(codec->second).encoding;
    } else if (leg->media.sound && leg->media.sound->telephone_event_type == static_cast<int>(pt)) {
        clock_hz = leg->media.sound->telephone_event_clock_hz;
    }
    return gst_caps_new_simple("application/x-rtp", "media", G_TYPE_STRING, "audio", "clock-rate",
                               G_TYPE_INT, clock_hz, "encoding-name", G_TYPE_STRING, encoding,
                               "payload", G_TYPE_INT, static_cast<int>(pt), nullptr);
}

void MediaLeg::Impl::on_pad(GstElement*, GstPad* pad, Impl* leg) {
    const std::string name = GST_PAD_NAME(pad);
    if (name.starts_with("recv_rtp_src_0_")) leg->record_video(pad);
    if (name.starts_with("recv_rtp_src_1_")) leg->record_audio(pad);
}

void MediaLeg::Impl::record_video(GstPad* pad) {
    VideoBranch* branch = nullptr;
    {
        const common::MutexLock lock(mutex);
        branch = &branches.emplace_back();
    }
    branch->leg = this;
    const std::string name = GST_PAD_NAME(pad);  // recv_rtp_src_0_SSRC_PT
    branch->ssrc = static_cast<std::uint32_t>(std::stoul(name.substr(15)));
    GstElement* depay = gst_element_factory_make("rtph264depay", nullptr);
    g_object_set(depay, "request-keyframe", TRUE, nullptr);
    GstElement* sink = gst_element_factory_make("appsink", nullptr);
    GstCaps* caps = gst_caps_from_string("video/x-h264,stream-format=byte-stream,alignment=au");
    g_object_set(sink, "caps", caps, "sync", FALSE, "async", FALSE, nullptr);
    gst_caps_unref(caps);
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = on_picture;
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, branch, nullptr);
    gst_bin_add_many(GST_BIN(pipeline), depay, sink, nullptr);
    gst_element_link(depay, sink);
    GstPad* entry = gst_element_get_static_pad(depay, "sink");
    branch->entry = entry;
    gst_pad_add_probe(
        entry, kBuffers,
        [](GstPad*, GstPadProbeInfo* info, gpointer self) {
            auto* to = static_cast<VideoBranch*>(self);
            for_each_buffer(info, [&](GstBuffer* buffer) { to->note(buffer); });
            return GST_PAD_PROBE_OK;
        },
        branch, nullptr);
    gst_element_sync_state_with_parent(sink);
    gst_element_sync_state_with_parent(depay);
    gst_pad_link(pad, entry);
    gst_object_unref(entry);
}

/// A packet as the jitter buffer releases it: in order, or without those before it.
void MediaLeg::Impl::VideoBranch::note(GstBuffer* packet) {
    GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
    if (gst_rtp_buffer_map(packet, GST_MAP_READ, &rtp) == FALSE) return;
    const std::uint16_t sequence = gst_rtp_buffer_get_seq(&rtp);
    rtp_times[GST_BUFFER_PTS(packet)] = gst_rtp_buffer_get_timestamp(&rtp);
    gst_rtp_buffer_unmap(&rtp);
    if (rtp_times.size() > 64) rtp_times.erase(rtp_times.begin());
    const std::uint16_t missing =
        last_sequence ? static_cast<std::uint16_t>(sequence - *last_sequence - 1) : 0;
    gap = gap || missing > 0;
    if (missing > 0) {
        const common::MutexLock lock(leg->mutex);
        leg->recording.repair.never_came += missing;
    }
    last_sequence = sequence;
}

/// The depacketizer asks for key frames after gaps alone. What came before the answer to our INVITE
/// leaves none: its key was not known.
void MediaLeg::Impl::VideoBranch::ask_for_start(std::int64_t at_ns) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    if (at_ns - start_asked_ns < kSecond) return;
    start_asked_ns = at_ns;
    gst_pad_push_event(entry,
                       gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

GstFlowReturn MediaLeg::Impl::on_picture(GstAppSink* sink, gpointer self) {
    auto* branch = static_cast<VideoBranch*>(self);
    GstSample* sample = gst_app_sink_pull_sample(sink);
    if (sample == nullptr) return GST_FLOW_EOS;
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    GstMapInfo map;
    if (gst_buffer_map(buffer, &map, GST_MAP_READ) != FALSE) {
        ReceivedPicture picture;
        picture.ssrc = branch->ssrc;
        picture.released_ns = now_ns();
        picture.follows_gap = std::exchange(branch->gap, false);
        picture.bytes.assign(map.data, map.data + map.size);
        branch->started = branch->started || has_idr(picture.bytes);
        if (!branch->started) branch->ask_for_start(picture.released_ns);
        const auto time = branch->rtp_times.find(GST_BUFFER_PTS(buffer));
        if (time != branch->rtp_times.end()) picture.rtp_time = time->second;
        Impl& leg = *branch->leg;
        const common::MutexLock lock(leg.mutex);
        picture.arrived_ns =
            leg.video_watch.picture_arrived(picture.ssrc, picture.rtp_time).value_or(now_ns());
        leg.recording.pictures.push_back(std::move(picture));
        gst_buffer_unmap(buffer, &map);
    }
    gst_sample_unref(sample);
    return GST_FLOW_OK;
}

void MediaLeg::Impl::record_audio(GstPad* pad) {
    GstElement* sink = gst_element_factory_make("appsink", nullptr);
    g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = on_sound;
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, this, nullptr);
    gst_bin_add(GST_BIN(pipeline), sink);
    gst_element_sync_state_with_parent(sink);
    GstPad* entry = gst_element_get_static_pad(sink, "sink");
    gst_pad_link(pad, entry);
    gst_object_unref(entry);
}

GstFlowReturn MediaLeg::Impl::on_sound(GstAppSink* sink, gpointer self) {
    auto* leg = static_cast<Impl*>(self);
    GstSample* sample = gst_app_sink_pull_sample(sink);
    if (sample == nullptr) return GST_FLOW_EOS;
    GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
    if (gst_rtp_buffer_map(gst_sample_get_buffer(sample), GST_MAP_READ, &rtp) != FALSE) {
        ReceivedSound sound;
        sound.ssrc = gst_rtp_buffer_get_ssrc(&rtp);
        sound.rtp_time = gst_rtp_buffer_get_timestamp(&rtp);
        sound.sequence = gst_rtp_buffer_get_seq(&rtp);
        sound.payload_type = gst_rtp_buffer_get_payload_type(&rtp);
        sound.marker = gst_rtp_buffer_get_marker(&rtp) != FALSE;
        const auto* bytes = static_cast<const std::uint8_t*>(gst_rtp_buffer_get_payload(&rtp));
        sound.payload.assign(bytes, bytes + gst_rtp_buffer_get_payload_len(&rtp));
        gst_rtp_buffer_unmap(&rtp);
        const common::MutexLock lock(leg->mutex);
        sound.arrived_ns =
            leg->audio_watch.packet_arrived(sound.ssrc, sound.sequence).value_or(now_ns());
        leg->recording.sounds.push_back(std::move(sound));
    }
    gst_sample_unref(sample);
    return GST_FLOW_OK;
}

/// The sender for this codec, in place of the one before. rtpdtmfmux keeps SSRC and sequence.
void MediaLeg::Impl::build_sound_sender(const NegotiatedSound& sound) {
    GstElement* payload = gst_element_factory_make(sound_payloader(sound.codec), nullptr);
    g_object_set(payload, "pt", sound.payload_type, nullptr);
    GstElement* mux = named("amux");
    const common::MutexLock lock(sound_mutex);
    sound_feed.reset();
    if (sound_payload != nullptr) {
        GstPad* leaving = gst_element_get_static_pad(sound_payload, "src");
        gst_element_set_state(sound_payload, GST_STATE_NULL);
        GstPad* slot = gst_pad_get_peer(leaving);
        if (slot != nullptr) {
            gst_pad_unlink(leaving, slot);
            gst_element_release_request_pad(mux, slot);
            gst_object_unref(slot);
        }
        gst_object_unref(leaving);
        gst_bin_remove(GST_BIN(pipeline), sound_payload);
    }
    sound_payload = payload;
    gst_bin_add(GST_BIN(pipeline), payload);
    gst_element_link_pads(payload, "src", mux, "sink_%u");
    gst_element_sync_state_with_parent(payload);
    sound_feed = std::make_unique<PadFeed>(payload, sound_caps(sound.codec));
}

/// Takes the structure. To the pad: the element itself has no ear for upstream events.
bool MediaLeg::Impl::press(GstStructure* key) const {
    GstPad* pad = gst_element_get_static_pad(named("dtmf"), "src");
    const bool taken =
        gst_pad_send_event(pad, gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, key)) != FALSE;
    gst_object_unref(pad);
    return taken;
}

MediaLeg::MediaLeg() = default;
MediaLeg::~MediaLeg() {
    if (impl_ == nullptr || impl_->pipeline == nullptr) return;
    gst_element_set_state(impl_->pipeline, GST_STATE_NULL);
    {
        const common::MutexLock lock(impl_->sound_mutex);
        impl_->sound_feed.reset();
    }
    impl_->video_feed.reset();
    gst_object_unref(impl_->pipeline);
}

common::Result<std::unique_ptr<MediaLeg>> MediaLeg::create(const MediaLegConfig& config,
                                                           MediaLegObserver& observer) {
    if (gst_is_initialized() == FALSE) gst_init(nullptr, nullptr);
    auto audio = UdpPair::bind(config.host, config.first_port);
    auto video = UdpPair::bind(config.host, config.first_port != 0 ? config.first_port + 2 : 0);
    if (!audio || !video) {
        return common::fail(common::ErrorCode::Unavailable,
                            "no free UDP ports on " + config.host + " for RTP");
    }
    std::unique_ptr<MediaLeg> leg(new MediaLeg);
    leg->impl_ = std::make_unique<Impl>(std::move(*audio), std::move(*video), observer);
    if (!leg->impl_->build(config)) {
        return common::fail(common::ErrorCode::Internal,
                            "GStreamer lacks an element (rtpbin, rtph264pay, rtpdtmfmux, ...)");
    }
    return leg;
}

int MediaLeg::audio_port() const {
    return impl_->audio_ports.port();
}
int MediaLeg::video_port() const {
    return impl_->video_ports.port();
}

void MediaLeg::direct(const Negotiated& media) {
    Impl& leg = *impl_;
    Negotiated before;
    {
        const common::MutexLock lock(leg.mutex);
        before = std::exchange(leg.media, media);
        if (media.sound) {
            const auto type = static_cast<std::uint8_t>(media.sound->payload_type);
            leg.recording.audio_codecs[type] = media.sound->codec;
            leg.audio_watch.set_clock(facts_of(media.sound->codec).rtp_clock_hz);
        }
    }
    if (media.picture && (!before.picture || before.picture->to != media.picture->to)) {
        point_sinks(leg.named("vrtp"), leg.named("vrtcp"), media.picture->to);
    }
    if (media.picture && media.picture->payload_type != 0) {
        g_object_set(leg.named("vpay"), "pt", media.picture->payload_type, nullptr);
    }
    if (!media.sound) return;
    if (!before.sound || before.sound->to != media.sound->to) {
        point_sinks(leg.named("artp"), leg.named("artcp"), media.sound->to);
    }
    if (!before.sound || before.sound->codec != media.sound->codec ||
        before.sound->payload_type != media.sound->payload_type) {
        leg.build_sound_sender(*media.sound);
    }
    if (media.sound->telephone_event_type >= 0) {
        g_object_set(leg.named("dtmf"), "pt", media.sound->telephone_event_type, "clock-rate",
                     media.sound->telephone_event_clock_hz, nullptr);
    }
}

std::int64_t MediaLeg::running_time_ns() const {
    return static_cast<std::int64_t>(gst_element_get_current_running_time(impl_->pipeline));
}

bool MediaLeg::send_picture(std::span<const std::uint8_t> access_unit, std::int64_t pts_ns) {
    {
        const common::MutexLock lock(impl_->mutex);
        if (!impl_->media.picture || !impl_->media.picture->send) return false;
    }
    impl_->video_feed->push(access_unit, pts_ns, 0);
    return true;
}

bool MediaLeg::send_sound(std::span<const std::uint8_t> payload, std::int64_t pts_ns) {
    {
        const common::MutexLock lock(impl_->mutex);
        if (!impl_->media.sound || !impl_->media.sound->send) return false;
    }
    const common::MutexLock lock(impl_->sound_mutex);
    if (!impl_->sound_feed) return false;
    impl_->sound_feed->push(payload, pts_ns, 20 * GST_MSECOND);
    return true;
}

AudioCodec MediaLeg::sound_codec() const {
    const common::MutexLock lock(impl_->mutex);
    return impl_->media.sound ? impl_->media.sound->codec : AudioCodec::Opus;
}

bool MediaLeg::start_digit(char digit) {
    {
        const common::MutexLock lock(impl_->mutex);
        if (!impl_->media.sound || impl_->media.sound->telephone_event_type < 0) return false;
    }
    // RFC 4733 section 3.2: 0-9, *, #, A-D are the events 0 to 15.
    const auto event = std::string_view("0123456789*#ABCD").find(digit);
    if (event == std::string_view::npos) return false;
    return impl_->press(gst_structure_new("dtmf-event", "type", G_TYPE_INT, 1, "number", G_TYPE_INT,
                                          static_cast<int>(event), "volume", G_TYPE_INT, 10,
                                          "start", G_TYPE_BOOLEAN, TRUE, nullptr));
}

void MediaLeg::stop_digit() {
    impl_->press(gst_structure_new("dtmf-event", "type", G_TYPE_INT, 1, "start", G_TYPE_BOOLEAN,
                                   FALSE, nullptr));
}

const SrtpKey& MediaLeg::audio_key() const {
    return impl_->audio_key;
}
const SrtpKey& MediaLeg::video_key() const {
    return impl_->video_key;
}

Recording MediaLeg::stop() {
    impl_->count_repairs();
    gst_element_set_state(impl_->pipeline, GST_STATE_NULL);
    const common::MutexLock lock(impl_->mutex);
    return std::move(impl_->recording);
}

}  // namespace endpoint
