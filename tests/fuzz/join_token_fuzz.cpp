// A join token from anybody who can reach the HTTPS port.
// Covers: signaling/auth/join_token.cpp

#include <string>
#include <string_view>

#include "signaling/auth/join_token.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/unit/signaling/auth/join_tokens.h"

namespace {

using namespace signaling;

const JoinKeys& keys() {
    static const JoinKeys known = [] {
        JoinKeys made;
        FUZZ_EXPECT(made.add(join_tokens::kPublicKey).has_value());
        return made;
    }();
    return known;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto token = verify_join_token(text, keys(), "board", join_tokens::kNow_s);
    if (!token) {
        FUZZ_EXPECT(!token.error().text.empty() && token.error().text.size() < 200);
        return 0;
    }
    FUZZ_EXPECT(token->room == "board");
    FUZZ_EXPECT(token->expires_s > join_tokens::kNow_s);
    FUZZ_EXPECT(token->expires_s <= join_tokens::kNow_s + kLongestTokenLife_s);

    // What we let in, we can sign, and let in again.
    const auto again = sign_join_token(*token, join_tokens::kPrivateKey);
    FUZZ_EXPECT(again.has_value());
    FUZZ_EXPECT(verify_join_token(*again, keys(), "board", join_tokens::kNow_s) == *token);
    return 0;
}
