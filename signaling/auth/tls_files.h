#pragma once

#include <string>

#include "common/result.h"

namespace signaling {

/// Makes a key (ECDSA P-256) and a certificate for it that is signed by itself and good for ten
/// years, and writes both as PEM: the key with mode 0600. Folders are made.
[[nodiscard]] common::Result<void> make_self_signed(const std::string& certificate_file,
                                                    const std::string& private_key_file,
                                                    const std::string& name);

/// Makes a key (ECDSA P-256) and writes it as PEM, with mode 0600. Folders are made. Fails where
/// there is such a file already.
[[nodiscard]] common::Result<void> make_private_key(const std::string& file);

}  // namespace signaling
