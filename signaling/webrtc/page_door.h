#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/clock.h"
#include "signaling/conference/call_door.h"
#include "signaling/conference/media_node.h"
#include "signaling/conference/room_directory.h"
#include "signaling/webrtc/join_guard.h"
#include "signaling/webrtc/web_server.h"
#include "signaling/webrtc/web_socket.h"

namespace signaling {

/// The door of the page: docs/websocket.md, over WebSockets at /v1/ws.
///
/// Who joins has a seat: a place in the roster with a name, a hand and what is muted. It outlives
/// its connection by half a minute, and its media: an offer with another ICE password means media
/// anew, which is another participant of the conference under the same seat. What there is to see
/// of a room is looked at four times a second, and told where it has changed.
///
/// Thread: the GLib loop that is the default of the thread which makes it.
/// Owner:  borrows rooms, node and clock, which outlive it; outlives the server that it serves at.
class PageDoor {
  public:
    struct Options {
        std::size_t most_seats = 500;                           ///< beyond: `overloaded`
        common::Duration seat_kept = std::chrono::seconds(30);  ///< after its connection broke
        std::string public_address = {};  ///< stands for ours of its family in candidates
        JoinGuard* guard = nullptr;       ///< outlives the door; null: open rooms only
    };

    /// `calls` leads to `rooms`.
    PageDoor(Admission& calls, RoomDirectory& rooms, MediaNode& node, const common::Clock& clock,
             Options options);
    ~PageDoor();
    PageDoor(const PageDoor&) = delete;
    PageDoor& operator=(const PageDoor&) = delete;

    void serve(WebServer& server);
    [[nodiscard]] std::unique_ptr<WebSocketClient> open(WebSocketLink& link,
                                                        const WebRequest& request);
    /// Four times a second: tells what has changed, ends what has waited too long.
    void tick();

    [[nodiscard]] std::size_t seat_count() const { return seats_.size(); }

  private:
    class Client;
    class Media;
    struct Seat;
    using SeatPtr = std::shared_ptr<Seat>;
    using MediaPtr = std::shared_ptr<Media>;

    void media_over(const MediaPtr& media, const Ending& ending);
    void end_media(Seat& seat, const std::string& why);
    void give_up(const SeatPtr& seat, const std::string& why);
    [[nodiscard]] SeatPtr seat_of_participant(const ParticipantId& id) const;
    [[nodiscard]] SeatPtr seat_of_secret(const std::string& secret) const;

    Admission& calls_;
    RoomDirectory& rooms_;
    MediaNode& node_;
    const common::Clock& clock_;
    Options options_;
    std::map<std::string, SeatPtr> seats_;  // by the id that others see
    std::set<Client*> clients_;             // owned by the server
    std::uint64_t next_id_ = 1;
    unsigned timer_ = 0;
};

}  // namespace signaling
