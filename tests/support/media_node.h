#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/invariant.h"
#include "common/media_pool.h"
#include "mcu/bridge/bridge.h"
#include "mcu/transport/net_thread.h"
#include "mcu/transport/udp_port_range.h"

namespace tests {

/// Keeps posted tasks until the test runs them, on the test's thread, which so becomes the control
/// thread.
class ManualControl final : public mcu::ControlPoster {
  public:
    bool post(std::function<void()> task) override {
        common::MutexLock lock(mutex_);
        tasks_.push_back(std::move(task));
        return true;
    }
    void run_all() {
        std::vector<std::function<void()>> tasks;
        {
            common::MutexLock lock(mutex_);
            tasks.swap(tasks_);
        }
        for (auto& task : tasks) task();
    }

  private:
    common::Mutex mutex_;
    std::vector<std::function<void()>> tasks_ GUARDED_BY(mutex_);
};

/// Everything a bridge borrows, on real sockets of 127.0.0.1, with ticks that the test calls
/// itself.
struct MediaNode {
    common::MonotonicClock clock;
    common::MediaPool media_pool{2, clock};
    mixer::FramePool frames{std::size_t{256} << 20};
    std::unique_ptr<mcu::UdpPortRange> ports;
    mcu::NetThread net{"net-test", clock};
    ManualControl control;
    mcu::TickThread audio_tick{"audio", 50, clock};
    mcu::TickThread video_tick{"video", 30, clock};
    mcu::BridgeServices services;

    /// `first_port`: each test binary has a range of its own; ports taken by others are skipped.
    explicit MediaNode(std::uint16_t first_port = 21000)
        : ports(make_ports(first_port)),
          services{.clock = clock,
                   .decode_pool = media_pool.urgent(),
                   .media_pool = media_pool,
                   .frames = frames,
                   .ports = *ports,
                   .control = control,
                   .audio_tick = audio_tick,
                   .video_tick = video_tick,
                   .layouts = mixer::LayoutBook::built_in(),
                   .net_threads = {&net},
                   .rungs = mixer::default_rungs(),
                   .media_address = "127.0.0.1"} {}

    void tick() {
        ++index_;
        audio_tick.run_tick(index_);
        video_tick.run_tick(index_);
        control.run_all();
    }

  private:
    static std::unique_ptr<mcu::UdpPortRange> make_ports(std::uint16_t first) {
        auto made = mcu::UdpPortRange::create(first, static_cast<std::uint16_t>(first + 999));
        INVARIANT(made);
        return std::move(*made);
    }
    std::uint64_t index_ = 0;
};

/// Remembers what a bridge said.
class RecordingEvents : public mcu::BridgeObserver {
  public:
    std::vector<std::string> said;
    void on_speakers(const std::string&, const std::vector<std::string>& ranked) override {
        std::string text = "speakers";
        for (const std::string& session : ranked) text += " " + session;
        said.push_back(text);
    }
    void on_dtmf(const std::string&, const std::string& session, char digit,
                 common::Duration) override {
        said.push_back("dtmf " + session + " " + digit);
    }
    void on_media(const std::string&, const std::string& session, const std::string& mid,
                  mcu::MediaEvent event) override {
        said.push_back("media " + session + " " + mid + " " +
                       std::to_string(static_cast<int>(event)));
    }
    void on_key_frame_wanted(const std::string&, const std::string& session,
                             const std::string& mid) override {
        said.push_back("key " + session + " " + mid);
    }
    void on_session_ended(const std::string&, const std::string& session,
                          const std::string& reason) override {
        said.push_back("ended " + session + ": " + reason);
    }
};

/// A caller with sound and picture, whose media goes to ports of 127.0.0.1 where nobody listens.
inline mcu::SessionState caller(const std::string& id) {
    mcu::SessionState session;
    session.id = id;
    session.display_name = "Caller " + id;
    mcu::MediaConfig audio;
    audio.mid = "0";
    audio.peer = {"127.0.0.1", 9, 9};
    audio.receive = {
        {.payload_type = 0, .audio = common::AudioCodec::Pcmu, .clock_rate_hz = 8000, .fmtp = {}}};
    audio.send = audio.receive.front();
    audio.sends = true;
    mcu::MediaConfig video;
    video.mid = "1";
    video.kind = mcu::MediaKind::Video;
    video.peer = {"127.0.0.1", 9, 9};
    video.receive = {{.payload_type = 97,
                      .clock_rate_hz = 90000,
                      .fmtp = "profile-level-id=42e01f;packetization-mode=1"}};
    video.send = video.receive.front();
    video.sends = true;
    session.media = {audio, video};
    return session;
}

}  // namespace tests
