#include "mcu/rtp/rtcp/transport_feedback.h"

#include <algorithm>
#include <array>

#include "common/byte_reader.h"

namespace mcu {

namespace {

enum Symbol : std::uint8_t { NotReceived = 0, SmallDelta = 1, LargeDelta = 2, Reserved = 3 };

constexpr std::size_t kFixedBytes = kRtcpHeaderBytes + 16;
constexpr std::size_t kLongestRun = 0x1fff;
constexpr std::size_t kOneBitSymbols = 14, kTwoBitSymbols = 7;
constexpr std::int64_t kMostSmall = 255;

/// Calls `each(symbol)` for the first `left` symbols of `reader`'s chunks. False: there are fewer,
/// or `each` says so.
//
// run length                        status vector
//  0                   1             0                   1
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |0| S |       run length        | |1|S| 14 of one bit, 7 of two   |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
template <typename Each>
bool walk_chunks(common::ByteReader& reader, std::size_t left, Each&& each) {
    while (left > 0) {
        const std::uint16_t chunk = reader.u16();
        if (reader.failed()) return false;
        if ((chunk & 0x8000) == 0) {
            const auto symbol = static_cast<Symbol>(chunk >> 13 & 3);
            const std::size_t run = std::min<std::size_t>(chunk & kLongestRun, left);
            if (run == 0) return false;  // says nothing: a loop of these would cost for nothing
            for (std::size_t i = 0; i < run; ++i) {
                if (!each(symbol)) return false;
            }
            left -= run;
            continue;
        }
        const bool two_bits = (chunk & 0x4000) != 0;
        const std::size_t count = std::min(two_bits ? kTwoBitSymbols : kOneBitSymbols, left);
        for (std::size_t i = 0; i < count; ++i) {
            const auto bits = two_bits ? chunk >> 2 * (kTwoBitSymbols - 1 - i) & 3U
                                       : chunk >> (kOneBitSymbols - 1 - i) & 1U;
            if (!each(static_cast<Symbol>(bits))) return false;
        }
        left -= count;
    }
    return true;
}

/// Statuses as symbols and deltas.
class Encoding {
  public:
    /// Ends early where a delta is beyond 16 bits.
    Encoding(std::span<const std::optional<common::Timestamp>> statuses, common::Duration time) {
        for (const auto& arrival : statuses) {
            Symbol symbol = NotReceived;
            if (arrival) {
                const common::Duration step = arrival->since_epoch() - time;
                // To the nearest; what rounding left goes into the next.
                const std::int64_t half = step.count() < 0 ? -1 : 1;
                const std::int64_t ticks =
                    (step.count() + half * TransportFeedback::kTick.count() / 2) /
                    TransportFeedback::kTick.count();
                if (ticks < INT16_MIN || ticks > INT16_MAX) return;
                symbol = ticks >= 0 && ticks <= kMostSmall ? SmallDelta : LargeDelta;
                time += ticks * TransportFeedback::kTick;
                ticks_[count_] = static_cast<std::int16_t>(ticks);
            }
            symbols_[count_++] = symbol;
        }
    }

    [[nodiscard]] std::size_t count() const { return count_; }

    /// Size of a packet of the first `count`, with its padding.
    [[nodiscard]] std::size_t packet_bytes(std::size_t count) const {
        std::size_t bytes = kFixedBytes;
        for (std::size_t at = 0; at < count; bytes += 2) at += chunk(at, count).symbols;
        for (std::size_t i = 0; i < count; ++i) bytes += symbols_[i];  // 0, 1 and 2 bytes
        return (bytes + 3) / 4 * 4;
    }
    void write(std::size_t count, common::ByteWriter& out) const {
        for (std::size_t at = 0; at < count;) {
            const Chunk next = chunk(at, count);
            out.u16(next.bits);
            at += next.symbols;
        }
        for (std::size_t i = 0; i < count; ++i) {
            if (symbols_[i] == SmallDelta) out.u8(static_cast<std::uint8_t>(ticks_[i]));
            if (symbols_[i] == LargeDelta) out.u16(static_cast<std::uint16_t>(ticks_[i]));
        }
    }

  private:
    struct Chunk {
        std::uint16_t bits = 0;
        std::size_t symbols = 0;  ///< of `count`, that it says
    };
    [[nodiscard]] Chunk chunk(std::size_t at, std::size_t count) const {
        std::size_t run = 1;
        while (at + run < count && run < kLongestRun && symbols_[at + run] == symbols_[at]) ++run;
        const std::size_t ahead = std::min(kOneBitSymbols, count - at);
        const auto begin = symbols_.begin() + static_cast<std::ptrdiff_t>(at);
        const bool any_large = std::find(begin, begin + static_cast<std::ptrdiff_t>(ahead),
                                         LargeDelta) != begin + static_cast<std::ptrdiff_t>(ahead);
        if (run >= (any_large ? kTwoBitSymbols : ahead)) {
            return {static_cast<std::uint16_t>(std::size_t{symbols_[at]} << 13 | run), run};
        }
        unsigned bits = any_large ? 0xc000 : 0x8000;
        const std::size_t most = any_large ? kTwoBitSymbols : kOneBitSymbols;
        const std::size_t taken = std::min(most, ahead);
        for (std::size_t i = 0; i < taken; ++i) {
            const unsigned symbol = symbols_[at + i];
            bits |= any_large ? symbol << 2 * (kTwoBitSymbols - 1 - i)
                              : symbol << (kOneBitSymbols - 1 - i);
        }
        return {static_cast<std::uint16_t>(bits), taken};
    }

    std::array<std::uint8_t, kMostWrittenStatuses> symbols_;
    std::array<std::int16_t, kMostWrittenStatuses> ticks_;
    std::size_t count_ = 0;
};

}  // namespace

// draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|  FMT=15 | PT=RTPFB=205  |            length             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                     SSRC of packet sender                     |
// |                     SSRC of media source                      |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |     base sequence number      |      packet status count      |
// |        reference time (24 bits, 64 ms)        | fb pkt. count |
// |         packet chunk          |  ...          |  recv delta   |
// |  recv delta   |  ...                          | zero padding  |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<TransportFeedback> TransportFeedback::parse(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    TransportFeedback feedback;
    feedback.sender_ssrc = reader.u32();
    feedback.media_ssrc = reader.u32();
    feedback.base_sequence = reader.u16();
    feedback.status_count = reader.u16();
    feedback.reference_time = reader.u24();
    feedback.number = reader.u8();
    if (reader.failed() || feedback.status_count == 0 || feedback.status_count > kMostStatuses) {
        return std::nullopt;
    }
    const std::size_t chunks_begin = reader.position();
    std::size_t delta_bytes = 0;
    const bool whole = walk_chunks(reader, feedback.status_count, [&](Symbol symbol) {
        delta_bytes += symbol;
        return symbol != Reserved;
    });
    if (!whole || reader.remaining() < delta_bytes) return std::nullopt;
    feedback.chunks_ = packet.body.subspan(chunks_begin, reader.position() - chunks_begin);
    feedback.deltas_ = reader.bytes(delta_bytes);
    return feedback;
}

void TransportFeedback::for_each(const Visit& visit) const {
    common::ByteReader chunks(chunks_), deltas(deltas_);
    common::Duration time = reference_time * kReferenceTick;
    std::uint16_t sequence = base_sequence;
    walk_chunks(chunks, status_count, [&](Symbol symbol) {
        if (symbol == NotReceived) {
            visit(sequence++, std::nullopt);
            return true;
        }
        const std::int64_t ticks =
            symbol == SmallDelta ? deltas.u8() : static_cast<std::int16_t>(deltas.u16());
        time += ticks * kTick;
        visit(sequence++, time);
        return true;
    });
}

std::size_t write_transport_feedback(const TransportFeedback& fields,
                                     std::span<const std::optional<common::Timestamp>> statuses,
                                     std::size_t most_bytes, common::ByteWriter& out) {
    statuses = statuses.first(std::min(statuses.size(), kMostWrittenStatuses));
    const auto first = std::find_if(statuses.begin(), statuses.end(),
                                    [](const auto& status) { return status.has_value(); });
    if (first == statuses.end()) return 0;
    const std::int64_t reference = (*first)->since_epoch() / TransportFeedback::kReferenceTick;
    const Encoding encoding(statuses, reference * TransportFeedback::kReferenceTick);

    std::size_t count = encoding.count();
    while (count > 0 && encoding.packet_bytes(count) > most_bytes) count = count * 7 / 8;
    if (count <= static_cast<std::size_t>(first - statuses.begin())) return 0;

    write_rtcp_packet(TransportFeedback::kFormat, RtcpType::TransportFeedback, out, [&] {
        const std::size_t begin = out.position();
        out.u32(fields.sender_ssrc);
        out.u32(fields.media_ssrc);
        out.u16(fields.base_sequence);
        out.u16(static_cast<std::uint16_t>(count));
        out.u24(static_cast<std::uint32_t>(reference) & 0xffffff);
        out.u8(fields.number);
        encoding.write(count, out);
        // Zeros that no delta needs, as the draft has it: no P bit, which belongs to the last
        // packet of a compound.
        while ((out.position() - begin) % 4 != 0) out.u8(0);
    });
    return count;
}

}  // namespace mcu
