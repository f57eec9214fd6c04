#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mcu/session/session.h"
#include "mcu/transport/net_thread.h"
#include "mcu/transport/udp_port_range.h"
#include "tests/support/fake_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/udp_peer.h"
#include "tests/unit/mcu/session/recording_inlets.h"

namespace tests {

using Bytes = std::vector<std::uint8_t>;
using namespace std::chrono_literals;

/// One RTP packet as a peer sees it (RFC 3550 5.1).
struct RtpOnWire {
    std::uint8_t payload_type = 0;
    bool marker = false;
    std::uint16_t sequence = 0;
    std::uint32_t rtp_time = 0;
    std::uint32_t ssrc = 0;
    Bytes payload = {};

    [[nodiscard]] Bytes bytes() const;
    /// Nothing when it is no RTP version 2 packet with a plain header.
    static std::optional<RtpOnWire> read(const Bytes& datagram);
};

struct RecordingObserver final : mcu::SessionObserver {
    void on_dtmf(char digit, common::Duration duration) override {
        digits.emplace_back(digit, duration);
    }
    void on_media_started(const std::string& mid) override { events.push_back("started " + mid); }
    void on_media_stopped(const std::string& mid) override { events.push_back("stopped " + mid); }
    void on_start_wanted(const std::string&) override { ++starts; }
    void on_key_frame_wanted(const std::string&) override { ++key_frames; }
    void on_bitrate_limited(const std::string&, common::Bitrate limit) override {
        limits.push_back(limit.bps());
    }
    std::vector<std::int64_t> limits;
    std::vector<std::pair<char, common::Duration>> digits;
    std::vector<std::string> events;
    int starts = 0, key_frames = 0;
};

/// The sockets of one medium of a peer.
struct PeerPorts {
    explicit PeerPorts(const std::string& address = "127.0.0.1") : rtp(address), rtcp(address) {}
    [[nodiscard]] mcu::PeerAddress address() const {
        return {rtp.address(), rtp.port(), rtcp.port()};
    }
    UdpPeer rtp, rtcp;
};

/// A fake clock that knows how often it was asked: who does nothing need not know the time.
class CountingClock final : public common::Clock {
  public:
    [[nodiscard]] common::Timestamp now() const override {
        ++asked_;
        return clock_.now();
    }
    void advance(common::Duration d) { clock_.advance(d); }
    [[nodiscard]] int asked() const { return asked_; }

  private:
    FakeClock clock_;
    mutable int asked_ = 0;
};

/// A session on the test's thread, with time that the test moves and peers on real loopback
/// sockets.
class SessionFixture {
  public:
    static constexpr std::uint8_t kOpus = 111, kPcmu = 0, kG722 = 9, kH264 = 96, kVp8 = 100,
                                  kEvent = 101;

    explicit SessionFixture(const std::string& local_address = "127.0.0.1");
    ~SessionFixture();

    [[nodiscard]] static mcu::MediaConfig audio(common::AudioCodec codec, const PeerPorts* peer);
    [[nodiscard]] static mcu::MediaConfig video(const PeerPorts* peer, int packetization_mode = 1);
    [[nodiscard]] static mcu::MediaConfig vp8(const PeerPorts* peer);
    /// Configures, and expects it to succeed.
    std::vector<mcu::LocalMedia> configure(const std::vector<mcu::MediaConfig>& media,
                                           const std::optional<mcu::BundleConfig>& bundle = {});

    /// Lets time pass in steps of a millisecond.
    void pass(common::Duration time);
    /// Sends, and does what follows from it.
    void send(const UdpPeer& from, const Bytes& datagram, std::uint16_t to_port);
    void send(const UdpPeer& from, const RtpOnWire& packet, std::uint16_t to_port) {
        send(from, packet.bytes(), to_port);
    }
    /// All that is there now; empty datagrams (pinholes) are left out.
    std::vector<Bytes> drain(UdpPeer& peer);
    std::vector<RtpOnWire> drain_rtp(UdpPeer& peer);
    [[nodiscard]] mcu::StreamCounters counters(std::size_t medium = 0) const;
    void tick_audio(const Bytes& payload);  ///< one frame, then 20 ms
    void picture(const mixer::EncodedPictureRef& picture);

    CountingClock clock;
    mcu::NetThread net{"net", clock, mcu::NetThread::Runs::WhenTold};
    std::unique_ptr<mcu::UdpPortRange> ports;
    std::unique_ptr<mcu::DtlsIdentity> identity = *mcu::DtlsIdentity::create();
    RecordingObserver observer;
    ManualExecutor executor;
    std::unique_ptr<mixer::AudioPlayout> playout = make_recording_playout();
    std::unique_ptr<mixer::VideoDecodeLane> lane = make_recording_lane(executor);
    std::unique_ptr<mcu::Session> session;
};

/// A picture of NAL units of these sizes; the first byte of each is a slice's (or an IDR slice's).
[[nodiscard]] mixer::EncodedPictureRef make_picture(bool key, const std::vector<std::size_t>& sizes,
                                                    common::Timestamp media_time,
                                                    std::uint64_t rendition = 1);
/// The RTCP packets of a compound, by type.
[[nodiscard]] std::vector<std::pair<int, Bytes>> rtcp_packets(const Bytes& compound);
/// How many packets of a type (and format, when not -1) there are in all of these compounds.
[[nodiscard]] int count_rtcp(const std::vector<Bytes>& compounds, int type, int format = -1);

}  // namespace tests
