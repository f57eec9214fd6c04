// An Authorization header from anybody, and what it lets in.
// Covers: signaling/auth/digest_credentials.cpp

#include <algorithm>
#include <string>
#include <string_view>

#include "signaling/auth/digest_credentials.h"
#include "signaling/auth/digest_guard.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/fake_clock.h"

namespace {

using signaling::DigestAlgorithm;
using signaling::DigestCredentials;

bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

/// The same credentials, written again.
std::string header_of(const DigestCredentials& c) {
    std::string header = "Digest username=" + quoted(c.username) + ", realm=" + quoted(c.realm) +
                         ", nonce=" + quoted(c.nonce) + ", uri=" + quoted(c.uri) +
                         ", response=" + c.response + ", algorithm=";
    header += c.algorithm == DigestAlgorithm::Md5 ? "MD5" : "SHA-256";
    if (!c.qop.empty()) header += ", qop=" + c.qop;
    return header + ", nc=" + quoted(c.nonce_count) + ", cnonce=" + quoted(c.cnonce);
}

void expect_well_formed(const DigestCredentials& c) {
    FUZZ_EXPECT(c.response.size() == (c.algorithm == DigestAlgorithm::Md5 ? 32 : 64));
    FUZZ_EXPECT(is_hex(c.response));
    FUZZ_EXPECT(!c.username.empty() && !c.nonce.empty() && !c.uri.empty());
    if (c.qop.empty()) return;
    FUZZ_EXPECT(c.qop == "auth" && !c.cnonce.empty());
    FUZZ_EXPECT(c.nonce_count.size() == 8 && is_hex(c.nonce_count));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view header(reinterpret_cast<const char*>(data), size);

    // A nonce that only its key can sign: whatever is said, nobody gets in.
    tests::FakeClock clock;
    signaling::DigestGuard guard(
        "tessera", *signaling::DigestUsers::parse("anna:secret\n", "users", "tessera"),
        {DigestAlgorithm::Sha256, DigestAlgorithm::Md5}, clock, "the fuzzer does not know this");
    FUZZ_EXPECT(guard.check("INVITE", "sip:demo@127.0.0.1", header) ==
                signaling::DigestGuard::Verdict::Unknown);

    const auto read = signaling::parse_digest(header);
    if (!read) return 0;
    expect_well_formed(*read);
    const std::string expected = signaling::expected_response(
        *read, "INVITE",
        signaling::digest_secret(read->algorithm, read->username, read->realm, "secret"));
    FUZZ_EXPECT(expected.size() == read->response.size() && is_hex(expected));

    // What we understood, we can say again.
    const auto again = signaling::parse_digest(header_of(*read));
    FUZZ_EXPECT(again.has_value());
    FUZZ_EXPECT(again->username == read->username && again->realm == read->realm &&
                again->nonce == read->nonce && again->uri == read->uri &&
                again->response == read->response && again->algorithm == read->algorithm &&
                again->qop == read->qop && again->cnonce == read->cnonce &&
                again->nonce_count == read->nonce_count);
    return 0;
}
