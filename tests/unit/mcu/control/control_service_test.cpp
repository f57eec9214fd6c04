#include "mcu/control/control_service.h"

#include <grpcpp/grpcpp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "mcu/control/control_server.h"
#include "tests/support/media_node.h"

namespace pb = tessera::control::v1;

using Catch::Matchers::Contains;

namespace {

std::string scratch_socket(const std::string& name) {
    return "unix:" +
           (std::filesystem::temp_directory_path() / ("tessera-" + std::to_string(getpid()) + name))
               .string();
}

/// A node served at a socket of its own, with ticks running, and a client.
struct Served {
    tests::MediaNode media{24000};
    mcu::ControlThread control{media.clock};
    mcu::EventStreams events;
    std::unique_ptr<mcu::Node> node;
    std::unique_ptr<mcu::ControlService> service;
    std::unique_ptr<mcu::ControlServer> server;
    std::unique_ptr<pb::McuControl::Stub> stub;
    const std::string address = scratch_socket(".sock");
    mcu::BridgeServices services{.clock = media.clock,
                                 .decode_pool = media.media_pool.urgent(),
                                 .media_pool = media.media_pool,
                                 .frames = media.frames,
                                 .ports = *media.ports,
                                 .control = control,
                                 .audio_tick = media.audio_tick,
                                 .video_tick = media.video_tick,
                                 .layouts = mixer::LayoutBook::built_in(),
                                 .net_threads = {&media.net},
                                 .rungs = mixer::default_rungs(),
                                 .media_address = "127.0.0.1"};

    Served() {
        node = std::make_unique<mcu::Node>("life-1", mcu::Node::Limits{}, services, events);
        service = std::make_unique<mcu::ControlService>(control, *node, events, media.media_pool);
        auto served = mcu::ControlServer::create(address, *service);
        REQUIRE(served);
        server = std::move(*served);
        control.start();
        media.video_tick.start(mcu::TickThread::Priority::Normal);
        stub = pb::McuControl::NewStub(
            grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    }
    ~Served() {
        events.close_all();
        server->shut_down(std::chrono::seconds(3));
        control.stop([this] { node->close_all(); });
        media.video_tick.stop();
    }

    static void set_fence(pb::Fence& fence, std::uint64_t epoch) {
        fence.set_node_incarnation("life-1");
        fence.set_instance("conf");
        fence.set_epoch(epoch);
        fence.set_owner_boot_id("boot");
    }
    grpc::Status claim(std::uint64_t epoch) {
        grpc::ClientContext context;
        pb::ClaimRequest request;
        pb::ClaimReply reply;
        set_fence(*request.mutable_fence(), epoch);
        request.set_room("demo");
        return stub->Claim(&context, request, &reply);
    }
    grpc::Status apply(std::uint64_t epoch, pb::ApplyReply& reply) {
        grpc::ClientContext context;
        pb::ApplyRequest request;
        set_fence(*request.mutable_fence(), epoch);
        request.mutable_state()->set_revision(1);
        pb::SessionState& session = *request.mutable_state()->add_sessions();
        session.set_session("a");
        session.set_display_name("Anna");
        pb::MediaState& audio = *session.add_media();
        audio.set_mid("0");
        pb::PayloadFormat& format = *audio.add_receive();
        format.set_codec("PCMU");
        format.set_clock_rate(8000);
        *audio.mutable_send() = format;
        return stub->Apply(&context, request, &reply);
    }
};

}  // namespace

TEST_CASE(
    "A signalling daemon claims, applies, watches and takes a snapshot over the control socket") {
    Served served;

    grpc::ClientContext node_context;
    pb::NodeInfo info;
    REQUIRE(served.stub->GetNode(&node_context, {}, &info).ok());
    CHECK(info.incarnation() == "life-1");
    CHECK(info.audio_codecs_size() == 4);

    REQUIRE(served.claim(1).ok());
    pb::ApplyReply applied;
    REQUIRE(served.apply(1, applied).ok());
    REQUIRE(applied.local_size() == 1);
    CHECK(applied.local(0).session() == "a");
    CHECK(applied.local(0).rtp_port() != 0);

    grpc::ClientContext watch_context;
    auto reader = served.stub->Watch(&watch_context, {});
    pb::Event event;
    REQUIRE(reader->Read(&event));
    CHECK(event.has_statistics());
    CHECK(event.instance().empty());
    REQUIRE(reader->Read(&event));
    CHECK(event.has_statistics());
    CHECK(event.instance() == "conf");
    watch_context.TryCancel();

    grpc::ClientContext snapshot_context;
    pb::SnapshotRequest snapshot;
    pb::SnapshotReply picture;
    snapshot.set_instance("conf");
    REQUIRE(served.stub->Snapshot(&snapshot_context, snapshot, &picture).ok());
    CHECK(picture.png().substr(1, 3) == "PNG");
}

TEST_CASE("Refusals reach the client with their reason") {
    Served served;
    REQUIRE(served.claim(2).ok());
    pb::ApplyReply reply;

    const grpc::Status stale = served.apply(1, reply);

    CHECK(stale.error_code() == grpc::FAILED_PRECONDITION);
    CHECK_THAT(stale.error_message(), Contains("epoch 2"));
    grpc::ClientContext context;
    pb::SnapshotRequest snapshot;
    pb::SnapshotReply picture;
    snapshot.set_instance("elsewhere");
    CHECK(served.stub->Snapshot(&context, snapshot, &picture).error_code() == grpc::NOT_FOUND);
}

TEST_CASE("An owner is there while its Watch is open; who only looks on owns nothing") {
    Served served;
    grpc::ClientContext idle_context, owner_context;
    pb::WatchRequest owner;
    owner.set_owner_boot_id("boot");
    pb::Event event;
    auto onlooker = served.stub->Watch(&idle_context, {});
    REQUIRE(onlooker->Read(&event));
    CHECK(served.events.watched());
    CHECK_FALSE(served.events.watched_by("boot"));
    CHECK_FALSE(served.events.watched_by(""));

    auto watching = served.stub->Watch(&owner_context, owner);
    REQUIRE(watching->Read(&event));
    CHECK(served.events.watched_by("boot"));
    CHECK_FALSE(served.events.watched_by("another"));

    owner_context.TryCancel();
    while (watching->Read(&event)) continue;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (served.events.watched_by("boot") && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    CHECK_FALSE(served.events.watched_by("boot"));
}

TEST_CASE("A watcher that stopped reading keeps nobody from going down") {
    const common::MonotonicClock clock;
    std::optional<Served> served(std::in_place);
    grpc::ClientContext context;
    auto reader = served->stub->Watch(&context, {});
    pb::Event event;
    REQUIRE(reader->Read(&event));
    // More than gRPC's windows and the queue hold; nothing of it is read.
    const std::string reason(8192, 'x');
    for (int i = 0; i < 2000; ++i) served->events.on_session_ended("conf", "a", reason);

    const common::Timestamp before = clock.now();
    served.reset();

    CHECK(clock.now() - before < std::chrono::seconds(10));
}

TEST_CASE(
    "The control socket is for its owner and group, and nobody takes it from a living daemon") {
    Served served;
    const std::string path = served.address.substr(5);
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);

    const auto second = mcu::ControlServer::create(served.address, *served.service);

    REQUIRE_FALSE(second);
    CHECK(second.error().code == common::ErrorCode::AlreadyExists);
    CHECK_THAT(second.error().message, Contains(path));
}
