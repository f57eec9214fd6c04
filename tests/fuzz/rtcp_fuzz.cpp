// RTCP from the network, into a session that sends one stream and receives one.
// Covers: mcu/rtp/rtcp/compound.cpp mcu/rtp/rtcp/report_block.cpp mcu/rtp/rtcp/sender_report.cpp
// Covers: mcu/rtp/rtcp/receiver_report.cpp mcu/rtp/rtcp/source_description.cpp mcu/rtp/rtcp/bye.cpp
// Covers: mcu/rtp/rtcp/picture_loss_indication.cpp mcu/rtp/rtcp/full_intra_request.cpp
// Covers: mcu/rtp/rtcp/generic_nack.cpp mcu/rtp/rtcp/temporary_bitrate.cpp
// Covers: mcu/rtp/rtcp/receiver_estimated_bitrate.cpp

#include <array>

#include "mcu/rtp/rtcp_session.h"
#include "mcu/rtp/rtp_sender.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

struct Observer final : mcu::RtcpObserver {
    void on_start_wanted(std::uint32_t local_ssrc) override { FUZZ_EXPECT(local_ssrc == ssrc); }
    void on_key_frame_wanted(std::uint32_t) override {}
    void on_bye(std::uint32_t) override {}
    void on_packets_missed(std::uint32_t local_ssrc,
                           std::span<const std::uint16_t> sequences) override {
        FUZZ_EXPECT(local_ssrc == ssrc);
        FUZZ_EXPECT(!sequences.empty() && sequences.size() <= mcu::kMostNackedPackets);
    }
    void on_bitrate_limited(std::uint32_t local_ssrc, common::Bitrate limit) override {
        FUZZ_EXPECT(local_ssrc == ssrc && limit.bps() >= 0);
    }
    void on_transport_feedback(const mcu::TransportFeedback& feedback) override {
        std::size_t count = 0;
        feedback.for_each([&](std::uint16_t, std::optional<common::Duration>) { ++count; });
        FUZZ_EXPECT(count == feedback.status_count);
    }
    void on_ssrc_changed(std::uint32_t from, std::uint32_t to) override {
        FUZZ_EXPECT(from == ssrc);
        ssrc = to;
    }
    std::uint32_t ssrc = 0;
};

constexpr std::array<std::uint8_t, 4> kPlaceholder{'O', 'U', 'R', 'S'};

/// Seeds name our stream by a placeholder, since its SSRC is random.
std::vector<std::uint8_t> with_our_ssrc(std::span<const std::uint8_t> bytes, std::uint32_t ssrc) {
    std::vector<std::uint8_t> out(bytes.begin(), bytes.end());
    for (std::size_t i = 0; i + 4 <= out.size(); ++i) {
        if (!std::equal(kPlaceholder.begin(), kPlaceholder.end(),
                        out.begin() + static_cast<std::ptrdiff_t>(i)))
            continue;
        for (std::size_t j = 0; j < 4; ++j)
            out[i + j] = static_cast<std::uint8_t>(ssrc >> (24 - 8 * j));
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Observer observer;
    auto now = common::Timestamp::from_ns(1'000'000'000'000);
    mcu::RtcpSession rtcp({.cname = "fuzz",
                           .seed = 1,
                           .ntp = mcu::NtpClock(now, {}),
                           .pli = size % 2 == 0,
                           .fir = true,
                           .tmmbr = size % 3 != 0,
                           .remb = true,
                           .transport_feedback = true},
                          observer, now);
    const mcu::RtpSender sender(rtcp, {.payload_type = 96}, now);
    observer.ssrc = sender.ssrc();

    rtcp.receive(with_our_ssrc({data, size}, sender.ssrc()), now);
    FUZZ_EXPECT(observer.ssrc == sender.ssrc());
    rtcp.want_key_frame(7, now);
    rtcp.request_packets(7, std::array<std::uint16_t, 2>{65535, 3}, now);
    for (const std::uint16_t sequence : std::array<std::uint16_t, 3>{65535, 3, 1})
        rtcp.on_transport_packet(7, sequence, now);
    rtcp.limit_sender(7, common::Bitrate::from_kbps(300), now);
    std::array<std::uint8_t, mcu::RtcpSession::kRtcpMaxBytes> out;
    for (int i = 0; i < 3; ++i) {
        // What we send, any peer of our own kind takes.
        const std::size_t bytes = rtcp.poll(now, out);
        FUZZ_EXPECT(bytes <= out.size());
        if (bytes > 0) {
            Observer other;
            mcu::RtcpSession peer({.cname = "peer", .seed = 2, .ntp = mcu::NtpClock(now, {})},
                                  other, now);
            peer.receive(std::span(out).first(bytes), now);
            FUZZ_EXPECT(peer.counters().received.bad_datagrams == 0);
            FUZZ_EXPECT(peer.counters().received.bad_packets == 0);
        }
        now += std::chrono::seconds(10);
    }
    return 0;
}
