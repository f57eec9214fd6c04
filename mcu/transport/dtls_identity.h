#pragma once

#include <memory>

#include "common/fingerprint.h"
#include "common/result.h"

namespace mcu {

/// Who we are in DTLS: a self-signed ECDSA P-256 certificate that peers know by its fingerprint,
/// made at start and gone with the process. And the secret behind the cookies.
///
/// Thread: any, once made.
/// Owner:  outlives every association.
/// Errors: `create` fails with `Internal` when OpenSSL refuses.
class DtlsIdentity {
  public:
    [[nodiscard]] static common::Result<std::unique_ptr<DtlsIdentity>> create();
    ~DtlsIdentity();
    DtlsIdentity(const DtlsIdentity&) = delete;
    DtlsIdentity& operator=(const DtlsIdentity&) = delete;

    [[nodiscard]] const common::Fingerprint& fingerprint() const { return fingerprint_; }

  private:
    friend class DtlsAssociation;
    struct Impl;
    DtlsIdentity(std::unique_ptr<Impl> impl, common::Fingerprint fingerprint);
    std::unique_ptr<Impl> impl_;
    common::Fingerprint fingerprint_;
};

}  // namespace mcu
