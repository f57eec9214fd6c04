#pragma once

#include <functional>
#include <string>
#include <thread>

#include "common/mutex.h"
#include "mcu/control/layout_folder.h"

namespace mcu {

/// Looks at the layout folder ten times a second, on a thread of its own: reading a slow disk
/// holds up nothing. By modification times rather than inotify, which network file systems lack.
///
/// Thread: `found` is called on the watch's thread.
class LayoutWatch {
  public:
    /// False: it cannot be taken now; it is offered again.
    using OnFound = std::function<bool(const LayoutFolder::Found&)>;

    explicit LayoutWatch(std::string folder) : folder_(std::move(folder)) {}
    ~LayoutWatch() { stop(); }

    /// What is there now; before `start`.
    [[nodiscard]] LayoutFolder::Found read() { return folder_.read(); }
    void start(OnFound found);
    /// No call afterwards.
    void stop() EXCLUDES(mutex_);

  private:
    void run(const OnFound& found) EXCLUDES(mutex_);

    LayoutFolder folder_;
    common::Mutex mutex_;
    common::CondVar wake_;
    bool stopping_ GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

/// Says in the log what could not be taken, each with its place.
void log_refused(const std::vector<mixer::LayoutError>& errors);

}  // namespace mcu
