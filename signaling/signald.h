#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/clock.h"
#include "common/heap_rest.h"
#include "common/metrics_server.h"
#include "common/result.h"
#include "signaling/api/http_server.h"
#include "signaling/api/router.h"
#include "signaling/conference/id_maker.h"
#include "signaling/conference/room_directory.h"
#include "signaling/config/settings.h"
#include "signaling/mcu_client/loop_post.h"
#include "signaling/mcu_client/mcu_client.h"
#include "signaling/metrics/call_counter.h"
#include "signaling/records/room_recorder.h"
#include "signaling/sip/recent_requests.h"
#include "signaling/sip/sip_door.h"
#include "signaling/webrtc/join_guard.h"
#include "signaling/webrtc/page_door.h"
#include "signaling/webrtc/web_server.h"
#include "signaling/webrtc/whip_door.h"
#include "storage/metadata/record_keeper.h"

namespace signaling {

/// The signalling daemon, wired together: rooms, the doors into them, the API, and the way to the
/// media daemon.
///
/// Thread: the GLib loop that is the default of the thread which makes it.
class Signald {
  public:
    struct Identity {
        std::string boot_id;  ///< UUID of this process's life
        std::uint64_t seed = 0;
        std::function<std::uint64_t()> unix_ms;
    };
    /// Fails when a listener, the token file or the API cannot be opened, and names it.
    [[nodiscard]] static common::Result<std::unique_ptr<Signald>> open(const Settings& settings,
                                                                       const Identity& identity);
    ~Signald();

    /// Takes rooms and limits; names in the log what needs a restart.
    void reload(const Settings& settings);
    /// Refuses newcomers, ends all calls, tells the media daemon, and calls `done`; within eight
    /// seconds, come what may.
    void shut_down(std::function<void()> done);

  private:
    void tick();  ///< once a second
    Signald(const Settings& settings, const Identity& identity);
    void finish_when_idle();
    void serve_metrics();
    [[nodiscard]] common::Result<void> serve_browsers();
    [[nodiscard]] common::Result<void> keep_records(const Identity& identity);
    [[nodiscard]] std::string metrics() const;

    Settings settings_;
    common::MonotonicClock clock_;
    IdMaker ids_;
    LoopPost record_answers_;
    std::unique_ptr<storage::RecordKeeper> records_;  // null: nothing is kept
    std::unique_ptr<RoomRecorder> recorder_;          // null: nothing is kept
    McuClient mcu_;
    RoomDirectory rooms_;
    CallCounter calls_;
    Router router_;
    std::unique_ptr<HttpServer> http_;
    std::unique_ptr<SipDoor> sip_;
    std::unique_ptr<JoinGuard> guard_;                // null: browsers cannot come
    std::unique_ptr<PageDoor> page_;                  // null: browsers cannot come
    std::unique_ptr<WhipDoor> whip_;                  // null: browsers cannot come
    std::unique_ptr<WebServer> web_;                  // null: browsers cannot come
    std::unique_ptr<common::MetricsServer> metrics_;  // null: nobody can ask
    RecentRequests recent_;
    common::HeapRest heap_;
    unsigned ticker_ = 0;
    unsigned idle_watch_ = 0;
    bool doors_closed_ = false;
    common::Timestamp shut_down_by_;
    std::function<void()> shut_down_done_;
};

}  // namespace signaling
