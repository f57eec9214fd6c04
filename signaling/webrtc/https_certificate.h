#pragma once

#include <memory>

#include "common/result.h"
#include "signaling/auth/tls_identity.h"

namespace signaling {

/// The certificate by which browsers know us: that of `TlsIdentity`, in the words of GLib.
///
/// Thread: the loop.
class HttpsCertificate {
  public:
    /// Files that are not there are made where `files` says so.
    [[nodiscard]] static common::Result<std::unique_ptr<HttpsCertificate>> open(
        TlsIdentity::Files files);
    ~HttpsCertificate();

    /// Looks whether the files changed; what cannot be read changes nothing and is named in the
    /// log. True: the next connections get another one.
    bool refresh();
    /// A GTlsCertificate*, until the next `refresh`.
    [[nodiscard]] void* get() const { return certificate_; }

  private:
    HttpsCertificate(TlsIdentity::Files files, std::unique_ptr<TlsIdentity> identity);
    common::Result<void> load();

    TlsIdentity::Files files_;
    std::unique_ptr<TlsIdentity> identity_;  // knows whether files changed, and fit together
    void* certificate_ = nullptr;
};

}  // namespace signaling
