#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/result.h"
#include "signaling/auth/digest_users.h"

namespace signaling {

/// Asks callers of one listener who they are (RFC 3261 22, RFC 8760) and judges what they say.
///
/// Nonces are made, not kept: a time and a signature of ours. One is good for `kNonceLife`, and
/// each of its counts once. Whoever is not let in learns nothing: an unknown name costs the same
/// work and brings the same answer as a wrong password.
///
/// Thread: the loop. Owner: borrows the clock.
class DigestGuard {
  public:
    static constexpr common::Duration kNonceLife = std::chrono::seconds(120);
    static constexpr std::size_t kMostNonces = 10'000;  ///< whose counts are remembered

    enum class Verdict : std::uint8_t {
        Pass,
        Unknown,  ///< nothing said, or wrong
        Stale,    ///< right, for a nonce that is too old: no need to ask the user again
    };

    /// What came of each `check`.
    struct Counts {
        std::uint64_t asked = 0;  ///< nothing was said yet: the caller is asked
        std::uint64_t passed = 0;
        std::uint64_t wrong = 0;
        std::uint64_t stale = 0;
    };

    using Algorithms = std::vector<DigestAlgorithm>;  ///< in the order in which they are offered

    /// Fails when the users' file cannot be read.
    [[nodiscard]] static common::Result<std::unique_ptr<DigestGuard>> open(
        std::string realm, std::string users_file, Algorithms algorithms,
        const common::Clock& clock);
    /// With users at hand. `key` signs the nonces.
    DigestGuard(std::string realm, DigestUsers users, Algorithms algorithms,
                const common::Clock& clock, std::string key);

    /// `header` is a whole Authorization header; `request_uri` that of the request.
    [[nodiscard]] Verdict check(std::string_view method, std::string_view request_uri,
                                std::string_view header);
    /// WWW-Authenticate headers for a 401, one for each algorithm.
    [[nodiscard]] std::vector<std::string> challenges(bool stale);

    [[nodiscard]] const Counts& counts() const { return counted_; }

    /// Reads the users' file again when it changed; one with a mistake changes nothing.
    void refresh();

  private:
    [[nodiscard]] Verdict judge(std::string_view method, std::string_view request_uri,
                                std::string_view header);
    [[nodiscard]] std::string make_nonce();
    [[nodiscard]] std::string signature_of(std::string_view text) const;
    [[nodiscard]] bool is_ours(const std::string& nonce) const;
    [[nodiscard]] bool is_fresh(const std::string& nonce) const;
    [[nodiscard]] bool take_count(const std::string& nonce, std::uint32_t count);
    [[nodiscard]] std::uint64_t now_ms() const;

    std::string realm_;
    Algorithms algorithms_;
    std::string users_file_;
    std::string users_stamp_;
    DigestUsers users_;
    const common::Clock& clock_;
    std::string key_;
    std::uint64_t made_ = 0;
    Counts counted_;
    std::map<std::string, std::uint32_t> counts_;  // by nonce, so by age
    std::string forgotten_;                        // nonces up to this one count as stale
};

}  // namespace signaling
