#include "mcu/control/event_streams.h"

#include <algorithm>
#include <deque>

#include "common/log.h"
#include "mcu/control/proto_conversion.h"

namespace mcu {

namespace pb = tessera::control::v1;

using common::MutexLock;

namespace {
constexpr std::size_t kMostWaiting = 512;

pb::Event event_of(const std::string& instance, const std::string& session) {
    pb::Event event;
    event.set_instance(instance);
    event.set_session(session);
    return event;
}
}  // namespace

class WatchStream final : public grpc::ServerWriteReactor<pb::Event> {
  public:
    WatchStream(EventStreams& streams, grpc::CallbackServerContext& context, std::string owner)
        : owner_boot_id(std::move(owner)), streams_(streams), context_(context) {}

    const std::string owner_boot_id;  ///< whose it is; empty: somebody who only looks on

    void send(const pb::Event& event) EXCLUDES(mutex_) {
        bool overflow = false;
        {
            MutexLock lock(mutex_);
            if (finished_) return;
            if (waiting_.size() >= kMostWaiting) {
                if (event.has_statistics() || event.has_load()) return;
                overflow = true;
            } else {
                waiting_.push_back(event);
                if (!writing_) write_next();
            }
        }
        if (overflow)
            finish(grpc::Status(grpc::RESOURCE_EXHAUSTED,
                                "events were read too slowly; read the state anew"));
    }

    void finish(const grpc::Status& status) EXCLUDES(mutex_) {
        {
            MutexLock lock(mutex_);
            if (finished_) return;
            finished_ = true;
        }
        Finish(status);
        // A reader that stopped reading would hold Finish behind the write under way, for ever.
        context_.TryCancel();
    }

    void OnWriteDone(bool ok) override EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        writing_ = false;
        waiting_.pop_front();
        if (ok && !finished_ && !waiting_.empty()) write_next();
    }
    void OnCancel() override { finish(grpc::Status::CANCELLED); }
    void OnDone() override {
        streams_.forget(this);
        delete this;
    }

  private:
    void write_next() REQUIRES(mutex_) {
        writing_ = true;
        StartWrite(&waiting_.front());
    }

    EventStreams& streams_;
    grpc::CallbackServerContext& context_;  // gRPC's, until OnDone
    common::Mutex mutex_;
    std::deque<pb::Event> waiting_
        GUARDED_BY(mutex_);  // the front is being written while `writing_`
    bool writing_ GUARDED_BY(mutex_) = false;
    bool finished_ GUARDED_BY(mutex_) = false;
};

EventStreams::EventStreams() = default;
EventStreams::~EventStreams() {
    close_all();
}

grpc::ServerWriteReactor<pb::Event>* EventStreams::open(grpc::CallbackServerContext& context,
                                                        const std::string& owner_boot_id) {
    // gRPC's reactors delete themselves in OnDone
    auto* stream = new WatchStream(*this, context, owner_boot_id);
    bool closing = false;
    {
        MutexLock lock(mutex_);
        streams_.push_back(stream);
        closing = closing_;
    }
    if (closing) stream->finish(grpc::Status(grpc::UNAVAILABLE, "the media daemon is going down"));
    // The promised first event: whoever watches an idle node must hear at once that it is heard.
    pb::Event first;
    first.mutable_statistics();
    stream->send(first);
    LOG_INFO("events are watched by owner='{}'", owner_boot_id);
    return stream;
}

void EventStreams::close_all() {
    MutexLock lock(mutex_);
    closing_ = true;
    // `finish` may run OnDone, and so `forget`, on another thread at once, never on this one.
    for (WatchStream* stream : streams_)
        stream->finish(grpc::Status(grpc::UNAVAILABLE, "the media daemon is going down"));
    while (!streams_.empty()) forgotten_.wait(mutex_);
}

void EventStreams::forget(WatchStream* stream) {
    MutexLock lock(mutex_);
    std::erase(streams_, stream);
    forgotten_.notify_all();
    LOG_INFO("events are not watched any more by one reader");
}

bool EventStreams::watched() const {
    MutexLock lock(mutex_);
    return !streams_.empty();
}

bool EventStreams::watched_by(const std::string& owner_boot_id) const {
    MutexLock lock(mutex_);
    return !owner_boot_id.empty() &&
           std::ranges::find(streams_, owner_boot_id, &WatchStream::owner_boot_id) !=
               streams_.end();
}

void EventStreams::send(const pb::Event& event) {
    MutexLock lock(mutex_);
    for (WatchStream* stream : streams_) stream->send(event);
}

void EventStreams::on_speakers(const std::string& instance,
                               const std::vector<std::string>& ranked_sessions) {
    pb::Event event = event_of(instance, {});
    for (const std::string& session : ranked_sessions)
        event.mutable_speaker()->add_ranked_sessions(session);
    send(event);
}

void EventStreams::on_dtmf(const std::string& instance, const std::string& session, char digit,
                           common::Duration duration) {
    pb::Event event = event_of(instance, session);
    event.mutable_dtmf()->set_digit(std::string(1, digit));
    event.mutable_dtmf()->set_duration_ms(
        static_cast<std::uint32_t>(duration / std::chrono::milliseconds(1)));
    send(event);
}

void EventStreams::on_media(const std::string& instance, const std::string& session,
                            const std::string& mid, MediaEvent what) {
    pb::Event event = event_of(instance, session);
    event.mutable_media()->set_mid(mid);
    switch (what) {
        case MediaEvent::Started:
            event.mutable_media()->set_state(pb::MediaEvent::STARTED);
            break;
        case MediaEvent::Stopped:
            event.mutable_media()->set_state(pb::MediaEvent::STOPPED);
            break;
        case MediaEvent::Frozen:
            event.mutable_media()->set_state(pb::MediaEvent::FROZEN);
            break;
        case MediaEvent::Resumed:
            event.mutable_media()->set_state(pb::MediaEvent::RESUMED);
            break;
    }
    send(event);
}

void EventStreams::on_key_frame_wanted(const std::string& instance, const std::string& session,
                                       const std::string& mid) {
    pb::Event event = event_of(instance, session);
    event.mutable_key_frame_wanted()->set_mid(mid);
    send(event);
}

void EventStreams::on_session_ended(const std::string& instance, const std::string& session,
                                    const std::string& reason) {
    pb::Event event = event_of(instance, session);
    event.mutable_ended()->set_reason(reason);
    send(event);
}

void EventStreams::on_statistics(const std::string& instance,
                                 const ConferenceStatistics& statistics) {
    pb::Event event = event_of(instance, {});
    *event.mutable_statistics() = to_proto(statistics);
    send(event);
}

void EventStreams::on_load(const NodeLoad& load) {
    pb::Event event;
    *event.mutable_load() = to_proto(load);
    send(event);
}

}  // namespace mcu
