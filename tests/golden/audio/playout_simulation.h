#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "mixer/audio/audio_playout.h"
#include "mixer/codec/audio_codec.h"
#include "tests/support/talker.h"

namespace tests {

/// One talker, a network, and a playout pulled every 20 ms, on clocks that are told what to say.
class PlayoutSimulation {
  public:
    struct Network {
        double loss = 0;
        common::Duration jitter{};  ///< uniform from 0, each packet by itself: they reorder
        double clock_ppm = 0;       ///< the sender's clock is so much too fast
        std::uint64_t seed = 1;
    };
    struct Tick {
        common::Duration delay{};  ///< from the sender's mouth into the mix
        bool known = false;
        float level_dbfs = -127;
    };

    PlayoutSimulation(mixer::AudioFormat format, Network network);

    void run(common::Duration time);
    /// Packets sent meanwhile arrive together at its end; our ticks go on.
    void stall_network(common::Duration time);
    /// Nothing of ours runs meanwhile; packets arrive when it does again.
    void stall_us(common::Duration time);

    [[nodiscard]] common::Timestamp now() const { return now_; }
    /// When the sender said what its clock, which starts at 0, calls `sender_time`.
    [[nodiscard]] common::Timestamp said_at(common::Duration sender_time) const;

    /// Since `begin_figures`, of samples heard.
    [[nodiscard]] double concealed_share() const;
    [[nodiscard]] common::Duration mean_delay(std::size_t last_ticks) const;
    [[nodiscard]] common::Duration most_delay(std::size_t last_ticks) const;
    /// Forget the figures of what was until now.
    void begin_figures();
    /// A line of figures, for people.
    void print(const std::string& name) const;

    std::unique_ptr<mixer::AudioPlayout> playout;
    std::vector<Tick> ticks;
    std::vector<float> heard;

  private:
    struct Packet {
        mixer::AudioPacket header;
        std::vector<std::uint8_t> payload;
    };
    void send_until(common::Timestamp now);
    void send_packet();
    void tick();

    Network network_;
    mixer::AudioFormat format_;
    std::unique_ptr<mixer::AudioEncoder> encoder_;
    Talker talker_{{}};
    std::mt19937_64 random_;
    common::Timestamp start_ = common::Timestamp::from_ns(1'000'000'000'000);
    common::Timestamp now_ = start_;
    common::Timestamp held_until_ = start_;  ///< the network lets nothing through before
    std::int64_t sent_ = 0;
    std::multimap<common::Timestamp, Packet> in_flight_;
    mixer::AudioPlayoutCounters before_;
};

}  // namespace tests
