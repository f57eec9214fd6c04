#include "tests/golden/audio/playout_simulation.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "mixer/audio/speech_detector.h"

namespace tests {

using common::Duration;
using common::Timestamp;

namespace {

constexpr std::array kCodecs{common::AudioCodec::Opus, common::AudioCodec::G722,
                             common::AudioCodec::Pcmu, common::AudioCodec::Pcma};
// Between two ticks: as far from both as can be.
constexpr Duration kPhase = std::chrono::milliseconds(9);

double ms(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

PlayoutSimulation::PlayoutSimulation(mixer::AudioFormat format, Network network)
    : playout(*mixer::AudioPlayout::create({}, kCodecs)),
      network_(network),
      format_(format),
      encoder_(*mixer::make_audio_encoder(format)),
      random_(network.seed) {}

void PlayoutSimulation::run(Duration time) {
    for (const Timestamp end = now_ + time; now_ < end;) tick();
}

void PlayoutSimulation::stall_network(Duration time) {
    held_until_ = now_ + time;
    run(time);
}

void PlayoutSimulation::stall_us(Duration time) {
    held_until_ = now_ + time;
    now_ += time;
}

void PlayoutSimulation::tick() {
    now_ += mixer::kAudioTick;
    send_until(now_);
    while (!in_flight_.empty() && in_flight_.begin()->first <= now_) {
        Packet& packet = in_flight_.begin()->second;
        packet.header.payload = packet.payload;
        packet.header.arrival = in_flight_.begin()->first;
        playout->push(packet.header);
        in_flight_.erase(in_flight_.begin());
    }
    mixer::AudioFrame frame;
    playout->pull(now_, frame);
    heard.insert(heard.end(), frame.samples.begin(), frame.samples.end());

    Tick figures;
    figures.level_dbfs = mixer::level_dbfs(frame);
    if (const auto position = playout->position()) {
        figures.known = true;
        figures.delay = position->at - said_at(Duration(std::int64_t{position->rtp_time} *
                                                        1'000'000'000 / position->clock_hz));
    }
    ticks.push_back(figures);
}

void PlayoutSimulation::send_until(Timestamp now) {
    while (true) {
        const double at_ns = static_cast<double>(sent_) * 20e6 / (1 + network_.clock_ppm * 1e-6);
        const Timestamp at = start_ + kPhase + Duration(static_cast<std::int64_t>(at_ns));
        if (at > now) return;
        Packet packet;
        packet.payload.resize(1275);
        packet.payload.resize(encoder_->encode(talker_.say(mixer::kTickSamples), packet.payload));
        packet.header.codec = format_.codec;
        packet.header.sequence = static_cast<std::uint16_t>(sent_);
        packet.header.rtp_time =
            static_cast<std::uint32_t>(sent_ * mixer::rtp_clock_hz(format_.codec) / 50);
        ++sent_;
        std::uniform_real_distribution<double> share(0, 1);
        const bool lost = share(random_) < network_.loss;
        const auto late = Duration(static_cast<std::int64_t>(
            share(random_) * static_cast<double>(network_.jitter.count())));
        if (!lost) in_flight_.emplace(std::max(at + late, held_until_), std::move(packet));
    }
}

Timestamp PlayoutSimulation::said_at(Duration sender_time) const {
    return start_ + kPhase +
           Duration(static_cast<std::int64_t>(static_cast<double>(sender_time.count()) /
                                              (1 + network_.clock_ppm * 1e-6)));
}

double PlayoutSimulation::concealed_share() const {
    const mixer::AudioPlayoutCounters now = playout->counters();
    const auto played = static_cast<double>(now.played_samples - before_.played_samples);
    return static_cast<double>(now.concealed_samples - before_.concealed_samples) / played;
}

Duration PlayoutSimulation::mean_delay(std::size_t last_ticks) const {
    Duration sum{};
    for (auto i = ticks.size() - last_ticks; i < ticks.size(); ++i) sum += ticks[i].delay;
    return sum / static_cast<std::int64_t>(last_ticks);
}

Duration PlayoutSimulation::most_delay(std::size_t last_ticks) const {
    Duration most{};
    for (auto i = ticks.size() - last_ticks; i < ticks.size(); ++i) {
        most = std::max(most, ticks[i].delay);
    }
    return most;
}

void PlayoutSimulation::begin_figures() {
    before_ = playout->counters();
    ticks.clear();
    heard.clear();
}

void PlayoutSimulation::print(const std::string& name) const {
    std::vector<Duration> delays;
    for (const Tick& tick : ticks) delays.push_back(tick.delay);
    std::ranges::sort(delays);
    const mixer::AudioPlayoutCounters now = playout->counters();
    std::printf(
        "%-44s delay p50 %5.1f p95 %5.1f max %5.1f ms, concealed %.2f %%, FEC %llu, cut %.0f ms, "
        "repeated %.0f ms, resyncs %llu\n",
        name.c_str(), ms(delays[delays.size() / 2]), ms(delays[delays.size() * 95 / 100]),
        ms(delays.back()), 100 * concealed_share(),
        static_cast<unsigned long long>(now.fec_packets - before_.fec_packets),
        static_cast<double>(now.removed_samples - before_.removed_samples) / 48,
        static_cast<double>(now.added_samples - before_.added_samples) / 48,
        static_cast<unsigned long long>(now.resyncs - before_.resyncs));
}

}  // namespace tests
