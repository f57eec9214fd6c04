#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/http_listener.h"
#include "common/result.h"
#include "signaling/api/router.h"
#include "signaling/config/settings.h"

namespace signaling {

/// The router over HTTP on a loopback address. Who asks must name the token (`Authorization: Bearer
/// ...`, all but /healthz and /readyz) and a loopback host in `Host`, so that no web page can be
/// made to ask. Bodies up to 64 KiB, with a Content-Length. Each phase of a connection has its
/// deadline (HttpListener).
///
/// Thread: the GLib loop that is the default of the thread which makes it.
/// Owner:  borrows the router, which outlives it.
class HttpServer {
  public:
    [[nodiscard]] static common::Result<std::unique_ptr<HttpServer>> listen(
        const ListenAddress& at, std::string token, const Router& router,
        const common::HttpListener::Limits& limits = {});
    ~HttpServer();

    /// How many answers went out, by status.
    [[nodiscard]] const std::map<int, std::uint64_t>& answers() const;
    /// Clients that are connected.
    [[nodiscard]] std::size_t connections() const;

    struct Private;
    explicit HttpServer(std::unique_ptr<Private> d);

  private:
    std::unique_ptr<Private> d_;
};

}  // namespace signaling
