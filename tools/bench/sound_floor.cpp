#include "tools/bench/sound_floor.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "mixer/codec/audio_codec.h"
#include "tools/bench/thread_cpu.h"
#include "tools/endpoint/sound.h"

namespace bench {
namespace {

constexpr int kTimes = 3;
constexpr std::chrono::milliseconds kTick{20};
constexpr std::size_t kTickSamples = 960, kLongestPacket = 5760, kLargestPayload = 1275;

struct Incoming {
    endpoint::SoundLoop loop;
    std::unique_ptr<mixer::AudioDecoder> decoder;
};

common::Result<std::vector<Incoming>> incoming(int senders) {
    std::vector<Incoming> all;
    for (int who = 1; who <= senders; ++who) {
        auto loop =
            endpoint::SoundLoop::make(static_cast<std::uint32_t>(who),
                                      endpoint::SoundPattern::Bursts, endpoint::AudioCodec::Opus);
        if (!loop) return tl::unexpected(loop.error());
        auto decoder = mixer::make_audio_decoder(common::AudioCodec::Opus);
        if (!decoder) return tl::unexpected(decoder.error());
        all.push_back({std::move(*loop), std::move(*decoder)});
    }
    return all;
}

/// One run; adds what each sender's packet decodes to.
SoundCosts run(std::vector<Incoming>& all, mixer::AudioEncoder& encoder) {
    SoundCosts costs;
    const auto began_at = std::chrono::steady_clock::now();
    for (int packet = 0; packet < endpoint::kLoopPackets; ++packet) {
        std::this_thread::sleep_until(began_at + packet * kTick);
        std::array<float, kLongestPacket> sound;
        std::array<float, kTickSamples> sum{};
        for (Incoming& one : all) {
            const double began = thread_cpu_ms();
            const std::size_t samples = one.decoder->decode(one.loop.packet(packet), sound);
            costs.decode_one_ms += thread_cpu_ms() - began;
            for (std::size_t i = 0; i < std::min(samples, kTickSamples); ++i) sum[i] += sound[i];
        }
        std::array<std::uint8_t, kLargestPayload> payload;
        const double began = thread_cpu_ms();
        (void)encoder.encode(sum, payload);
        costs.encode_one_ms += thread_cpu_ms() - began;
    }
    costs.decode_one_ms /= static_cast<double>(endpoint::kLoopPackets * all.size());
    costs.encode_one_ms /= endpoint::kLoopPackets;
    return costs;
}

}  // namespace

common::Result<SoundCosts> sound_floor(int senders) {
    auto all = incoming(senders);
    if (!all) return tl::unexpected(all.error());
    auto encoder = mixer::make_audio_encoder({});
    if (!encoder) return tl::unexpected(encoder.error());
    SoundCosts best = run(*all, **encoder);
    for (int time = 1; time < kTimes; ++time) {
        const SoundCosts costs = run(*all, **encoder);
        best.decode_one_ms = std::min(best.decode_one_ms, costs.decode_one_ms);
        best.encode_one_ms = std::min(best.encode_one_ms, costs.encode_one_ms);
    }
    return best;
}

}  // namespace bench
