#pragma once

#include <memory>
#include <string>

#include "common/result.h"

namespace signaling {

/// The certificate by which TLS callers know us: two PEM files, read again when they change.
///
/// Connections that stand keep the certificate they were made with; the next handshake has the new
/// one. A pair of files that does not fit together, or cannot be read, changes nothing and is named
/// in the log.
///
/// Thread: the loop.
/// Owner:  outlives every TLS context it furnished.
class TlsIdentity {
  public:
    struct Files {
        std::string certificate;  ///< PEM: ours first, then those that lead to the root
        std::string private_key;  ///< PEM, without a passphrase
        /// Where neither file is there, both are made: ECDSA P-256, signed by itself, for ten
        /// years; the key with mode 0600.
        bool make = false;
    };

    [[nodiscard]] static common::Result<std::unique_ptr<TlsIdentity>> open(Files files);
    ~TlsIdentity();

    /// Looks whether the files changed, and takes them if they did. True: there is a new
    /// certificate.
    bool refresh();

    /// While it lives, every TLS context that this thread makes by OpenSSL's SSL_CTX_new is
    /// remembered; at its end all of them get this identity, TLS 1.2 or newer, ciphers with
    /// forward secrecy, and no renegotiation. For a library that makes its contexts by itself.
    class Furnishing {
      public:
        explicit Furnishing(TlsIdentity& identity);
        ~Furnishing();
        Furnishing(const Furnishing&) = delete;
        Furnishing& operator=(const Furnishing&) = delete;

      private:
        TlsIdentity& identity_;
    };

    struct Impl;

  private:
    explicit TlsIdentity(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace signaling
