#include "signaling/auth/digest_users.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace signaling {

using common::ErrorCode;

common::Result<DigestUsers> DigestUsers::load(const std::string& path, const std::string& realm) {
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) {
        return common::fail(ErrorCode::Io, "users file '" + path + "': " + std::strerror(errno));
    }
    if ((about.st_mode & 077) != 0) {
        return common::fail(ErrorCode::Io, "users file '" + path +
                                               "': others than its owner may read it; chmod 600");
    }
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return common::fail(ErrorCode::Io, "users file '" + path + "': cannot be read");
    return parse(text.str(), path, realm);
}

common::Result<DigestUsers> DigestUsers::parse(std::string_view text, const std::string& path,
                                               const std::string& realm) {
    DigestUsers users;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        const auto bad = [&](const std::string& what) {
            return common::fail(ErrorCode::InvalidArgument,
                                path + ":" + std::to_string(number) + ": " + what);
        };
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0 || colon + 1 == line.size()) {
            return bad("expected name:password");
        }
        const std::string name(line.substr(0, colon));
        const std::string_view password = line.substr(colon + 1);
        const auto [where, is_new] = users.secrets_.try_emplace(name);
        if (!is_new) return bad("found '" + name + "' a second time");
        for (const auto algorithm : {DigestAlgorithm::Sha256, DigestAlgorithm::Md5}) {
            where->second[static_cast<std::size_t>(algorithm)] =
                digest_secret(algorithm, name, realm, password);
        }
    }
    return users;
}

const std::string* DigestUsers::secret(const std::string& name, DigestAlgorithm algorithm) const {
    const auto found = secrets_.find(name);
    return found == secrets_.end() ? nullptr : &found->second[static_cast<std::size_t>(algorithm)];
}

}  // namespace signaling
