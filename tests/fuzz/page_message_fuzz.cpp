// Messages of a page, from anybody who can reach the HTTPS port.
// Covers: signaling/webrtc/page_message.cpp

#include <string>

#include "signaling/webrtc/page_message.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace signaling;
    const auto message = read_page_message({reinterpret_cast<const char*>(data), size});
    if (!message) {
        FUZZ_EXPECT(!message.error().text.empty() && !message.error().code.empty());
        FUZZ_EXPECT(message.error().close == 0 || message.error().close == 4001);
        FUZZ_EXPECT((message.error().close == 0) == (message.error().n != 0) ||
                    message.error().code == "bad_message");
        return 0;
    }
    FUZZ_EXPECT((message->type == "ack") == (message->n == 0));
    FUZZ_EXPECT(message->has("type") && message->text("type") == message->type);
    FUZZ_EXPECT(message->type != "chat" || !message->text("text").empty());
    FUZZ_EXPECT(message->type != "join" || !message->text("name").empty());
    FUZZ_EXPECT(message->type != "layout" ||
                message->is_null("name") == message->text("name").empty());
    FUZZ_EXPECT(message->type != "hand" || message->has("raised"));
    static_cast<void>(message->flag("raised"));
    return 0;
}
