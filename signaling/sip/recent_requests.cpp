#include "signaling/sip/recent_requests.h"

namespace signaling {

std::size_t RecentRequests::look(common::Timestamp now, std::uint64_t total) {
    looks_.push_back({now, total});
    while (looks_.size() > 1 && now - looks_[1].at >= kRemembered) looks_.pop_front();
    // What came before the first look of all is recent, too.
    const bool whole = now - looks_.front().at >= kRemembered;
    return static_cast<std::size_t>(total - (whole ? looks_.front().total : 0));
}

}  // namespace signaling
