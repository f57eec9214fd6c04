#include "mcu/rtp/vp8_depacketizer.h"

#include <optional>
#include <utility>

#include "common/byte_reader.h"
#include "common/invariant.h"

namespace mcu {

namespace {

using Bytes = std::span<const std::uint8_t>;
using Error = Vp8PayloadError;

constexpr std::uint8_t kExtended = 0x80, kStart = 0x10, kPartition = 0x07;
constexpr std::uint8_t kHasPictureId = 0x80, kHasLevelZero = 0x40, kHasLayer = 0x20, kHasKey = 0x10;
constexpr std::uint8_t kLongPictureId = 0x80;

/// What follows the descriptor; nothing: it does not end, or nothing follows.
//
// RFC 7741 4.2
//
//       0 1 2 3 4 5 6 7
//      +-+-+-+-+-+-+-+-+
//      |X|R|N|S|R| PID |
//      +-+-+-+-+-+-+-+-+
// X:   |I|L|T|K|  RSV  |
//      +-+-+-+-+-+-+-+-+
// I:   |M| PictureID   |      with M a second octet
//      +-+-+-+-+-+-+-+-+
// L:   |   TL0PICIDX   |
//      +-+-+-+-+-+-+-+-+
// T/K: |TID|Y| KEYIDX  |
//      +-+-+-+-+-+-+-+-+
std::optional<Bytes> behind_descriptor(Bytes payload) {
    common::ByteReader reader(payload);
    if ((reader.u8() & kExtended) != 0) {
        const std::uint8_t present = reader.u8();
        if ((present & kHasPictureId) != 0 && (reader.u8() & kLongPictureId) != 0) reader.u8();
        if ((present & kHasLevelZero) != 0) reader.u8();
        if ((present & (kHasLayer | kHasKey)) != 0) reader.u8();
    }
    if (reader.failed() || reader.remaining() == 0) return std::nullopt;
    return reader.bytes(reader.remaining());
}

enum class FrameTag : std::uint8_t { Bad, Key, Predicted };

// RFC 6386 9.1: three octets whose lowest bit is 0 in a key frame, which goes on with a start code
// and its size.
FrameTag read_tag(Bytes frame) {
    constexpr std::size_t kTagBytes = 3, kKeyHeaderBytes = 10;
    if (frame.size() < kTagBytes) return FrameTag::Bad;
    if ((frame[0] & 0x01) != 0) return FrameTag::Predicted;
    const bool started =
        frame.size() >= kKeyHeaderBytes && frame[3] == 0x9d && frame[4] == 0x01 && frame[5] == 0x2a;
    return started ? FrameTag::Key : FrameTag::Bad;
}

}  // namespace

void Vp8Depacketizer::begin(common::EncodedFrame& frame) {
    frame_ = &frame;
    frame.codec = common::VideoCodec::Vp8;
    frame.key_frame = false;
    frame.bytes.clear();
}

tl::expected<void, Error> Vp8Depacketizer::add(Bytes payload) {
    INVARIANT(frame_ != nullptr);
    auto added = add_any(payload);
    if (!added) ++counters_.bad_payloads;
    return added;
}

tl::expected<void, Error> Vp8Depacketizer::add_any(Bytes payload) {
    const std::optional<Bytes> part = behind_descriptor(payload);
    if (!part) return tl::unexpected(Error::Truncated);
    auto& bytes = frame_->bytes;
    const bool starts = vp8_starts_picture(payload);
    if (starts != bytes.empty())
        return tl::unexpected(starts ? Error::AnotherStart : Error::NoStart);
    if (bytes.size() + part->size() > kMaxPictureBytes) return tl::unexpected(Error::TooLarge);
    bytes.insert(bytes.end(), part->begin(), part->end());
    return {};
}

Vp8Depacketizer::Completion Vp8Depacketizer::finish() {
    INVARIANT(frame_ != nullptr);
    common::EncodedFrame& frame = *std::exchange(frame_, nullptr);
    if (frame.bytes.empty()) {
        ++counters_.empty_pictures;
        return Completion::NothingToDecode;
    }
    const FrameTag tag = read_tag(frame.bytes);
    if (tag == FrameTag::Bad) {
        ++counters_.bad_pictures;
        return Completion::Broken;
    }
    frame.key_frame = tag == FrameTag::Key;
    has_references_ = has_references_ || frame.key_frame;
    return Completion::Picture;
}

bool vp8_starts_picture(Bytes payload) {
    return !payload.empty() && (payload[0] & (kStart | kPartition)) == kStart;
}

}  // namespace mcu
