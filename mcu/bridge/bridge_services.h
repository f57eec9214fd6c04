#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/executor.h"
#include "mcu/bridge/tick_thread.h"
#include "mixer/encode/encoder_stage.h"
#include "mixer/layout/layout_book.h"
#include "mixer/video/frame_pool.h"

namespace mcu {

class DtlsIdentity;
class NetThread;
class UdpPortRange;

/// Posts to the control thread.
class ControlPoster {
  public:
    virtual ~ControlPoster() = default;
    /// Any thread. Tasks run in order. False: too many wait, or the daemon is going down; the task
    /// will not run.
    virtual bool post(std::function<void()> task) = 0;
};

/// What every bridge of a node borrows. All of it outlives the bridges.
struct BridgeServices {
    const common::Clock& clock;
    common::Executor& decode_pool;  ///< goes before `media_pool`
    common::Executor& media_pool;   ///< encoders
    mixer::FramePool& frames;
    UdpPortRange& ports;
    ControlPoster& control;
    TickThread& audio_tick;
    TickThread& video_tick;
    const mixer::LayoutBook& layouts;
    std::vector<NetThread*> net_threads;
    std::vector<mixer::Rung> rungs;
    std::string media_address;               ///< numeric; empty: the route to each peer decides
    const DtlsIdentity* identity = nullptr;  ///< null: no DTLS
};

}  // namespace mcu
