#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace signaling {

/// What is wrong with a message of the page (docs/websocket.md). A close code: the envelope is
/// broken, and with it the connection; 0: this one message is answered with an error.
struct PageFault {
    std::uint16_t close = 0;
    std::string code = "bad_message";
    std::string text;
    std::uint64_t n = 0;  ///< of the message, where that is known
};

/// One message of the page: of a known type, with the members that the schema wants and none of a
/// wrong type. Members that the schema does not name are still in it, and mean nothing.
struct PageMessage {
    std::string type;
    std::uint64_t n = 0;  ///< 0: an ack, which has none
    std::uint64_t ack = 0;

    [[nodiscard]] bool has(std::string_view member) const;
    [[nodiscard]] bool is_null(std::string_view member) const;
    /// Empty where it is not there, or null.
    [[nodiscard]] std::string text(std::string_view member) const;
    /// False where it is not there, or null.
    [[nodiscard]] bool flag(std::string_view member) const;

    struct Body;
    std::shared_ptr<const Body> body;  ///< its JSON
};

/// Nesting beyond 16 is a broken envelope (4001), seen before anything is built of it.
[[nodiscard]] tl::expected<PageMessage, PageFault> read_page_message(const std::string& text);

}  // namespace signaling
