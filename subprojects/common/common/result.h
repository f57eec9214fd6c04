#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace common {

/// What kind of trouble the world gave us. The sentence beside it is for people; this is for
/// branches.
enum class ErrorCode : std::uint8_t {
    InvalidArgument,  ///< what was given makes no sense (a configuration key, a request, a file)
    NotFound,         ///< a room, a file, a session that does not exist
    AlreadyExists,    ///< a duplicate id, a port already taken
    LimitReached,     ///< a bounded thing is full; trying again later may work
    Unsupported,      ///< well-formed, and something we do not do
    Unavailable,      ///< a remote side or device is away
    StaleFence,       ///< the caller's epoch or incarnation is no longer the owner
    Io,               ///< the operating system refused
    Internal,         ///< a library failed in a way we did not foresee
};

/// The world's errors (style.md, section 4): a code, and a sentence that names what was wrong and
/// where.
struct Error {
    ErrorCode code;
    std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorCode::NotFound, "room 'x' does not exist");`
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// Adds the floor's context in front: `open recording 'x.mkv': no space left`.
[[nodiscard]] inline tl::unexpected<Error> fail_in(const std::string& context, Error error) {
    error.message = context + ": " + error.message;
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace common
