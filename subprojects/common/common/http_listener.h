#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/result.h"
#include "common/units.h"

namespace common {

/// Takes the connections of an HTTP server in and gives each phase of theirs a deadline, which
/// libsoup does not: whoever says nothing, or half a request, holds a descriptor for seconds and no
/// longer. One request a connection: libsoup closes those that it did not accept itself after the
/// answer.
///
/// Thread: that which makes it, whose default GLib loop it runs on.
/// Owner:  borrows the SoupServer, which outlives it.
class HttpListener {
  public:
    struct Limits {
        /// From the connection to the whole request, body and all.
        Duration request = std::chrono::seconds(5);
        /// From there to the last byte of the answer.
        Duration answer = std::chrono::seconds(30);
        /// One more, and the one that has been silent longest goes; when all are being answered,
        /// the new one is not taken.
        std::size_t most_connections = 64;
        /// The same for the connections of one address; an IPv6 one counts as its /64.
        std::size_t most_per_source = 64;
    };

    /// The certificate of the next connection: a GTlsCertificate*, borrowed for the call.
    using Certificate = std::function<void*()>;

    /// `host` numeric; port 0: any free one. `soup_server` is a SoupServer*. With a `certificate`
    /// it is HTTPS, and the handshake is part of the request's time. Fails with Io where nobody can
    /// listen there.
    [[nodiscard]] static Result<std::unique_ptr<HttpListener>> open(const std::string& host,
                                                                    std::uint16_t port,
                                                                    const Limits& limits,
                                                                    void* soup_server,
                                                                    Certificate certificate = {});
    ~HttpListener();

    /// The connection whose other end this is (a GSocketAddress*, as the SoupServerMessage has it)
    /// goes on as something else than HTTP: whoever speaks over it sees to its deadlines. It still
    /// counts as a connection.
    void hand_over(const void* remote_address);

    [[nodiscard]] std::uint16_t port() const;
    /// Connections that are open, but for those told to go.
    [[nodiscard]] std::size_t connections() const;

    struct Private;
    explicit HttpListener(std::unique_ptr<Private> d);

  private:
    std::unique_ptr<Private> d_;
};

}  // namespace common
