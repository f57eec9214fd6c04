#include "mcu/control/control_server.h"

#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "mcu/control/control_service.h"

namespace mcu {

using common::ErrorCode;
using common::fail;
using common::Result;

namespace {

enum class Occupant { None, Dead, Alive };

Result<Occupant> who_is_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        return fail(ErrorCode::InvalidArgument,
                    "'" + path + "' is longer than a socket's path may be");
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return fail(ErrorCode::Io, std::string("socket: ") + std::strerror(errno));
    const int connected =
        connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    const int error = errno;
    close(probe);
    if (connected == 0) return Occupant::Alive;
    if (error == ENOENT) return Occupant::None;
    if (error == ECONNREFUSED) return Occupant::Dead;
    return fail(ErrorCode::Io, std::string(std::strerror(error)));
}

Result<void> clear_the_way(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error)
        return fail(ErrorCode::Io,
                    "cannot make folder '" + folder.string() + "': " + error.message());
    const auto occupant = who_is_at(path);
    if (!occupant) return tl::unexpected(occupant.error());
    if (*occupant == Occupant::Alive) {
        return fail(ErrorCode::AlreadyExists, "another process already answers there");
    }
    if (*occupant == Occupant::Dead) unlink(path.c_str());
    return {};
}

/// gRPC 1.51 shares one completion queue among all callback servers and channels and takes it down
/// with the last of them, in a race with the queue's own threads (seen: abort in
/// grpc_cq_internal_unref at exit). So one channel, on which one call was made (to nowhere), stays
/// for the life of the process.
void keep_callback_queue() {
    namespace pb = tessera::control::v1;
    struct Call {
        grpc::ClientContext context;
        pb::GetNodeRequest request;
        pb::NodeInfo reply;
    };
    static auto* const stub =
        pb::McuControl::NewStub(
            grpc::CreateChannel("unix:/dev/null/nowhere", grpc::InsecureChannelCredentials()))
            .release();
    static const bool called = [] {
        auto call = std::make_shared<Call>();
        stub->async()->GetNode(&call->context, &call->request, &call->reply,
                               [call](const grpc::Status&) {});
        return true;
    }();
    static_cast<void>(called);
}

}  // namespace

ControlServer::ControlServer(std::unique_ptr<grpc::Server> server) : server_(std::move(server)) {}
ControlServer::~ControlServer() = default;

Result<std::unique_ptr<ControlServer>> ControlServer::create(const std::string& address,
                                                             ControlService& service) {
    const std::string path = address.substr(std::string("unix:").size());
    if (auto clear = clear_the_way(path); !clear) {
        return common::fail_in("control socket '" + path + "'", clear.error());
    }
    keep_callback_queue();
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterService(&service);
    builder.SetMaxReceiveMessageSize(4 << 20);
    // gRPC binds the socket itself: the mask gives it its mode from the first moment.
    const mode_t before = umask(0117);
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    umask(before);
    if (!server) return fail(ErrorCode::Io, "control socket '" + path + "': cannot listen there");
    return std::unique_ptr<ControlServer>(new ControlServer(std::move(server)));
}

void ControlServer::shut_down(common::Duration limit) {
    server_->Shutdown(std::chrono::system_clock::now() + limit);
}

}  // namespace mcu
