#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "common/clock.h"
#include "common/http_listener.h"
#include "common/result.h"
#include "signaling/config/listener_settings.h"
#include "signaling/sip/source_limiter.h"
#include "signaling/webrtc/https_certificate.h"
#include "signaling/webrtc/page_files.h"
#include "signaling/webrtc/web_message.h"
#include "signaling/webrtc/web_socket.h"

namespace signaling {

/// The HTTPS server for everybody: the page, and the handlers of doors that browsers come in by. It
/// knows nothing of the API of administrators, which has a server of its own.
///
/// Who asks too often gets 429 with Retry-After, before the body is read; bodies need a
/// Content-Length of 1 MB at most. Pages may run no script but their own, and stand in no frame. A
/// refusal is application/problem+json.
///
/// Thread: the GLib loop that is the default of the thread which makes it.
/// Owner:  borrows the clock, which outlives it.
class WebServer {
  public:
    struct Options {
        /// Each phase has its deadline (HttpListener). One client must not take all connections.
        common::HttpListener::Limits connections{.most_connections = 1024, .most_per_source = 64};
        SourceLimiter::Options requests{.per_second = 20, .burst = 60};
        std::size_t body_bytes = 1'000'000;
        std::size_t socket_message_bytes = 256 * 1024;  ///< beyond: closed with 1009
        unsigned ping_s = 10;
    };

    [[nodiscard]] static common::Result<std::unique_ptr<WebServer>> listen(
        const ListenAddress& at, std::unique_ptr<HttpsCertificate> certificate, PageFiles page,
        const common::Clock& clock, const Options& options);
    [[nodiscard]] static common::Result<std::unique_ptr<WebServer>> listen(
        const ListenAddress& at, std::unique_ptr<HttpsCertificate> certificate, PageFiles page,
        const common::Clock& clock) {
        return listen(at, std::move(certificate), std::move(page), clock, Options{});
    }
    ~WebServer();

    /// All requests whose path is `prefix` or goes on below it, whatever their method. Requests
    /// that nobody handles are for the page.
    void handle(const std::string& prefix, WebHandler handler);
    /// WebSockets of this subprotocol at this very path. Who comes from a page of another host is
    /// refused with 403.
    void handle_sockets(const std::string& path, const std::string& protocol,
                        WebSocketHandler handler);
    void set_page(PageFiles page);
    /// To be called about once a second.
    void refresh_certificate();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::size_t connections() const;

    struct Private;
    explicit WebServer(std::unique_ptr<Private> d);

  private:
    std::unique_ptr<Private> d_;
};

}  // namespace signaling
