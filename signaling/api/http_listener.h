#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "common/result.h"
#include "common/units.h"
#include "signaling/config/settings.h"

namespace signaling {

/// Takes the API's connections in and gives each phase of theirs a deadline, which libsoup does
/// not: whoever says nothing, or half a request, holds a descriptor for seconds and no longer. One
/// request a connection: libsoup closes those that it did not accept itself after the answer.
///
/// Thread: the GLib loop that is the default of the thread which makes it.
/// Owner:  borrows the SoupServer, which outlives it.
class HttpListener {
  public:
    struct Limits {
        /// From the connection to the whole request, body and all.
        common::Duration request = std::chrono::seconds(5);
        /// From there to the last byte of the answer.
        common::Duration answer = std::chrono::seconds(30);
        /// One more, and the one that has been silent longest goes; when all are being answered,
        /// the new one is not taken.
        std::size_t most_connections = 64;
    };

    /// `soup_server` is a SoupServer*.
    [[nodiscard]] static common::Result<std::unique_ptr<HttpListener>> open(const ListenAddress& at,
                                                                            const Limits& limits,
                                                                            void* soup_server);
    ~HttpListener();

    /// Connections that are open, but for those told to go.
    [[nodiscard]] std::size_t connections() const;

    struct Private;
    explicit HttpListener(std::unique_ptr<Private> d);

  private:
    std::unique_ptr<Private> d_;
};

}  // namespace signaling
