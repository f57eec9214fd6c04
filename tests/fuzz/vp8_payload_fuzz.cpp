// VP8 payloads from the network, lost and reordered: records of (fields, payload size, payload).
// Covers: mcu/rtp/vp8_depacketizer.cpp mcu/rtp/jitter_buffer.cpp mcu/rtp/video_receiver.cpp

#include "common/byte_reader.h"
#include "mcu/rtp/video_receiver.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

void check(const common::EncodedFrame& frame) {
    FUZZ_EXPECT(frame.codec == common::VideoCodec::Vp8);
    FUZZ_EXPECT(frame.bytes.size() >= 3);
    FUZZ_EXPECT(frame.key_frame == ((frame.bytes[0] & 1) == 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    common::ByteReader input({data, size});
    mcu::PacketPool pool(64);  // small: it is made anew for every input
    mcu::VideoReceiver receiver({}, std::chrono::milliseconds(100), common::VideoCodec::Vp8);
    common::EncodedFrame frame;
    auto now = common::Timestamp::from_ns(1'000'000'000'000);
    receiver.on_stream_started(now);
    std::int64_t sequence = 100'000;
    std::uint32_t rtp_time = 0;
    while (input.remaining() >= 2) {
        // M: marker, T: another picture, W: time passes, then by how much the sequence moves (from
        // -4 to 11).
        const std::uint8_t fields = input.u8();
        const auto payload = input.bytes(std::min<std::size_t>(input.u8(), input.remaining()));
        sequence += (fields & 0x0f) < 12 ? fields & 0x0f : (fields & 0x0f) - 16;
        if ((fields & 0x40) != 0) rtp_time += 3000;
        if ((fields & 0x20) != 0) now += std::chrono::milliseconds(120);
        if ((fields & 0x10) != 0) sequence += 300;
        if (fields == 0xff) receiver.on_stream_started(now);

        auto buffer = pool.take();
        if (!buffer) return 0;
        buffer->size_bytes = mcu::kRtpHeaderBytes + payload.size();
        buffer->arrival = now;
        mcu::write_rtp_header({.payload_type = 96,
                               .marker = (fields & 0x80) != 0,
                               .sequence = static_cast<std::uint16_t>(sequence),
                               .rtp_time = rtp_time,
                               .ssrc = 7},
                              buffer->bytes());
        std::copy(payload.begin(), payload.end(), buffer->bytes().begin() + mcu::kRtpHeaderBytes);
        receiver.insert(std::move(*mcu::RtpPacket::parse(std::move(buffer))), sequence);
        while (receiver.take(now, frame)) check(frame);
        const auto deadline = receiver.next_deadline();
        FUZZ_EXPECT(!deadline || *deadline > now);
    }
    now += std::chrono::seconds(3);
    while (receiver.take(now, frame)) check(frame);
    FUZZ_EXPECT(!receiver.refused_set());
    return 0;
}
