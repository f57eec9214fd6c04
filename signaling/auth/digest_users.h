#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "common/result.h"
#include "signaling/auth/digest_credentials.h"

namespace signaling {

/// Who may call, from a file of lines `name:password`; empty lines and those that begin with # are
/// passed over. The file is its owner's alone (mode 0600 or stricter). Passwords are forgotten as
/// soon as what a realm makes of them is known.
class DigestUsers {
  public:
    [[nodiscard]] static common::Result<DigestUsers> load(const std::string& path,
                                                          const std::string& realm);
    /// The same for text at hand; `path` is the name in the errors.
    [[nodiscard]] static common::Result<DigestUsers> parse(std::string_view text,
                                                           const std::string& path,
                                                           const std::string& realm);

    /// H(name:realm:password); null: nobody of that name.
    [[nodiscard]] const std::string* secret(const std::string& name,
                                            DigestAlgorithm algorithm) const;
    [[nodiscard]] std::size_t size() const { return secrets_.size(); }

  private:
    std::map<std::string, std::array<std::string, 2>> secrets_;  // by name, then algorithm
};

}  // namespace signaling
