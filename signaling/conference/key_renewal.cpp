#include "signaling/conference/key_renewal.h"

namespace signaling {

void KeyRenewal::heard(std::uint64_t packets, bool reported) {
    heard_ = heard_ || packets > 0;
    reported_ = reported_ || reported;
}

void KeyRenewal::begin_anew() {
    reported_before_ = reported_before_ || reported_;
    heard_ = reported_ = false;
    since_.reset();
}

void KeyRenewal::agreed(common::Timestamp now) {
    since_ = now;
}

void KeyRenewal::pause(common::Timestamp now) {
    if (since_) since_ = now;
}

std::optional<std::string> KeyRenewal::complaint(common::Timestamp now) const {
    if (!since_) return std::nullopt;
    const common::Duration waited = now - *since_;
    if (!heard_ && waited >= kUnheardFor) return "nothing came under the new keys";
    if (heard_ && !reported_ && reported_before_ && waited >= kDeafFor) {
        return "it reports nothing of what is sent under the new keys";
    }
    return std::nullopt;
}

}  // namespace signaling
