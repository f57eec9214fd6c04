#include "signaling/metrics/call_counter.h"

#include <utility>

namespace signaling {

void CallCounter::admit(const CallRequest& request, Call& call, OnAdmitted done) {
    rooms_.admit(request, call,
                 [this, transport = request.transport, done = std::move(done)](auto result) {
                     if (result) {
                         ++counts_.admitted[transport];
                     } else {
                         ++counts_.refused[result.error().reason];
                     }
                     done(std::move(result));
                 });
}

void CallCounter::resume(const Resumption& former, Call& call, OnResumed done) {
    rooms_.resume(former, call, [this, done = std::move(done)](bool found) {
        ++(found ? counts_.resumed : counts_.lost);
        done(found);
    });
}

void CallCounter::update(const ParticipantId& id, const std::optional<MediaOffer>& offer,
                         OnMedia done) {
    rooms_.update(id, offer, std::move(done));
}

void CallCounter::answered(const ParticipantId& id, const MediaOffer& answer, OnMedia done) {
    rooms_.answered(id, answer, std::move(done));
}

void CallCounter::dtmf(const ParticipantId& id, char digit, common::Duration duration) {
    rooms_.dtmf(id, digit, duration);
}

void CallCounter::picture_fast_update(const ParticipantId& id, const std::string& mid) {
    rooms_.picture_fast_update(id, mid);
}

void CallCounter::left(const ParticipantId& id, const Ending& ending) {
    ++counts_.ended[ending.cause];
    rooms_.left(id, ending);
}

}  // namespace signaling
