#include "signaling/sdp/sdp_writer.h"

#include <string_view>

namespace signaling {
namespace {

class SdpText {
  public:
    void line(char letter, std::string_view value) {
        text_ += letter;
        text_ += '=';
        for (const char c : value) text_ += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
        text_ += "\r\n";
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

std::string address_words(const SdpAddress& address) {
    return (address.ipv6 ? "IN IP6 " : "IN IP4 ") + address.address;
}

void write_section(SdpText& text, const std::optional<SdpAddress>& connection,
                   const std::vector<SdpBandwidth>& bandwidths) {
    if (connection) text.line('c', address_words(*connection));
    for (const auto& b : bandwidths) text.line('b', b.type + ":" + std::to_string(b.value));
}

void write_attributes(SdpText& text, const std::vector<SdpAttribute>& attributes) {
    for (const auto& a : attributes) {
        text.line('a', a.value.empty() ? a.name : a.name + ":" + a.value);
    }
}

}  // namespace

std::string write_sdp(const SessionDescription& description) {
    SdpText text;
    const auto& o = description.origin;
    text.line('v', "0");
    text.line('o',
              o.username + " " + o.session_id + " " + o.version + " " + address_words(o.address));
    text.line('s', description.name.empty() ? "-" : description.name);
    write_section(text, description.connection, description.bandwidths);
    text.line('t', "0 0");
    write_attributes(text, description.attributes);
    for (const auto& m : description.media) {
        std::string words = m.media + " " + std::to_string(m.port) + " " + m.protocol;
        for (const auto& format : m.formats) words += " " + format;
        text.line('m', words);
        write_section(text, m.connection, m.bandwidths);
        write_attributes(text, m.attributes);
    }
    return text.take();
}

}  // namespace signaling
