#include "signaling/conference/participant.h"

#include <algorithm>

namespace signaling {

bool Participant::takes_media() const {
    return std::ranges::any_of(session.media,
                               [](const SessionMedia& m) { return sends(m.direction); });
}

bool Participant::media_expected() const {
    if (took_media && !takes_media()) return false;
    return std::ranges::any_of(session.media,
                               [](const SessionMedia& m) { return receives(m.direction); });
}

const std::string& Participant::told_address(const LocalMedia& opened) const {
    const std::string& named = request.public_address;
    return !named.empty() && is_ipv6(named) == is_ipv6(opened.address) ? named : opened.address;
}

bool Participant::told_otherwise() const {
    return std::ranges::any_of(ours.media, [this](const AnsweredMedia& medium) {
        if (!medium.accepted) return false;
        const auto opened = local.find(medium.mid);
        if (opened == local.end()) return false;
        const LocalMedia& now = opened->second;
        return medium.address != told_address(now) || medium.rtp_port != now.rtp_port ||
               medium.ssrc != now.ssrc || medium.rtcp_port != now.rtcp_port ||
               (medium.security.setup && medium.security.fingerprint != now.fingerprint);
    });
}

bool Participant::fill_addresses(MediaAnswer& answer) const {
    bool complete = true;
    for (AnsweredMedia& medium : answer.media) {
        if (!medium.accepted) continue;
        const auto opened = local.find(medium.mid);
        if (opened == local.end()) {
            complete = false;
            continue;
        }
        medium.address = told_address(opened->second);
        medium.rtp_port = opened->second.rtp_port;
        medium.rtcp_port = opened->second.rtcp_port;
        medium.ssrc = opened->second.ssrc;
        medium.cname = opened->second.cname;
        medium.rtx_ssrc = opened->second.rtx_ssrc;
        if (!medium.security.setup) continue;
        medium.security.fingerprint = opened->second.fingerprint;
        const bool needed = medium.security.agreed == KeyExchange::Dtls;
        if (needed && medium.security.fingerprint.empty()) complete = false;
    }
    return complete;
}

std::string Participant::failure_of(const std::string& mid) const {
    if (!statistics) return {};
    const auto found = std::ranges::find(statistics->streams, mid, &StreamStatistics::mid);
    return found == statistics->streams.end() ? std::string() : found->failure;
}

void Participant::take_local(const std::map<std::string, LocalMedia>& opened) {
    std::erase_if(flowing, [&](const std::string& mid) {
        const auto before = local.find(mid);
        const auto now = opened.find(mid);
        return now == opened.end() || before == local.end() || before->second != now->second;
    });
    for (const auto& [mid, medium] : opened) local[mid] = medium;
}

void Participant::forget_keys() {
    for (SessionMedia& medium : session.media) {
        if (medium.security.kind == SessionSecurity::Kind::None) continue;
        medium.security = {};
        medium.security.kind = SessionSecurity::Kind::Pending;
    }
}

void Participant::media_flow(const MediaFlow& flow, common::Timestamp now) {
    switch (flow.state) {
        case MediaFlow::State::Started:
        case MediaFlow::State::Resumed:
            flowing.insert(flow.mid);
            break;
        case MediaFlow::State::Stopped:
            flowing.erase(flow.mid);
            break;
        case MediaFlow::State::Frozen:  // packets may still come: the picture stands still
            return;
    }
    last_sign = now;
}

void Participant::take_statistics(const SessionStatistics& read, common::Timestamp now) {
    std::uint64_t packets = 0;
    for (const StreamStatistics& stream : read.streams) packets += stream.packets_heard;
    if (packets != packets_heard) last_sign = now;
    packets_heard = packets;
    key_renewal.heard(packets, std::ranges::any_of(read.streams, [](const StreamStatistics& s) {
                          return s.round_trip_ms > 0;
                      }));
    statistics = read;
}

common::Duration Participant::silent_for(common::Timestamp now) const {
    if (media_expected() && !flowing.empty()) return {};
    return now - last_sign;
}

}  // namespace signaling
