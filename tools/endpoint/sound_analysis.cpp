#include "tools/endpoint/sound_analysis.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "tools/endpoint/opus_fec.h"

namespace endpoint {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr std::size_t kWindow = HeardSound::kRate / 10;
constexpr double kHeardDbfs = -50, kOwnHeardDbfs = -60;
constexpr double kPresent = 0.04;  // of the windows; bursts fill 6 % of them
constexpr std::uint32_t kIdentities = 64;

double to_db(double amplitude) {
    return 20 * std::log10(std::max(amplitude, 1e-6));
}

/// Puts the samples of a lower rate on the common time line, with nothing between them.
std::vector<float> spread_out(const std::vector<float>& samples, std::size_t factor) {
    std::vector<float> out(samples.size() * factor);
    for (std::size_t i = 0; i < samples.size(); ++i) out[i * factor] = samples[i];
    return out;
}

constexpr int kTaps = 24;  // of the lower rate, each side

/// A sinc under a Hann window: what lies between samples of a lower rate, images below -60 dB.
std::vector<float> interpolation(std::size_t factor) {
    const int half = kTaps * static_cast<int>(factor);
    std::vector<float> taps(static_cast<std::size_t>(2 * half + 1));
    for (int i = -half; i <= half; ++i) {
        const double x = std::numbers::pi * i / static_cast<double>(factor);
        const double shape = 0.5 + 0.5 * std::cos(std::numbers::pi * i / half);
        taps[static_cast<std::size_t>(i + half)] =
            static_cast<float>(shape * (i == 0 ? 1 : std::sin(x) / x));
    }
    return taps;
}

void fill_between(HeardSound& heard, const std::vector<std::size_t>& factors) {
    const std::vector<float> stuffed = heard.samples;
    const auto length = static_cast<std::ptrdiff_t>(stuffed.size());
    std::map<std::size_t, std::vector<float>> filters;
    for (std::size_t n = 0; n < heard.pieces.size(); ++n) {
        const auto step = static_cast<std::ptrdiff_t>(factors[n]);
        if (step == 1) continue;
        std::vector<float>& taps = filters[factors[n]];
        if (taps.empty()) taps = interpolation(factors[n]);
        const auto half = static_cast<std::ptrdiff_t>(taps.size() / 2);
        const auto first = static_cast<std::ptrdiff_t>(heard.pieces[n].first);
        const std::ptrdiff_t end = n + 1 < heard.pieces.size()
                                       ? static_cast<std::ptrdiff_t>(heard.pieces[n + 1].first)
                                       : length;
        for (std::ptrdiff_t i = first; i < end; ++i) {
            float sum = 0;
            const std::ptrdiff_t near = i - (i - first) % step;
            for (std::ptrdiff_t at = near - half + step; at <= near + half - step; at += step) {
                if (at < 0 || at >= length) continue;
                sum += stuffed[static_cast<std::size_t>(at)] *
                       taps[static_cast<std::size_t>(half + i - at)];
            }
            heard.samples[static_cast<std::size_t>(i)] = sum;
        }
    }
}

const std::vector<double>& hann() {
    static const std::vector<double> window = [] {
        std::vector<double> w(kWindow);
        for (std::size_t i = 0; i < kWindow; ++i) {
            w[i] = 0.5 - 0.5 * std::cos(kTurn * static_cast<double>(i) / kWindow);
        }
        return w;
    }();
    return window;
}

/// Power of everything above 80 Hz: slow drift below is no sound.
double total_power(std::span<const float> window) {
    const std::vector<double>& shape = hann();
    double power = 0, sum = 0;
    for (std::size_t i = 0; i < kWindow; ++i) sum += window[i];
    for (std::size_t i = 0; i < kWindow; ++i) {
        const double value = (window[i] - sum / kWindow) * shape[i];
        power += value * value;
    }
    return power / (0.375 * kWindow);  // the Hann window's mean square
}

/// How much of the window `hz` and its neighbours carry: what a tone that swells and fades spreads
/// over bins of 10 Hz.
double tone_power(std::span<const float> window, double hz) {
    double power = 0;
    for (int step = -3; step <= 3; ++step) {
        const double amplitude = tone_amplitude(window, hz + 10 * step);
        power += amplitude * amplitude / 2;
    }
    return power / 1.5;  // the Hann window shows a tone in its neighbours too: 1 + 2 * 1/4
}

/// Between two of these a gap is heard; beside or within a pause it is not.
bool is_loud(const std::vector<float>& samples) {
    return std::any_of(samples.begin(), samples.end(),
                       [](float sample) { return std::abs(sample) > 0.005F; });
}

struct Windows {
    std::span<const float> samples;
    std::size_t first, last;  // of windows
    [[nodiscard]] std::span<const float> at(std::size_t n) const {
        return samples.subspan(n * kWindow, kWindow);
    }
};

std::int64_t arrival_of(const HeardSound& heard, std::size_t sample) {
    auto after = std::upper_bound(heard.pieces.begin(), heard.pieces.end(), sample,
                                  [](std::size_t s, const auto& piece) { return s < piece.first; });
    return after == heard.pieces.begin() ? 0 : std::prev(after)->arrived_ns;
}

HeardTone measure(const HeardSound& heard, const Windows& windows, double hz) {
    std::vector<double> levels;
    std::size_t present = 0;
    HeardTone tone;
    for (std::size_t n = windows.first; n < windows.last; ++n) {
        const double amplitude = tone_amplitude(windows.at(n), hz);
        const double level = to_db(amplitude);
        tone.strength += amplitude / static_cast<double>(windows.last - windows.first);
        levels.push_back(level);
        if (level <= kHeardDbfs) continue;
        ++present;
        tone.last_ns = arrival_of(heard, n * kWindow);
        if (tone.first_ns == 0) tone.first_ns = tone.last_ns;
    }
    if (levels.empty()) return tone;
    tone.present = static_cast<double>(present) / static_cast<double>(levels.size());
    tone.level_dbfs = spread_of(std::move(levels)).p50;
    return tone;
}

/// The edge of a burst is heard at neighbouring frequencies too: only the strongest is a voice.
void drop_shadows(SoundFindings& findings) {
    const std::map<std::uint32_t, HeardTone> all = findings.tones;
    std::erase_if(findings.tones, [&all](const auto& weak) {
        return std::any_of(all.begin(), all.end(), [&weak](const auto& other) {
            return std::abs(tone_hz(other.first) - tone_hz(weak.first)) < 250 &&
                   other.second.strength > 4 * weak.second.strength;
        });
    });
}

void measure_snr(const Windows& windows, SoundFindings& findings) {
    std::vector<double> values;
    for (std::size_t n = windows.first; n < windows.last; ++n) {
        double tones = 0;
        for (const auto& [who, tone] : findings.tones) {
            if (tone.present > 0.5) tones += tone_power(windows.at(n), tone_hz(who));
        }
        const double rest = std::max(total_power(windows.at(n)) - tones, 1e-10);
        if (tones > 0) values.push_back(10 * std::log10(tones / rest));
    }
    std::sort(values.begin(), values.end());
    if (!values.empty()) findings.worst_snr_db = values[values.size() / 20];
    findings.snr_db = spread_of(std::move(values));
}

/// When bursts of `hz` begin: 5 ms windows in which the tone rises above -32 dBFS after 400 ms
/// without it.
std::vector<std::size_t> burst_starts(const HeardSound& heard, double hz) {
    constexpr std::size_t kStep = HeardSound::kRate / 1000, kLook = 5 * kStep;
    std::vector<std::size_t> starts;
    std::size_t quiet = 0;
    for (std::size_t at = 0; at + kLook <= heard.samples.size(); at += kStep) {
        const auto window = std::span(heard.samples).subspan(at, kLook);
        double energy = 0;
        for (const float sample : window) energy += static_cast<double>(sample) * sample;
        const bool loud = std::sqrt(energy / kLook) > 0.018;
        if (!loud) {
            ++quiet;
            continue;
        }
        if (quiet >= 50) {
            // Is it this one's voice? Asked of the middle of the burst.
            const std::size_t middle = at + 10 * kStep;
            if (middle + kWindow <= heard.samples.size() &&
                to_db(tone_amplitude(std::span(heard.samples).subspan(middle, kWindow), hz)) >
                    -32) {
                starts.push_back(at + kLook - 1);
            }
        }
        quiet = 0;
    }
    return starts;
}

}  // namespace

HeardSound decode_sound(const Recording& recording) {
    HeardSound heard;
    std::map<std::uint8_t, SoundDecoder> decoders;
    std::vector<std::size_t> factors;  // of each piece
    bool begun = false;
    std::uint32_t ssrc = 0, last_time = 0;
    std::uint16_t last_sequence = 0;
    bool loud = false;
    std::int64_t at = 0;  // on our time line, of last_time
    for (const ReceivedSound& packet : recording.sounds) {
        const auto codec = recording.audio_codecs.find(packet.payload_type);
        if (codec == recording.audio_codecs.end()) {
            ++heard.telephone_events;
            continue;
        }
        ++heard.packets;
        auto& decoder = decoders.try_emplace(packet.payload_type, codec->second).first->second;
        const AudioCodecFacts& facts = facts_of(codec->second);
        const auto factor = static_cast<std::size_t>(HeardSound::kRate / facts.sample_rate_hz);
        const std::vector<float> samples = spread_out(decoder.decode(packet.payload), factor);
        if (samples.empty()) {
            ++heard.undecodable;
            continue;
        }
        const auto missing = static_cast<std::uint16_t>(packet.sequence - last_sequence - 1);
        last_sequence = packet.sequence;
        const bool after_loud = std::exchange(loud, is_loud(samples));
        if (begun && ssrc == packet.ssrc && missing > 0 && missing < 500) {
            const bool copied =
                codec->second == AudioCodec::Opus && carries_previous(packet.payload);
            heard.lost += missing;
            if (copied) ++heard.in_next;
            if (loud && after_loud) {
                heard.concealed_ns.insert(heard.concealed_ns.end(), missing - (copied ? 1U : 0U),
                                          packet.arrived_ns);
            }
        }
        const auto step = static_cast<std::int32_t>(packet.rtp_time - last_time);
        const std::int64_t gap = std::int64_t{step} * HeardSound::kRate / facts.rtp_clock_hz;
        // Another SSRC, or a jump of more than ten seconds: a new line, put behind what we have.
        const bool goes_on = begun && ssrc == packet.ssrc && std::abs(gap) < 10 * HeardSound::kRate;
        at = goes_on ? at + gap : static_cast<std::int64_t>(heard.samples.size());
        begun = true;
        ssrc = packet.ssrc;
        last_time = packet.rtp_time;
        if (at < 0) continue;
        const auto first = static_cast<std::size_t>(at);
        if (heard.samples.size() < first + samples.size()) {
            heard.samples.resize(first + samples.size());
            heard.pieces.push_back({first, packet.arrived_ns});
            factors.push_back(factor);
        }
        std::copy(samples.begin(), samples.end(),
                  heard.samples.begin() + static_cast<std::ptrdiff_t>(first));
    }
    fill_between(heard, factors);
    return heard;
}

double tone_amplitude(std::span<const float> window, double hz) {
    const double step = kTurn * hz / HeardSound::kRate;
    const double turn = 2 * std::cos(step);
    const double size = static_cast<double>(window.size());
    const bool usual = window.size() == kWindow;
    double before = 0, before_that = 0, weight = 0;
    for (std::size_t i = 0; i < window.size(); ++i) {
        const double shape =
            usual ? hann()[i] : 0.5 - 0.5 * std::cos(kTurn * static_cast<double>(i) / size);
        weight += shape;
        const double now = window[i] * shape + turn * before - before_that;
        before_that = before;
        before = now;
    }
    const double power = before * before + before_that * before_that - turn * before * before_that;
    return 2 * std::sqrt(std::max(0.0, power)) / weight;
}

SoundFindings judge_sound(const HeardSound& heard, std::uint32_t own, double skip_s,
                          const SendTable* sent) {
    SoundFindings findings;
    Windows windows{heard.samples, static_cast<std::size_t>(skip_s * 10), 0};
    const std::size_t whole = heard.samples.size() / kWindow;
    windows.last = whole > 5 ? whole - 5 : 0;
    if (windows.last <= windows.first) return findings;
    findings.seconds = static_cast<double>(windows.last - windows.first) / 10;
    for (std::uint32_t who = 0; who < kIdentities; ++who) {
        const HeardTone tone = measure(heard, windows, tone_hz(who));
        if (who == own) {
            findings.own_level_dbfs = tone.level_dbfs;
            findings.own_heard = tone.level_dbfs > kOwnHeardDbfs || tone.present > kPresent;
        } else if (tone.present > kPresent) {
            findings.tones[who] = tone;
        }
    }
    drop_shadows(findings);
    measure_snr(windows, findings);
    if (sent == nullptr) return findings;
    std::vector<double> latencies;
    for (const auto& [who, tone] : findings.tones) {
        for (const std::size_t start : burst_starts(heard, tone_hz(who))) {
            const std::int64_t arrived = arrival_of(heard, start);
            const auto burst = sent->burst_sent(who, arrived);
            if (burst && arrived - *burst < 1'000'000'000) {
                latencies.push_back(static_cast<double>(arrived - *burst) / 1e6);
                findings.bursts.push_back({arrived, latencies.back()});
            }
        }
    }
    findings.latency_ms = spread_of(std::move(latencies));
    return findings;
}

}  // namespace endpoint
