#include "tools/ctl/token_command.h"

#include "signaling/auth/join_keys.h"
#include "signaling/auth/join_token.h"
#include "signaling/config/settings.h"

namespace ctl {

using common::ErrorCode;

common::Result<std::string> make_token(const TokenOrder& order, const std::string& api_token_file,
                                       std::int64_t now_s) {
    static_assert(std::int64_t{kMostTokenMinutes} * 60 <= signaling::kLongestTokenLife_s);
    const auto role = signaling::role_of_name(order.role);
    if (!role || !signaling::is_room_id(order.room)) {
        return common::fail(ErrorCode::InvalidArgument,
                            "a token names a room's id, and a role: guest, moderator or viewer");
    }
    const auto key = signaling::read_signing_key(
        order.key_file.empty() ? signaling::own_join_key(api_token_file) : order.key_file);
    if (!key) return tl::unexpected(key.error());
    const std::int64_t expires_s = now_s + std::int64_t{order.minutes} * 60;
    auto token = signaling::sign_join_token({order.room, *role, order.name, expires_s}, *key);
    if (!token) return token;
    return *token + "\n";
}

}  // namespace ctl
