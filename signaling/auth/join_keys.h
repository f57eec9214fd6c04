#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace signaling {

/// The keys by which join tokens are known to be ours: ECDSA on P-256 (ES256), their public halves.
class JoinKeys {
  public:
    /// Reads PEM files, each with a public or a private key; of a private one the public half is
    /// kept, and others than its owner must not be able to read its file. Names the file that is
    /// wrong.
    [[nodiscard]] static common::Result<JoinKeys> load(const std::vector<std::string>& files);
    /// One more, for text at hand. Fails when it is no key of P-256.
    [[nodiscard]] common::Result<void> add(std::string_view pem);

    /// As PEM, SubjectPublicKeyInfo.
    [[nodiscard]] const std::vector<std::string>& public_keys() const { return public_keys_; }

  private:
    std::vector<std::string> public_keys_;
};

/// The private key of P-256 in a PEM file, as text. Fails as `JoinKeys::load`.
[[nodiscard]] common::Result<std::string> read_signing_key(const std::string& file);

}  // namespace signaling
