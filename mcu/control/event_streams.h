#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "mcu/control/node.h"
#include "mcu_control.grpc.pb.h"

namespace mcu {

/// One signalling daemon's open Watch call: a queue of events and the write under way.
///
/// Thread: `send` and `finish` any thread; gRPC calls back on threads of its own.
/// Owner:  itself, as gRPC's reactors must: it is deleted when gRPC says that the call is done.
/// Full:   512 events wait at most. A statistics event is dropped then (the next one says it all
/// again); anything else
///         ends the stream with RESOURCE_EXHAUSTED, so that its reader knows it must look at the
///         whole state anew.
class WatchStream;

/// All open Watch calls; turns what bridges say into events for each.
///
/// Thread: BridgeObserver's methods control thread; `open` and `close_all` any thread.
class EventStreams final : public NodeEvents {
  public:
    EventStreams();
    ~EventStreams() override;

    /// gRPC owns what it returns, and the context, until the stream is done.
    grpc::ServerWriteReactor<tessera::control::v1::Event>* open(
        grpc::CallbackServerContext& context, const std::string& owner_boot_id = {});
    /// Ends every stream; returns when gRPC has let go of all of them.
    void close_all() EXCLUDES(mutex_);

    void on_speakers(const std::string& instance,
                     const std::vector<std::string>& ranked_sessions) override;
    void on_dtmf(const std::string& instance, const std::string& session, char digit,
                 common::Duration duration) override;
    void on_media(const std::string& instance, const std::string& session, const std::string& mid,
                  MediaEvent event) override;
    void on_key_frame_wanted(const std::string& instance, const std::string& session,
                             const std::string& mid) override;
    void on_session_ended(const std::string& instance, const std::string& session,
                          const std::string& reason) override;
    void on_statistics(const std::string& instance,
                       const ConferenceStatistics& statistics) override;
    void on_load(const NodeLoad& load) override;
    [[nodiscard]] bool watched() const override EXCLUDES(mutex_);
    [[nodiscard]] bool watched_by(const std::string& owner_boot_id) const override EXCLUDES(mutex_);

  private:
    friend class WatchStream;
    void send(const tessera::control::v1::Event& event) EXCLUDES(mutex_);
    void forget(WatchStream* stream) EXCLUDES(mutex_);

    mutable common::Mutex mutex_;
    common::CondVar forgotten_;
    std::vector<WatchStream*> streams_ GUARDED_BY(mutex_);
    bool closing_ GUARDED_BY(mutex_) = false;
};

}  // namespace mcu
