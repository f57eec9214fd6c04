#include "mixer/codec/opus_loudness.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mixer {
namespace {

/// RFC 6716 4.1: the range decoder, as far as the head of a CELT frame needs it.
class RangeDecoder {
  public:
    explicit RangeDecoder(std::span<const std::uint8_t> bytes) : bytes_(bytes) {
        last_ = next_byte();
        value_ = range_ - 1 - (last_ >> 1);
        normalize();
    }

    /// 4.1.6.1: bits used so far, rounded up.
    [[nodiscard]] int used_bits() const { return bits_ - static_cast<int>(std::bit_width(range_)); }
    [[nodiscard]] int left_bits() const {
        return static_cast<int>(8 * bytes_.size()) - used_bits();
    }

    /// 4.1.3.2: a bit that is 1 with a probability of 1 in 2^log_odds.
    bool bit(unsigned log_odds) {
        const std::uint32_t share = range_ >> log_odds;
        const bool one = value_ < share;
        if (!one) value_ -= share;
        range_ = one ? share : range_ - share;
        normalize();
        return one;
    }
    /// 4.1.2: where in `total` the next symbol lies; then `take` its part of it.
    [[nodiscard]] std::uint32_t peek(std::uint32_t total) {
        scale_ = range_ / total;
        return total - std::min(value_ / scale_ + 1, total);
    }
    void take(std::uint32_t low, std::uint32_t high, std::uint32_t total) {
        const std::uint32_t above = scale_ * (total - high);
        value_ -= above;
        range_ = low > 0 ? scale_ * (high - low) : range_ - above;
        normalize();
    }
    std::uint32_t uniform(std::uint32_t total) {
        const std::uint32_t symbol = peek(total);
        take(symbol, symbol + 1, total);
        return symbol;
    }
    /// 4.1.4: these come from the frame's end, and only their number matters here.
    void pass_raw_bits(unsigned count) { bits_ += static_cast<int>(count); }

  private:
    std::uint32_t next_byte() { return at_ < bytes_.size() ? bytes_[at_++] : 0U; }
    void normalize() {
        while (range_ <= 1U << 23) {
            bits_ += 8;
            range_ <<= 8;
            const std::uint32_t before = last_;
            last_ = next_byte();
            const std::uint32_t byte = (((before << 8) | last_) >> 1) & 0xff;
            value_ = ((value_ << 8) + (0xff & ~byte)) & 0x7fffffff;
        }
    }

    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
    std::uint32_t last_ = 0, range_ = 128, value_ = 0, scale_ = 1;
    int bits_ = 9;
};

constexpr std::size_t kBandCount = 21;
struct Odds {
    std::uint8_t zero, decay;
};
// RFC 6716 4.3.2.1: for frames of 20 ms, how likely "as expected" is, and how much less likely each
// step away from it. Predicted from the frame before, and by themselves.
constexpr std::array<std::array<Odds, kBandCount>, 2> kOdds{
    {{{{42, 121}, {96, 66},  {108, 43}, {111, 40}, {117, 44}, {123, 32}, {120, 36},
       {119, 33}, {127, 33}, {134, 34}, {139, 21}, {147, 23}, {152, 20}, {158, 25},
       {154, 26}, {166, 21}, {173, 16}, {184, 13}, {184, 10}, {150, 13}, {139, 15}}},
     {{{22, 178}, {63, 114}, {74, 82},  {84, 83},  {92, 82},  {103, 62}, {96, 72},
       {96, 67},  {101, 73}, {107, 72}, {113, 55}, {118, 52}, {125, 52}, {118, 52},
       {117, 55}, {135, 49}, {137, 39}, {157, 32}, {145, 29}, {97, 33},  {77, 40}}}}};
constexpr float kFromBefore = 0.5F;  // of the energy one frame earlier
constexpr std::array kFromBelow{1 - 6554.0F / 32768, 1 - 4915.0F / 32768};  // of the band below
// The mean log2 amplitude of each band, which the coded energies are relative to.
constexpr std::array<float, kBandCount> kMeans{
    6.4375F, 6.25F,  5.75F,  5.3125F, 5.0625F, 4.8125F, 4.5F,   4.375F, 4.875F,  4.6875F, 4.5625F,
    4.4375F, 4.875F, 4.625F, 4.3125F, 4.5F,    4.375F,  4.625F, 4.75F,  4.4375F, 3.75F};
// RFC 6716 4.3: edges of the bands in steps of 200 Hz.
constexpr std::array<int, kBandCount + 1> kEdges{0,  1,  2,  3,  4,  5,  6,  7,  8,  10, 12,
                                                 14, 16, 20, 24, 28, 34, 40, 48, 60, 78, 100};
constexpr float kSilentLog2 = -28;
// From the sum of band energies to dB below full scale; measured against decoded noise and speech.
constexpr float kScaleDb = -92.5F;

/// Energies are those of pre-emphasized sound (4.3.7.2): what undoing that does to each band.
std::array<float, kBandCount> de_emphasis() {
    std::array<float, kBandCount> gains{};
    for (std::size_t band = 0; band < kBandCount; ++band) {
        const double hz = 100.0 * (kEdges[band] + kEdges[band + 1]);
        const double turn = 2 * 3.14159265358979 * hz / 48000;
        gains[band] = static_cast<float>(1 / (1 + 0.85 * 0.85 - 2 * 0.85 * std::cos(turn)));
    }
    return gains;
}

/// RFC 6716 4.3.2.1: a whole number, 0 the likeliest, the others less and less, either sign.
int read_step(RangeDecoder& coded, Odds odds) {
    constexpr std::uint32_t kTotal = 32768;
    constexpr std::uint32_t kLeastShares = 32;  // one each for 16 steps either way
    const std::uint32_t decay = static_cast<std::uint32_t>(odds.decay) << 6;
    std::uint32_t share = static_cast<std::uint32_t>(odds.zero) << 7;
    std::uint32_t low = 0;
    int step = 0;
    const std::uint32_t at = coded.peek(kTotal);
    if (at >= share) {
        low = share;
        share = ((kTotal - kLeastShares - share) * (16384 - decay) >> 15) + 1;
        step = 1;
        while (share > 1 && at >= low + 2 * share) {
            low += 2 * share;
            share = ((2 * share - 2) * decay >> 15) + 1;
            ++step;
        }
        if (share <= 1) {
            const std::uint32_t further = (at - low) >> 1;
            step += static_cast<int>(further);
            low += 2 * further;
        }
        if (at < low + share) {
            step = -step;
        } else {
            low += share;
        }
    }
    coded.take(low, std::min(low + share, kTotal), kTotal);
    return step;
}

int read_coarse(RangeDecoder& coded, Odds odds) {
    const int left = coded.left_bits();
    if (left >= 15) return read_step(coded, odds);
    if (left >= 2) {
        const std::uint32_t at = coded.peek(4);
        const std::uint32_t symbol = at < 2 ? 0 : at - 1;
        coded.take(symbol == 0 ? 0 : symbol + 1, symbol + 2, 4);
        return symbol == 0 ? 0 : symbol == 1 ? -1 : 1;
    }
    return left >= 1 && !coded.bit(1) ? 0 : -1;
}

/// What stands before the energies (RFC 6716, table 56).
void pass_post_filter(RangeDecoder& coded) {
    if (coded.left_bits() < 16 || !coded.bit(1)) return;
    const std::uint32_t octave = coded.uniform(6);
    coded.pass_raw_bits(4 + octave + 3);
    if (coded.left_bits() < 2) return;
    const std::uint32_t at = coded.peek(4);
    coded.take(at < 2 ? 0 : at, at < 2 ? 2 : at + 1, 4);
}

}  // namespace

// RFC 6716 3.1: configuration (5 bits), stereo (1), how many frames (2).
std::optional<float> OpusLoudness::read(std::span<const std::uint8_t> payload) {
    if (payload.size() < 3 || (payload[0] & 3) != 0) return std::nullopt;
    const unsigned config = payload[0] >> 3;
    const bool stereo = (payload[0] & 4) != 0;
    const auto frame = payload.subspan(1);
    if (config < 16) {
        if (stereo) return std::nullopt;
        // One bit for each 20 ms; SILK alone comes in 10, 20, 40 and 60 ms, with CELT in 10 and 20.
        const unsigned frames = config < 12 ? std::max(1U, config & 3) : 1U;
        return frame[0] >> (8 - frames) == 0 ? std::optional(kNoVoiceDbfs) : std::nullopt;
    }
    if ((config & 3) != 3) return std::nullopt;
    constexpr std::array<std::size_t, 4> kBandsByWidth{13, 17, 19, 21};
    return celt_dbfs(frame, kBandsByWidth[(config - 16) >> 2], stereo ? 2 : 1);
}

float OpusLoudness::celt_dbfs(std::span<const std::uint8_t> frame, std::size_t bands,
                              std::size_t channels) {
    static const std::array<float, kBands> kDeEmphasis = de_emphasis();
    constexpr float kDigitalSilence = -127;
    RangeDecoder coded(frame);
    if (coded.bit(15)) {
        for (auto& energies : log_energy_) energies.fill(kSilentLog2);
        return kDigitalSilence;
    }
    pass_post_filter(coded);
    if (coded.left_bits() >= 3) (void)coded.bit(3);  // transient
    const bool alone = coded.left_bits() >= 3 && coded.bit(3);
    std::array<float, 2> below{};
    float sum = 0;
    for (std::size_t band = 0; band < bands; ++band) {
        for (std::size_t channel = 0; channel < channels; ++channel) {
            const auto step = static_cast<float>(read_coarse(coded, kOdds[alone ? 1 : 0][band]));
            float& energy = log_energy_[channel][band];
            energy = (alone ? 0 : kFromBefore * std::max(energy, -9.0F)) + below[channel] + step;
            below[channel] += step * kFromBelow[alone ? 1 : 0];
            sum += std::exp2(2 * (energy + kMeans[band])) * kDeEmphasis[band];
        }
    }
    const float mean = sum / static_cast<float>(channels);
    return std::max(kDigitalSilence, 10 * std::log10(mean + 1e-20F) + kScaleDb);
}

}  // namespace mixer
