// What we read ourselves of a SIP message: Authorization, the caller's name, the body of INFO, the
// parameters of the URI that was dialled, the request's identity at the gate. The first byte
// chooses which. Covers: signaling/auth/digest_credentials.cpp signaling/sip/caller_names.cpp
// Covers: signaling/sip/info_body.cpp

#include <string>
#include <string_view>

#include "signaling/auth/digest_credentials.h"
#include "signaling/sip/caller_names.h"
#include "signaling/sip/info_body.h"
#include "signaling/sip/peer_flow.h"
#include "signaling/sip/stranger_table.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

void read_digest(std::string_view text) {
    const auto said = signaling::parse_digest(text);
    if (!said) return;
    FUZZ_EXPECT(!said->username.empty());
    const std::string wanted = signaling::expected_response(*said, "INVITE", "secret");
    FUZZ_EXPECT(wanted.size() ==
                (said->algorithm == signaling::DigestAlgorithm::Sha256 ? 64U : 32U));
}

std::string_view line_of(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    return line;
}

void read_names(std::string_view text) {
    const std::string_view display = line_of(text);
    const std::string_view user = line_of(text);
    FUZZ_EXPECT(signaling::percent_decoded(user).size() <= user.size());
    const std::string name = signaling::caller_name(display, user, text);
    FUZZ_EXPECT(name == signaling::caller_name(display, user, text));
}

void read_uri(std::string_view text) {
    const std::string layout = signaling::uri_parameter(text, "layout");
    FUZZ_EXPECT(layout.size() <= 255);
    // What is not ours does not change it.
    FUZZ_EXPECT(signaling::uri_parameter("user=phone;" + std::string(text), "layout") == layout);
    const std::string flow = "sip:" + std::string(text) + ";transport=tcp";
    FUZZ_EXPECT(signaling::connection_of(flow) == text);
}

void read_info_body(std::string_view text) {
    signaling::SipBody body;
    body.type = std::string(line_of(text));
    body.text = std::string(text);
    const auto meaning = signaling::read_info(body);
    if (const auto* digit = std::get_if<signaling::InfoDigit>(&meaning)) {
        FUZZ_EXPECT(std::string_view("0123456789*#ABCD").find(digit->digit) !=
                    std::string_view::npos);
        FUZZ_EXPECT(digit->duration.count() >= 0);
    }
}

void pass_gate(std::string_view text) {
    signaling::StrangerTable strangers({.places = 8, .of_one_source = 4, .unconfirmed_calls = 2});
    common::Timestamp now;
    while (!text.empty()) {
        const std::string line(line_of(text));
        signaling::MessageSource source;
        source.bytes[15] = static_cast<std::uint8_t>(line.size() % 4);
        static_cast<void>(strangers.let_in({line, 1, line.size() % 3 == 0 ? "ACK" : "INVITE", "b"},
                                           source,
                                           static_cast<signaling::Standing>(line.size() % 3), now));
        if (line.size() % 5 == 0) strangers.joined(line);
        if (line.size() % 2 == 0) strangers.confirmed(line);
        if (line.size() % 7 == 0) strangers.left(line);
        now = now + std::chrono::seconds(line.size() % 11);
        FUZZ_EXPECT(strangers.taken() <= 8);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == 'u') {
        read_uri(text);
        return 0;
    }
    switch (data[0] % 4) {
        case 0:
            read_digest(text);
            break;
        case 1:
            read_names(text);
            break;
        case 2:
            read_info_body(text);
            break;
        default:
            pass_gate(text);
    }
    return 0;
}
