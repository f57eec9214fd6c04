#include "signaling/auth/digest_guard.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "common/invariant.h"
#include "common/log.h"

namespace signaling {
namespace {

constexpr std::size_t kStampDigits = 24;      // milliseconds, then a number of its own
constexpr std::size_t kSignatureDigits = 32;  // 128 bits

std::string hex(std::uint64_t value, int digits) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%0*llx", digits,
                  static_cast<unsigned long long>(value));
    return text.data();
}

std::uint64_t from_hex(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return value;
}

bool same(std::string_view one, std::string_view other) {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

// "sip:board@192.0.2.1;layout=grid" -> "board": proxies may change the rest.
std::string_view user_of(std::string_view uri) {
    const std::size_t scheme = uri.find(':');
    const std::size_t at = uri.find('@');
    if (scheme == std::string_view::npos || at == std::string_view::npos || at < scheme) return {};
    return uri.substr(scheme + 1, at - scheme - 1);
}

std::string stamp_of(const std::string& path) {
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) return "absent";
    return std::to_string(about.st_ino) + "/" + std::to_string(about.st_size) + "/" +
           std::to_string(about.st_mtim.tv_sec) + "." + std::to_string(about.st_mtim.tv_nsec);
}

}  // namespace

DigestGuard::DigestGuard(std::string realm, DigestUsers users, Algorithms algorithms,
                         const common::Clock& clock, std::string key)
    : realm_(std::move(realm)),
      algorithms_(std::move(algorithms)),
      users_(std::move(users)),
      clock_(clock),
      key_(std::move(key)) {}

common::Result<std::unique_ptr<DigestGuard>> DigestGuard::open(std::string realm,
                                                               std::string users_file,
                                                               Algorithms algorithms,
                                                               const common::Clock& clock) {
    std::string stamp = stamp_of(users_file);
    auto users = DigestUsers::load(users_file, realm);
    if (!users) return tl::unexpected(users.error());
    std::array<unsigned char, 32> key{};
    if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) {
        return common::fail(common::ErrorCode::Internal, "no random bytes for nonces");
    }
    auto guard =
        std::make_unique<DigestGuard>(std::move(realm), *std::move(users), std::move(algorithms),
                                      clock, std::string(key.begin(), key.end()));
    guard->users_file_ = std::move(users_file);
    guard->users_stamp_ = std::move(stamp);
    return guard;
}

DigestGuard::Verdict DigestGuard::check(std::string_view method, std::string_view request_uri,
                                        std::string_view header) {
    const Verdict verdict = judge(method, request_uri, header);
    switch (verdict) {
        case Verdict::Pass:
            ++counted_.passed;
            break;
        case Verdict::Stale:
            ++counted_.stale;
            break;
        case Verdict::Unknown:
            ++(header.empty() ? counted_.asked : counted_.wrong);
    }
    return verdict;
}

DigestGuard::Verdict DigestGuard::judge(std::string_view method, std::string_view request_uri,
                                        std::string_view header) {
    const auto said = parse_digest(header);
    if (!said) return Verdict::Unknown;
    const bool offered = std::ranges::find(algorithms_, said->algorithm) != algorithms_.end();
    // Somebody unknown is judged against a secret that nobody has: as much work, the same end.
    const std::string nobody = signature_of(said->username);
    const std::string* secret = users_.secret(said->username, said->algorithm);
    const std::string expected =
        expected_response(*said, method, secret != nullptr ? *secret : nobody);
    const bool right = same(expected, said->response) && secret != nullptr;
    // Some clients write the server alone; the nonce's count keeps their words from being used
    // twice.
    const std::string_view room = user_of(said->uri);
    const bool ours = is_ours(said->nonce) && said->realm == realm_ &&
                      (room.empty() || room == user_of(request_uri));
    if (!right || !ours || !offered) return Verdict::Unknown;
    if (!is_fresh(said->nonce)) return Verdict::Stale;
    const std::uint64_t count = said->qop.empty() ? 0xffffffffU : from_hex(said->nonce_count);
    return take_count(said->nonce, static_cast<std::uint32_t>(count)) ? Verdict::Pass
                                                                      : Verdict::Stale;
}

std::vector<std::string> DigestGuard::challenges(bool stale) {
    const std::string nonce = make_nonce();
    std::vector<std::string> all;
    for (const DigestAlgorithm algorithm : algorithms_) {
        all.push_back("Digest realm=\"" + realm_ + "\", nonce=\"" + nonce +
                      "\", qop=\"auth\", algorithm=" +
                      (algorithm == DigestAlgorithm::Md5 ? "MD5" : "SHA-256") +
                      (stale ? ", stale=true" : ""));
    }
    return all;
}

void DigestGuard::refresh() {
    if (users_file_.empty()) return;
    std::string stamp = stamp_of(users_file_);
    if (stamp == users_stamp_) return;
    users_stamp_ = std::move(stamp);
    auto users = DigestUsers::load(users_file_, realm_);
    if (!users) {
        LOG_WARNING("users not reloaded, the old ones stay: {}", users.error().message);
        return;
    }
    users_ = *std::move(users);
    LOG_INFO("users reloaded file={} users={}", users_file_, users_.size());
}

std::uint64_t DigestGuard::now_ms() const {
    const common::Duration since = clock_.now() - common::Timestamp{};
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

std::string DigestGuard::make_nonce() {
    const std::string stamp = hex(now_ms(), 12) + hex(++made_ & 0xffffffffffffU, 12);
    return stamp + signature_of(stamp);
}

std::string DigestGuard::signature_of(std::string_view text) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned int bytes = 0;
    const unsigned char* made =
        HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &bytes);
    INVARIANT(made != nullptr);
    std::string digits;
    for (std::size_t i = 0; i < kSignatureDigits / 2; ++i) digits += hex(mac[i], 2);
    return digits;
}

bool DigestGuard::is_ours(const std::string& nonce) const {
    if (nonce.size() != kStampDigits + kSignatureDigits) return false;
    return same(signature_of(std::string_view(nonce).substr(0, kStampDigits)),
                std::string_view(nonce).substr(kStampDigits));
}

bool DigestGuard::is_fresh(const std::string& nonce) const {
    const std::uint64_t made = from_hex(std::string_view(nonce).substr(0, 12));
    const auto life = static_cast<std::uint64_t>(kNonceLife / std::chrono::milliseconds(1));
    return now_ms() - made <= life && nonce > forgotten_;
}

bool DigestGuard::take_count(const std::string& nonce, std::uint32_t count) {
    std::uint32_t& last = counts_[nonce];
    if (count <= last) return false;  // heard before
    last = count;
    while (!counts_.empty() &&
           (counts_.size() > kMostNonces || !is_fresh(counts_.begin()->first))) {
        forgotten_ = std::max(forgotten_, counts_.begin()->first);
        counts_.erase(counts_.begin());
    }
    return true;
}

}  // namespace signaling
