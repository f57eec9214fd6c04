#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/result.h"

namespace common {

/// Answers GET /metrics, /healthz and /readyz of a daemon over HTTP. Read only, and without a
/// token: it is for a loopback address or a network of those who operate the node. Who connects and
/// says nothing is sent away after some seconds (HttpListener).
///
/// Thread: as `RunsOn` says; the sources run there.
class MetricsServer {
  public:
    enum class RunsOn : std::uint8_t {
        OwnThread,   ///< whoever asks keeps nobody else waiting
        CallersLoop  ///< the GLib loop that is the default of the thread which calls `listen`
    };
    struct Sources {
        /// The text of /metrics; empty: the daemon does not answer itself (503).
        std::function<std::string()> metrics;
        /// Why newcomers are not taken now, in a sentence; empty: they are.
        std::function<std::string()> obstacle;
    };

    /// `host` numeric; port 0: any free one. Fails with Io where nobody can listen there.
    [[nodiscard]] static Result<std::unique_ptr<MetricsServer>> listen(
        const std::string& host, std::uint16_t port, Sources sources,
        RunsOn runs_on = RunsOn::OwnThread);
    ~MetricsServer();

    [[nodiscard]] std::uint16_t port() const;

    struct Private;
    explicit MetricsServer(std::unique_ptr<Private> d);

  private:
    std::unique_ptr<Private> d_;
};

}  // namespace common
