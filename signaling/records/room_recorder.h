#pragma once

#include <cstdint>
#include <functional>

#include "signaling/conference/id_maker.h"
#include "signaling/conference/room_observer.h"
#include "storage/metadata/record_keeper.h"

namespace signaling {

/// Writes down what happens in rooms: each change as an event (docs/events.md), each meeting, and
/// the detail record of each call when it begins and when it ends.
///
/// Thread: signald's loop.
/// Owner:  borrows sink and ids.
class RoomRecorder final : public RoomObserver {
  public:
    RoomRecorder(storage::RecordSink& sink, IdMaker& ids, std::function<std::uint64_t()> unix_ms);

    void began(const Conference& conference) override;
    void joined(const Conference& conference, const Participant& participant) override;
    void left(const Conference& conference, const Participant& participant,
              const Ending& ending) override;
    void changed(const Conference& conference, const ParticipantId& whom, const RoomChange& change,
                 const Actor& actor) override;
    void adopted(const Conference& conference) override;
    void ended(const Conference& conference) override;
    void running(const std::vector<std::string>& instances) override;

  private:
    struct What {
        const char* kind;
        std::string participant;
        Actor actor;
        std::string detail;
    };
    void event(const Conference& conference, What what);
    [[nodiscard]] std::int64_t now_ms() const { return static_cast<std::int64_t>(unix_ms_()); }

    storage::RecordSink& sink_;
    IdMaker& ids_;
    std::function<std::uint64_t()> unix_ms_;
};

}  // namespace signaling
