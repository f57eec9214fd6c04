#include "mcu/rtp/header_extensions.h"

#include <algorithm>
#include <utility>

#include "common/byte_reader.h"
#include "common/invariant.h"
#include "mcu/rtp/rtp_packet.h"

namespace mcu {

namespace {

constexpr std::uint16_t kOneByteProfile = 0xbede;
constexpr std::uint16_t kTwoByteProfile = 0x1000;
constexpr std::uint16_t kTwoByteProfileMask = 0xfff0;  // the rest are "appbits", of no meaning here
constexpr std::uint8_t kStop = 15;                     // RFC 8285 4.2
constexpr std::size_t kBlockHeaderBytes = 4;

constexpr std::size_t kSendTimeBytes = 3, kSequenceBytes = 2, kLevelBytes = 1, kDelayBytes = 3;
constexpr std::int64_t kSendTimeCircle = 1 << 24;
constexpr int kSendTimeFraction = 18;
constexpr std::int64_t kSecond = 1'000'000'000;

struct Element {
    std::uint8_t id = 0;
    std::size_t position = 0;  ///< of its data in the block
    std::size_t bytes = 0;
};

// RFC 8285 4.2, 4.3
//
// one-byte form, 0xBEDE             two-byte form, 0x100 and four bits
//  0 1 2 3 4 5 6 7                   0                   1
// +-+-+-+-+-+-+-+-+- - -             0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
// |  ID   | len-1 | data            +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+- - -
// +-+-+-+-+-+-+-+-+- - -            |      ID       |    length     | data
//                                   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+- - -
// ID 0 is a byte of padding in both.
template <typename Visit>
void walk(std::uint16_t profile, std::span<const std::uint8_t> block, Visit&& visit) {
    const bool two_bytes = (profile & kTwoByteProfileMask) == kTwoByteProfile;
    if (!two_bytes && profile != kOneByteProfile) return;
    common::ByteReader reader(block);
    while (reader.remaining() > 0) {
        const std::uint8_t first = reader.u8();
        Element element;
        if (two_bytes) {
            element.id = first;
            if (element.id == 0) continue;
            element.bytes = reader.u8();
        } else {
            element.id = first >> 4;
            if (element.id == 0) continue;
            if (element.id == kStop) return;
            element.bytes = (first & 0x0fU) + 1U;
        }
        element.position = reader.position();
        reader.skip(element.bytes);
        if (reader.failed()) return;
        visit(element);
    }
}

/// Puts elements into a block of one form.
class BlockWriter {
  public:
    BlockWriter(std::span<std::uint8_t> out, bool two_bytes) : out_(out), two_bytes_(two_bytes) {}

    void begin(std::uint8_t id, std::size_t bytes) {
        if (two_bytes_) {
            put(id, 1);
            put(bytes, 1);
        } else {
            put(static_cast<std::size_t>(id) << 4 | (bytes - 1), 1);
        }
    }
    void put(std::uint64_t value, std::size_t bytes) {
        for (; bytes > 0; --bytes) {
            out_[position_++] = static_cast<std::uint8_t>(value >> 8 * (bytes - 1));
        }
    }
    [[nodiscard]] std::size_t finish() {
        if (position_ == kBlockHeaderBytes) return 0;
        while (position_ % 4 != 0) put(0, 1);
        const std::size_t bytes = std::exchange(position_, 0);
        put(two_bytes_ ? kTwoByteProfile : kOneByteProfile, 2);
        put((bytes - kBlockHeaderBytes) / 4, 2);
        return bytes;
    }

  private:
    std::span<std::uint8_t> out_;
    bool two_bytes_;
    std::size_t position_ = kBlockHeaderBytes;
};

std::uint64_t delay_steps(common::Duration delay) {
    return static_cast<std::uint64_t>(
        std::clamp<std::int64_t>(delay / PlayoutDelay::kStep, 0, 4095));
}

}  // namespace

AbsSendTime to_abs_send_time(common::Timestamp at) {
    // By whole seconds first: nanoseconds of an uptime, shifted by 18, would not fit.
    const std::int64_t seconds = at.ns() / kSecond;
    const std::int64_t fraction = ((at.ns() % kSecond) << kSendTimeFraction) / kSecond;
    return static_cast<AbsSendTime>(((seconds << kSendTimeFraction) + fraction) &
                                    (kSendTimeCircle - 1));
}

common::Duration abs_send_time_step(AbsSendTime earlier, AbsSendTime later) {
    std::int64_t units =
        (std::int64_t{later} - std::int64_t{earlier}) & (kSendTimeCircle - 1);  // 0 and up
    if (units >= kSendTimeCircle / 2) units -= kSendTimeCircle;
    return common::Duration(units * kSecond / (1 << kSendTimeFraction));
}

HeaderExtensions read_header_extensions(std::uint16_t profile, std::span<const std::uint8_t> block,
                                        const HeaderExtensionIds& ids) {
    HeaderExtensions read;
    walk(profile, block, [&](const Element& element) {
        const auto data = block.subspan(element.position, element.bytes);
        common::ByteReader reader(data);
        const auto is = [&](std::uint8_t id) { return id != 0 && id == element.id; };
        if (is(ids.mid) && read.mid.empty() && data.size() <= HeaderExtensions::kMostMidBytes) {
            read.mid = {reinterpret_cast<const char*>(data.data()), data.size()};
        } else if (is(ids.abs_send_time) && !read.abs_send_time && data.size() == kSendTimeBytes) {
            read.abs_send_time = reader.u24();
        } else if (is(ids.transport_sequence) && !read.transport_sequence &&
                   data.size() == kSequenceBytes) {
            read.transport_sequence = reader.u16();
        } else if (is(ids.audio_level) && !read.audio_level && data.size() == kLevelBytes) {
            // RFC 6464 3: |V| level (7 bits) |
            const std::uint8_t packed = reader.u8();
            read.audio_level = AudioLevel{.voice = (packed & 0x80) != 0,
                                          .minus_dbov = static_cast<std::uint8_t>(packed & 0x7f)};
        } else if (is(ids.playout_delay) && !read.playout_delay && data.size() == kDelayBytes) {
            // | MIN delay (12 bits) | MAX delay (12 bits) |
            const std::uint32_t packed = reader.u24();
            read.playout_delay = PlayoutDelay{.least = (packed >> 12) * PlayoutDelay::kStep,
                                              .most = (packed & 0xfff) * PlayoutDelay::kStep};
        }
    });
    return read;
}

std::size_t write_header_extensions(const HeaderExtensions& extensions,
                                    const HeaderExtensionIds& ids, std::span<std::uint8_t> out) {
    INVARIANT(out.size() >= kMostExtensionBytes);
    INVARIANT(extensions.mid.size() <= HeaderExtensions::kMostMidBytes);
    const bool two_bytes = std::max({ids.mid, ids.abs_send_time, ids.transport_sequence,
                                     ids.audio_level, ids.playout_delay}) >= kStop;
    BlockWriter writer(out, two_bytes);
    if (ids.mid != 0 && !extensions.mid.empty()) {
        writer.begin(ids.mid, extensions.mid.size());
        for (const char letter : extensions.mid) writer.put(static_cast<std::uint8_t>(letter), 1);
    }
    if (ids.abs_send_time != 0 && extensions.abs_send_time) {
        writer.begin(ids.abs_send_time, kSendTimeBytes);
        writer.put(*extensions.abs_send_time, kSendTimeBytes);
    }
    if (ids.transport_sequence != 0 && extensions.transport_sequence) {
        writer.begin(ids.transport_sequence, kSequenceBytes);
        writer.put(*extensions.transport_sequence, kSequenceBytes);
    }
    if (ids.audio_level != 0 && extensions.audio_level) {
        writer.begin(ids.audio_level, kLevelBytes);
        writer.put((extensions.audio_level->voice ? 0x80U : 0U) |
                       std::min<unsigned>(extensions.audio_level->minus_dbov, 127),
                   kLevelBytes);
    }
    if (ids.playout_delay != 0 && extensions.playout_delay) {
        writer.begin(ids.playout_delay, kDelayBytes);
        writer.put(delay_steps(extensions.playout_delay->least) << 12 |
                       delay_steps(extensions.playout_delay->most),
                   kDelayBytes);
    }
    return writer.finish();
}

void restamp_header_extensions(std::span<std::uint8_t> datagram, const HeaderExtensionIds& ids,
                               AbsSendTime send_time, std::uint16_t transport_sequence) {
    common::ByteReader reader(datagram);
    const std::uint8_t flags = reader.u8();
    if ((flags & 0x10) == 0) return;
    reader.skip(kRtpHeaderBytes - 1 + 4U * (flags & 0x0f));
    const std::uint16_t profile = reader.u16();
    const auto block = reader.bytes(4U * reader.u16());
    if (reader.failed()) return;
    const std::size_t start = reader.position() - block.size();
    walk(profile, block, [&](const Element& element) {
        const auto data = datagram.subspan(start + element.position, element.bytes);
        const auto put = [&](std::uint32_t value) {
            for (std::size_t i = 0; i < data.size(); ++i) {
                data[i] = static_cast<std::uint8_t>(value >> 8 * (data.size() - 1 - i));
            }
        };
        if (element.id == ids.abs_send_time && data.size() == kSendTimeBytes) put(send_time);
        if (element.id == ids.transport_sequence && data.size() == kSequenceBytes) {
            put(transport_sequence);
        }
    });
}

}  // namespace mcu
