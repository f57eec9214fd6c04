#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "mcu/rtp/rtcp_session.h"
#include "tests/support/fake_clock.h"

namespace tests {

/// Remembers what an RtcpSession told.
struct RtcpEvents final : mcu::RtcpObserver {
    void on_start_wanted(std::uint32_t ssrc) override { starts_wanted.push_back(ssrc); }
    void on_key_frame_wanted(std::uint32_t ssrc) override { key_frames_wanted.push_back(ssrc); }
    void on_bye(std::uint32_t ssrc) override { byes.push_back(ssrc); }
    void on_ssrc_changed(std::uint32_t from, std::uint32_t to) override {
        ssrc_changes.emplace_back(from, to);
    }

    void on_packets_missed(std::uint32_t, std::span<const std::uint16_t> sequences) override {
        missed.insert(missed.end(), sequences.begin(), sequences.end());
    }
    void on_bitrate_limited(std::uint32_t, common::Bitrate limit) override {
        limits.push_back(limit.bps());
    }

    std::vector<std::uint32_t> starts_wanted, key_frames_wanted, byes;
    std::vector<std::uint16_t> missed;
    std::vector<std::int64_t> limits;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ssrc_changes;
};

/// An RtcpSession with a clock and an observer.
struct RtcpHarness {
    explicit RtcpHarness(bool pli = false, bool fir = false, std::uint64_t seed = 1,
                         bool tmmbr = false)
        : rtcp({.cname = "tessera@test",
                .seed = seed,
                .ntp = mcu::NtpClock(clock.now(), std::chrono::seconds(1'700'000'000)),
                .session_bandwidth = common::Bitrate::from_kbps(1000),
                .pli = pli,
                .fir = fir,
                .tmmbr = tmmbr},
               events, clock.now()) {}

    /// What is due now; empty: nothing.
    std::vector<std::uint8_t> poll() {
        std::vector<std::uint8_t> out(mcu::RtcpSession::kRtcpMaxBytes);
        out.resize(rtcp.poll(clock.now(), out));
        return out;
    }
    /// Lets time go to the next datagram.
    std::vector<std::uint8_t> next_datagram() {
        for (int i = 0; i < 100; ++i) {
            if (auto out = poll(); !out.empty()) return out;
            if (rtcp.next_deadline() > clock.now())
                clock.advance(rtcp.next_deadline() - clock.now());
        }
        return {};
    }

    FakeClock clock;
    RtcpEvents events;
    mcu::RtcpSession rtcp;
};

}  // namespace tests
