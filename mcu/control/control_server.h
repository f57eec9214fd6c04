#pragma once

#include <memory>
#include <string>

#include "common/result.h"
#include "common/units.h"

namespace grpc {
class Server;
}

namespace mcu {

class ControlService;

/// The control socket, served.
///
/// Owner: borrows the service, which outlives it.
class ControlServer {
  public:
    /// Serves at `address` ("unix:PATH"; the folder is made when it is missing, the socket gets
    /// mode 0660). A socket left over from a killed process is replaced; one that somebody still
    /// answers on is an error naming it.
    static common::Result<std::unique_ptr<ControlServer>> create(const std::string& address,
                                                                 ControlService& service);
    ~ControlServer();

    /// Takes no new call and returns when those under way were answered, or were cancelled after
    /// `limit`. Open Watch streams must have been ended before (EventStreams::close_all).
    void shut_down(common::Duration limit);

  private:
    explicit ControlServer(std::unique_ptr<grpc::Server> server);
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace mcu
