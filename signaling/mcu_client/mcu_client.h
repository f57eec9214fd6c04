#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "signaling/conference/media_node.h"

namespace signaling {

/// The other end of mcu/control: one media daemon over gRPC. Connects, watches it, and connects
/// again (back-off 50 ms to 500 ms) for as long as it lives. Every command has a deadline.
///
/// Thread: the GLib loop that is the default of the thread which makes it; gRPC's threads only post
/// to it.
class McuClient final : public MediaNode {
  public:
    /// `address`: as gRPC names it, `unix:/run/tessera/mcud.sock`. `boot_id`: UUID of this daemon's
    /// life.
    McuClient(const std::string& address, std::string boot_id);
    ~McuClient() override;

    /// Begins to connect. `observer` outlives the client.
    void start(MediaNodeObserver& observer);

    /// How often it was lost after it was there.
    [[nodiscard]] std::uint64_t losses() const;

    [[nodiscard]] const NodeInfo* info() const override;
    [[nodiscard]] const std::string& boot_id() const override;
    void list_conferences(Reply<std::vector<RunningConference>> done) override;
    void claim(const Ownership& owner, const std::string& room, Reply<ClaimedState> done) override;
    void apply(const Ownership& owner, const ConferenceSpec& spec,
               Reply<AppliedState> done) override;
    void snapshot(const std::string& instance, const std::string& session,
                  Reply<std::string> done) override;
    void list_layouts(Reply<LayoutList> done) override;

  private:
    class Connection;
    std::shared_ptr<Connection> connection_;
};

}  // namespace signaling
