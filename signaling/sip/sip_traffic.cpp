#include "signaling/sip/sip_traffic.h"

#include <algorithm>

namespace signaling {
namespace {

constexpr std::array<std::string_view, 14> kMethods{
    "INVITE", "ACK",      "BYE",       "CANCEL", "OPTIONS", "INFO",  "UPDATE",
    "PRACK",  "REGISTER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "REFER", "PUBLISH"};

}  // namespace

void SipTraffic::add_request(std::string_view method) {
    const bool known = std::ranges::find(kMethods, method) != kMethods.end();
    ++requests_[std::string(known ? method : "other")];
}

void SipTraffic::add_response(int status) {
    const int hundreds = status / 100;
    ++responses_.at(hundreds >= 1 && hundreds <= 6 ? static_cast<std::size_t>(hundreds) : 0);
}

}  // namespace signaling
