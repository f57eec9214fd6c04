#include "signaling/sip/info_body.h"

#include <algorithm>
#include <string_view>

#include "signaling/conference/tokens.h"

namespace signaling {
namespace {

std::optional<char> digit_of(std::string_view signal) {
    constexpr std::string_view kDigits = "0123456789*#ABCD";
    // Some gateways send the event numbers of RFC 4733 for star and hash.
    if (signal == "10") return '*';
    if (signal == "11") return '#';
    if (signal.size() != 1) return std::nullopt;
    const char c =
        signal[0] >= 'a' && signal[0] <= 'd' ? static_cast<char>(signal[0] - 'a' + 'A') : signal[0];
    return kDigits.find(c) == std::string_view::npos ? std::nullopt : std::optional(c);
}

common::Duration duration_of(std::string_view text) {
    constexpr std::uint32_t kLongestMs = 60'000;
    const std::uint32_t ms = parse_number<std::uint32_t>(text).value_or(0);
    return std::chrono::milliseconds(std::min(ms, kLongestMs));
}

// Lines of name=value, in any order; a line without '=' is the digit itself.
InfoMeaning read_digit(std::string_view text) {
    std::optional<char> digit;
    common::Duration duration{};
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        if (line.ends_with('\r')) line.remove_suffix(1);
        const bool bare = line.find('=') == std::string_view::npos;
        const std::string_view name = bare ? "signal" : trim(take_until(line, '='));
        const std::string_view value = trim(line);
        if (value.empty()) continue;
        if (equal_no_case(name, "signal")) digit = digit_of(value);
        if (equal_no_case(name, "duration")) duration = duration_of(value);
    }
    if (!digit) return InfoMalformed{};
    return InfoDigit{*digit, duration};
}

InfoMeaning read_media_control(std::string_view text) {
    // The one primitive of RFC 5168 that is used; a tag, so that a comment about it does not count.
    for (const std::string_view tag :
         {"<picture_fast_update/>", "<picture_fast_update />", "<picture_fast_update>"}) {
        if (text.find(tag) != std::string_view::npos) return InfoPictureFastUpdate{};
    }
    return text.find("<media_control") == std::string_view::npos ? InfoMeaning(InfoMalformed{})
                                                                 : InfoMeaning(InfoNothing{});
}

}  // namespace

InfoMeaning read_info(const SipBody& body) {
    if (body.empty()) return InfoNothing{};
    if (!body.encoding.empty()) return InfoUnknownType{};
    if (body.type == "application/dtmf-relay" || body.type == "application/dtmf") {
        return read_digit(body.text);
    }
    if (body.type == "application/media_control+xml") return read_media_control(body.text);
    return InfoUnknownType{};
}

SipBody picture_fast_update_body() {
    return {"application/media_control+xml", "",
            "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\r\n"
            "<media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder>"
            "</vc_primitive></media_control>\r\n"};
}

}  // namespace signaling
