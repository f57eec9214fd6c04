// RTP from the network: one datagram, what it repeats if it is a repeat, and sent again with other
// sequence numbers and sources.
// Covers: mcu/rtp/rtp_packet.cpp mcu/rtp/rtp_receiver.cpp mcu/rtp/rtp_reception.cpp
// Covers: mcu/rtp/rtx.cpp

#include "mcu/rtp/rtcp_session.h"
#include "mcu/rtp/rtp_reception.h"
#include "mcu/rtp/rtx.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

struct Silent final : mcu::RtcpObserver {
    void on_start_wanted(std::uint32_t) override {}
    void on_key_frame_wanted(std::uint32_t) override {}
    void on_bye(std::uint32_t) override {}
    void on_ssrc_changed(std::uint32_t, std::uint32_t) override {}
    void on_packets_missed(std::uint32_t, std::span<const std::uint16_t>) override {}
    void on_bitrate_limited(std::uint32_t, common::Bitrate) override {}
};

struct Ordered final : mcu::RtpPacketSink {
    void on_stream_started(std::uint32_t ssrc) override { stream = ssrc; }
    void on_rtp(mcu::RtpPacket packet, std::int64_t extended) override {
        FUZZ_EXPECT(packet.ssrc() == stream);
        FUZZ_EXPECT(static_cast<std::uint16_t>(extended) == packet.sequence());
    }
    std::uint32_t stream = 0;
};

void check_parts(const mcu::RtpPacket& packet) {
    const std::size_t header = mcu::kRtpHeaderBytes + 4 * packet.csrc_count() +
                               (packet.has_extension() ? 4 + packet.extension().size() : 0);
    FUZZ_EXPECT(header + packet.payload().size() + packet.padding_bytes() == packet.size_bytes());
    for (std::size_t i = 0; i < packet.csrc_count(); ++i) static_cast<void>(packet.csrc(i));
}

void check_repeats(const mcu::RtpPacket& packet, std::span<const std::uint8_t> bytes,
                   mcu::RtcpSession& rtcp, mcu::PacketPool& pool, common::Timestamp now) {
    if (auto original = mcu::original_of(packet, 96, 7, pool)) {
        const auto read = mcu::RtpPacket::parse(std::move(original));
        FUZZ_EXPECT(read && read->ssrc() == 7);
        FUZZ_EXPECT(read->payload().size() + 2 == packet.payload().size());
    }
    mcu::RtxSender rtx(rtcp, {.payload_type = 97, .clock_rate_hz = 90'000}, now);
    std::array<std::uint8_t, 1500> out;
    const std::size_t room = std::min<std::size_t>(out.size(), bytes.size() + bytes[1] % 4);
    const std::size_t repeated = rtx.repeat(bytes, std::span(out).first(room), now);
    FUZZ_EXPECT(repeated == 0 || repeated == bytes.size() + mcu::RtxSender::kMoreBytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    mcu::PacketPool pool(8);
    Silent silent;
    Ordered ordered;
    auto now = common::Timestamp::from_ns(1'000'000'000'000);
    mcu::RtcpSession rtcp({.cname = "fuzz", .seed = 1, .ntp = mcu::NtpClock(now, {})}, silent, now);
    mcu::RtpReception reception(rtcp, ordered);
    for (std::uint8_t type = 0; type < 128; type += 2) reception.set_clock_rate(type, 90'000);

    const std::span<const std::uint8_t> bytes(data, size);
    static_cast<void>(mcu::is_rtcp(bytes));
    auto first = pool.take_copy(bytes, now);
    if (!first) return 0;
    const auto parsed = mcu::RtpPacket::parse(std::move(first));
    if (!parsed) return 0;
    check_parts(*parsed);
    check_repeats(*parsed, bytes, rtcp, pool, now);
    // The last bytes say by how far each packet is from the one before, and whether it is another
    // source's.
    auto sequence = parsed->sequence();
    for (const std::uint8_t step : bytes.last(std::min<std::size_t>(size, 64))) {
        auto next = pool.take_copy(bytes, now);
        sequence = static_cast<std::uint16_t>(sequence + (step & 0x40 ? 256 * step : step & 0x0f));
        next->storage[2] = static_cast<std::uint8_t>(sequence >> 8);
        next->storage[3] = static_cast<std::uint8_t>(sequence & 0xff);
        next->storage[7] = step;
        if ((step & 0x80) != 0) next->storage[11] ^= 1;
        now += std::chrono::milliseconds(step);
        next->arrival = now;
        reception.receive(std::move(*mcu::RtpPacket::parse(std::move(next))));
        if (step == 0) reception.on_bye(parsed->ssrc());
        if (reception.active() != nullptr)
            static_cast<void>(reception.active()->make_report_block(now));
        static_cast<void>(reception.lost_count());
    }
    return 0;
}
