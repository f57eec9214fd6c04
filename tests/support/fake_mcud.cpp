#include "tests/support/fake_mcud.h"

#include <grpcpp/grpcpp.h>
#include <mcu_control.grpc.pb.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string_view>

#include "common/mutex.h"

namespace tests {

namespace pb = tessera::control::v1;
using common::MutexLock;
using namespace std::chrono_literals;

namespace {

std::string next_incarnation() {
    static std::atomic<int> lives{0};
    const auto since = std::chrono::system_clock::now().time_since_epoch().count();
    return "fake-" + std::to_string(since) + "-" + std::to_string(++lives);
}

// 1x1, black.
constexpr std::string_view kPng(
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0\x3a\x7e\x9b\x55\0\0\0\nIDATx\x9c\x63"
    "\x60\0\0\0\2\0\1"
    "\x48\xaf\xa4\x71\0\0\0\0IEND\xae\x42\x60\x82",
    67);

void open_bundle(const std::string& session, pb::LocalBundle& bundle) {
    bundle.set_session(session);
    pb::IceCandidate& udp = *bundle.add_candidates();
    udp.set_foundation("1");
    udp.set_priority(2130706431);
    udp.set_address("192.0.2.9");
    udp.set_port(5004);
    pb::IceCandidate& tcp = *bundle.add_candidates();
    tcp = udp;
    tcp.set_foundation("2");
    tcp.set_transport(pb::IceCandidate::TCP_PASSIVE);
    tcp.set_priority(2105458943);
    tcp.set_address("2001:db8::9");
}

}  // namespace

class FakeMcud::Service final : public pb::McuControl::Service {
  public:
    grpc::Status GetNode(grpc::ServerContext* context, const pb::GetNodeRequest*,
                         pb::NodeInfo* info) override {
        wait_while_hanging(context);
        info->set_incarnation(incarnation);
        info->set_version("fake");
        for (const char* codec : {"opus", "G722", "PCMU", "PCMA"}) info->add_audio_codecs(codec);
        info->add_video_codecs("H264");
        info->set_max_sessions(2000);
        info->set_ipv6(true);
        return grpc::Status::OK;
    }

    grpc::Status Claim(grpc::ServerContext* context, const pb::ClaimRequest* request,
                       pb::ClaimReply* reply) override {
        wait_while_hanging(context);
        MutexLock lock(mutex_);
        const pb::Fence& fence = request->fence();
        if (fence.node_incarnation() != incarnation) return stale("another incarnation");
        auto& conference = conferences_[fence.instance()];
        const bool older = fence.epoch() < conference.fence.epoch();
        const bool contested = fence.epoch() == conference.fence.epoch() &&
                               conference.fence.epoch() != 0 &&
                               fence.owner_boot_id() != conference.fence.owner_boot_id();
        if (older || contested) return stale("owned by another");
        conference.fence = fence;
        conference.room = request->room();
        *reply->mutable_running() = conference.state;
        for (const auto& [key, local] : conference.local) *reply->add_local() = local;
        return grpc::Status::OK;
    }

    grpc::Status ListConferences(grpc::ServerContext*, const pb::ListConferencesRequest*,
                                 pb::ListConferencesReply* reply) override {
        MutexLock lock(mutex_);
        for (const auto& [instance, conference] : conferences_) {
            auto* entry = reply->add_conferences();
            entry->set_instance(instance);
            entry->set_room(conference.room);
            entry->set_epoch(conference.fence.epoch());
            entry->set_owner_boot_id(conference.fence.owner_boot_id());
        }
        return grpc::Status::OK;
    }

    grpc::Status Apply(grpc::ServerContext* context, const pb::ApplyRequest* request,
                       pb::ApplyReply* reply) override {
        wait_while_hanging(context);
        MutexLock lock(mutex_);
        const auto found = conferences_.find(request->fence().instance());
        if (found == conferences_.end()) return stale("no such conference");
        Conference& conference = found->second;
        const bool owner = request->fence().epoch() == conference.fence.epoch() &&
                           request->fence().owner_boot_id() == conference.fence.owner_boot_id() &&
                           request->fence().node_incarnation() == incarnation;
        if (!owner) return stale("not the owner");
        if (request->state().revision() >= conference.state.revision())
            take(conference, request->state());
        for (const auto& [key, local] : conference.local) *reply->add_local() = local;
        for (const auto& session : conference.state.sessions()) {
            if (session.has_bundle()) open_bundle(session.session(), *reply->add_local_bundles());
        }
        if (conference.state.sessions().empty()) conferences_.erase(found);
        return grpc::Status::OK;
    }

    grpc::Status Watch(grpc::ServerContext* context, const pb::WatchRequest*,
                       grpc::ServerWriter<pb::Event>* writer) override {
        pb::Event first;
        first.mutable_statistics();
        writer->Write(first);
        std::deque<pb::Event> queue;
        {
            MutexLock lock(mutex_);
            watchers_.insert(&queue);
        }
        while (!context->IsCancelled() && !stopping_) {
            std::deque<pb::Event> ready;
            {
                MutexLock lock(mutex_);
                if (queue.empty()) changed_.wait_for(mutex_, 20ms);
                ready.swap(queue);
            }
            for (const pb::Event& event : ready) writer->Write(event);
        }
        MutexLock lock(mutex_);
        watchers_.erase(&queue);
        return grpc::Status::OK;
    }

    grpc::Status Snapshot(grpc::ServerContext*, const pb::SnapshotRequest* request,
                          pb::SnapshotReply* reply) override {
        MutexLock lock(mutex_);
        if (!conferences_.contains(request->instance()))
            return {grpc::StatusCode::NOT_FOUND, "no such conference"};
        reply->set_png(std::string(kPng));
        return grpc::Status::OK;
    }

    grpc::Status ListLayouts(grpc::ServerContext*, const pb::ListLayoutsRequest*,
                             pb::ListLayoutsReply* reply) override {
        for (const char* name : {"auto", "grid", "1+5"}) {
            reply->add_names(name);
            reply->add_layouts()->set_name(name);
        }
        return grpc::Status::OK;
    }

    // Fills in the conference that `event.session` is in, and sends it to all who watch.
    void tell(pb::Event event) {
        MutexLock lock(mutex_);
        for (const auto& [instance, conference] : conferences_) {
            for (const auto& session : conference.state.sessions()) {
                if (session.session() == event.session()) event.set_instance(instance);
            }
        }
        for (auto* queue : watchers_) queue->push_back(event);
        changed_.notify_all();
    }

    std::size_t session_count() {
        MutexLock lock(mutex_);
        std::size_t count = 0;
        for (const auto& [instance, c] : conferences_)
            count += static_cast<std::size_t>(c.state.sessions_size());
        return count;
    }
    std::size_t conference_count() {
        MutexLock lock(mutex_);
        return conferences_.size();
    }
    std::uint64_t revision() {
        MutexLock lock(mutex_);
        return conferences_.empty() ? 0 : conferences_.begin()->second.state.revision();
    }

    const std::string incarnation = next_incarnation();
    std::atomic<bool> hanging{false};
    std::atomic<bool> stopping_{false};

  private:
    struct Conference {
        pb::Fence fence;
        std::string room;
        pb::ConferenceState state;
        std::map<std::string, pb::LocalMedia> local;  // by session and mid
    };

    static grpc::Status stale(const std::string& why) {
        return {grpc::StatusCode::FAILED_PRECONDITION, why};
    }

    void wait_while_hanging(grpc::ServerContext* context) {
        MutexLock lock(mutex_);
        while (hanging && !context->IsCancelled()) changed_.wait_for(mutex_, 5ms);
    }

    void take(Conference& conference, const pb::ConferenceState& state) REQUIRES(mutex_) {
        conference.state = state;
        std::map<std::string, pb::LocalMedia> local;
        for (const auto& session : state.sessions()) {
            for (const auto& medium : session.media()) {
                const std::string key = session.session() + " " + medium.mid();
                const auto before = conference.local.find(key);
                local[key] = before != conference.local.end()
                                 ? before->second
                                 : open(session.session(), medium.mid());
            }
        }
        conference.local = std::move(local);
    }

    pb::LocalMedia open(const std::string& session, const std::string& mid) REQUIRES(mutex_) {
        pb::LocalMedia local;
        local.set_session(session);
        local.set_mid(mid);
        local.set_address("127.0.0.1");
        port_ = port_ >= 65000 ? 40000 : port_ + 2;
        local.set_rtp_port(port_);
        local.set_rtcp_port(port_ + 1);
        local.set_ssrc(
            static_cast<std::uint32_t>(std::hash<std::string>{}(incarnation + session + mid)) | 1U);
        local.set_cname("fake@" + session);
        return local;
    }

    common::Mutex mutex_;
    common::CondVar changed_;
    std::map<std::string, Conference> conferences_ GUARDED_BY(mutex_);
    std::set<std::deque<pb::Event>*> watchers_ GUARDED_BY(mutex_);
    std::uint32_t port_ GUARDED_BY(mutex_) = 40000;
};

struct FakeMcud::Server {
    std::unique_ptr<grpc::Server> grpc;
};

FakeMcud::FakeMcud(const std::string& address)
    : service_(std::make_unique<Service>()), server_(std::make_unique<Server>()) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterService(service_.get());
    server_->grpc = builder.BuildAndStart();
}

FakeMcud::~FakeMcud() {
    service_->stopping_ = true;
    server_->grpc->Shutdown(std::chrono::system_clock::now());
    server_->grpc->Wait();
}

void FakeMcud::want_key_frame(const std::string& session) {
    pb::Event event;
    event.set_session(session);
    event.mutable_key_frame_wanted()->set_mid("1");
    service_->tell(event);
}

void FakeMcud::stop_media(const std::string& session) {
    pb::Event event;
    event.set_session(session);
    event.mutable_media()->set_mid("0");
    event.mutable_media()->set_state(pb::MediaEvent::STOPPED);
    service_->tell(event);
}

void FakeMcud::end_session(const std::string& session, const std::string& reason) {
    pb::Event event;
    event.set_session(session);
    event.mutable_ended()->set_reason(reason);
    service_->tell(event);
}

void FakeMcud::hang(bool hanging) {
    service_->hanging = hanging;
}
std::string FakeMcud::incarnation() const {
    return service_->incarnation;
}
std::size_t FakeMcud::session_count() const {
    return service_->session_count();
}
std::size_t FakeMcud::conference_count() const {
    return service_->conference_count();
}
std::uint64_t FakeMcud::revision() const {
    return service_->revision();
}

}  // namespace tests
