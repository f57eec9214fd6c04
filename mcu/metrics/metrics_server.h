#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/result.h"

namespace mcu {

/// Answers GET /metrics, /healthz and /readyz over HTTP. Read only, and without a token: it is for
/// a loopback address or a network of those who operate the node.
///
/// Thread: one of its own, so that whoever asks slowly keeps nobody of the media waiting. The
///         sources run on it.
class MetricsServer {
  public:
    struct Sources {
        /// The text of /metrics; empty: the daemon does not answer itself (503).
        std::function<std::string()> metrics;
        /// New meetings are taken.
        std::function<bool()> ready;
    };

    /// `host` numeric; port 0: any free one. Fails with Io where nobody can listen there.
    [[nodiscard]] static common::Result<std::unique_ptr<MetricsServer>> listen(
        const std::string& host, std::uint16_t port, Sources sources);
    ~MetricsServer();

    [[nodiscard]] std::uint16_t port() const;

    struct Private;
    explicit MetricsServer(std::unique_ptr<Private> d);

  private:
    std::unique_ptr<Private> d_;
};

}  // namespace mcu
