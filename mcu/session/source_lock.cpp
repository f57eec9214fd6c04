#include "mcu/session/source_lock.h"

#include <utility>

namespace mcu {

using common::Timestamp;

void SourceLock::relearn(Timestamp now) {
    if (!locked()) return;
    learning_until_ = now + kLearningTime;
    forget_candidates();
}

SourceLock::Admitted SourceLock::admit(RtpPacket packet, bool known_type, const SocketAddress& from,
                                       Timestamp now) {
    Admitted admitted;
    if (from == locked_) {
        admitted.first = std::move(packet);
        return admitted;
    }
    if (!known_type || !may_lock(from, now)) {
        ++foreign_packets_;
        return admitted;
    }
    std::optional<Candidate>* known = find(from, packet.ssrc());
    const bool in_sequence =
        known != nullptr &&
        packet.sequence() == static_cast<std::uint16_t>((*known)->packet.sequence() + 1);
    if (!in_sequence) {
        remember(std::move(packet), from);
        return admitted;
    }
    admitted.first = std::move((*known)->packet);
    admitted.second = std::move(packet);
    known->reset();
    locked_ = from;
    learning_until_ = Timestamp();
    forget_candidates();
    return admitted;
}

const SocketAddress& SourceLock::destination(Timestamp now) const {
    const bool learning = now < learning_until_;
    if (locked() && !(learning && signalled_.valid())) return locked_;
    return signalled_;
}

bool SourceLock::may_lock(const SocketAddress& from, Timestamp now) const {
    return !locked() || now < learning_until_ || from == signalled_;
}

std::optional<SourceLock::Candidate>* SourceLock::find(const SocketAddress& from,
                                                       std::uint32_t ssrc) {
    for (std::optional<Candidate>& candidate : candidates_) {
        if (candidate && candidate->from == from && candidate->packet.ssrc() == ssrc) {
            return &candidate;
        }
    }
    return nullptr;
}

void SourceLock::remember(RtpPacket packet, const SocketAddress& from) {
    if (std::optional<Candidate>* known = find(from, packet.ssrc())) {
        (*known)->packet = std::move(packet);
        ++foreign_packets_;
        return;
    }
    // Round and round: a sprayer with many addresses evicts, but the next two packets in sequence
    // of an honest peer find their place again.
    std::optional<Candidate>& place = candidates_[next_candidate_];
    next_candidate_ = (next_candidate_ + 1) % candidates_.size();
    if (place) ++foreign_packets_;
    place.emplace(Candidate{from, std::move(packet)});
}

void SourceLock::forget_candidates() {
    for (std::optional<Candidate>& candidate : candidates_) {
        if (candidate) ++foreign_packets_;
        candidate.reset();
    }
}

}  // namespace mcu
