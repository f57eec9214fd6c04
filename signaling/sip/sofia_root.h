#pragma once

#include <memory>

namespace signaling {

/// sofia-sip's event root, turned by the thread's default GMainContext. Everything of sofia runs on
/// that thread.
class SofiaRoot {
  public:
    SofiaRoot();
    ~SofiaRoot();
    SofiaRoot(const SofiaRoot&) = delete;
    SofiaRoot& operator=(const SofiaRoot&) = delete;

    /// su_root_t*, for the other files of this folder.
    [[nodiscard]] void* get() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace signaling
