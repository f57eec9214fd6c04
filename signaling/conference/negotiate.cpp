#include "signaling/conference/negotiate.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "common/fmtp.h"
#include "signaling/conference/h264_format.h"
#include "signaling/conference/tokens.h"

namespace signaling {
namespace {

// Level 4.0: 1920x1088 at 30 pictures a second is the most we decode.
constexpr std::uint8_t kOurLevelIdc = 0x28;
constexpr const char* kOurOpusFmtp = "useinbandfec=1";
// RFC 7741 6.1: the same most in macroblocks; a canvas has no more than 30 pictures a second.
constexpr const char* kOurVp8Fmtp = "max-fs=8160;max-fr=30";

/// How a codec we may have is spelled in RTP, and its payload type in offers of our own.
struct KnownCodec {
    const char* name;
    int clock_rate_hz;
    int channels;
    std::uint8_t payload_type;
};
constexpr std::array<KnownCodec, 6> kKnown = {{{"opus", 48000, 2, 96},
                                               {"G722", 8000, 1, 9},
                                               {"PCMU", 8000, 1, 0},
                                               {"PCMA", 8000, 1, 8},
                                               {"H264", 90000, 1, 97},
                                               {"VP8", 90000, 1, 100}}};
constexpr std::uint8_t kH264Mode0PayloadType = 98;
constexpr std::uint8_t kDigitsPayloadType = 101;
constexpr int kDigitsClockHz = 8000;

const KnownCodec* find_known(std::string_view name) {
    const auto found = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownCodec& known) {
        return equal_no_case(known.name, name);
    });
    return found == kKnown.end() ? nullptr : &*found;
}

bool is_h264(const MediaCodec& codec) {
    return equal_no_case(codec.name, "H264");
}

bool is_vp8(const MediaCodec& codec) {
    return equal_no_case(codec.name, "VP8");
}

/// We have it, and the peer means the same by it.
bool is_ours(const MediaCodec& offered, const std::vector<std::string>& have) {
    const bool named = std::any_of(have.begin(), have.end(), [&](const std::string& name) {
        return equal_no_case(name, offered.name);
    });
    const KnownCodec* known = named ? find_known(offered.name) : nullptr;
    return known != nullptr && offered.clock_rate_hz == known->clock_rate_hz &&
           offered.channels == known->channels;
}

/// The same with the name as registered: everybody behind us compares it letter by letter.
MediaCodec registered(MediaCodec codec) {
    if (const KnownCodec* known = find_known(codec.name)) codec.name = known->name;
    return codec;
}

/// Lower is better; nothing: we cannot send or read it.
std::optional<int> video_rank(const MediaCodec& codec) {
    constexpr int kAfterAllOthers = 100;
    if (is_vp8(codec)) return kAfterAllOthers;
    const auto format = H264Format::parse(codec.fmtp);
    if (!format || format->packetization_mode > 1) return std::nullopt;
    if (format->profile() == H264Format::Profile::Other) return std::nullopt;
    const int by_mode = format->packetization_mode == 1 ? 0 : 10;
    return by_mode + static_cast<int>(format->profile());
}

const MediaCodec* choose_audio(const OfferedMedia& offered, const Capabilities& have) {
    for (const auto& codec : offered.codecs) {
        if (is_ours(codec, have.audio)) return &codec;
    }
    return nullptr;
}

const MediaCodec* choose_video(const OfferedMedia& offered, const Capabilities& have) {
    const MediaCodec* best = nullptr;
    int best_rank = 0;
    for (const auto& codec : offered.codecs) {
        if (!is_ours(codec, have.video)) continue;
        const auto rank = video_rank(codec);
        if (!rank || (best != nullptr && *rank >= best_rank)) continue;
        best = &codec;
        best_rank = *rank;
    }
    return best;
}

std::string describe_h264(const MediaCodec& codec) {
    const auto id = common::fmtp_parameter(codec.fmtp, "profile-level-id").value_or("no profile");
    const auto mode = common::fmtp_parameter(codec.fmtp, "packetization-mode").value_or("0");
    return codec.name + "(" + std::string(id) + " mode " + std::string(mode) + ")";
}

std::string names_of(const std::vector<MediaCodec>& codecs) {
    constexpr std::size_t kMostNamed = 12;
    std::string names;
    for (std::size_t i = 0; i < std::min(codecs.size(), kMostNamed); ++i) {
        if (i > 0) names += ' ';
        names += is_h264(codecs[i]) ? describe_h264(codecs[i]) : codecs[i].name;
    }
    if (codecs.size() > kMostNamed) names += " ...";
    return names.empty() ? "none" : names;
}

std::string names_of(const std::vector<std::string>& have) {
    std::string names;
    for (const auto& name : have) names += (names.empty() ? "" : " ") + name;
    return names.empty() ? "none" : names;
}

const char* word_for(MediaKind kind) {
    return kind == MediaKind::Audio ? "audio" : "video";
}

std::string our_fmtp(const MediaCodec& offered) {
    if (is_h264(offered)) return H264Format::parse(offered.fmtp)->answer(kOurLevelIdc);
    if (is_vp8(offered)) return kOurVp8Fmtp;
    return equal_no_case(offered.name, "opus") ? kOurOpusFmtp : "";
}

void take_digits(const OfferedMedia& offered, AnsweredMedia& answer) {
    // RFC 4733 2.1: events run on the clock of their audio; a peer with another rate means it.
    const auto& events = offered.telephone_events;
    if (events.empty()) return;
    auto fitting = std::find_if(events.begin(), events.end(), [&](const MediaCodec& e) {
        return e.clock_rate_hz == answer.send.clock_rate_hz;
    });
    if (fitting == events.end()) fitting = events.begin();
    answer.telephone_event_pt = fitting->payload_type;
    answer.telephone_event_clock_hz = fitting->clock_rate_hz;
}

void accept(const OfferedMedia& offered, const MediaCodec& chosen, const Capabilities& have,
            AnsweredMedia& answer) {
    answer.accepted = true;
    answer.direction = reversed(offered.direction);
    answer.send = registered(chosen);
    MediaCodec receive = answer.send;
    receive.fmtp = our_fmtp(chosen);
    answer.receive = {std::move(receive)};
    answer.rtcp_mux = offered.rtcp_mux;
    if (offered.kind == MediaKind::Audio) {
        take_digits(offered, answer);
    } else {
        answer.bandwidth = have.video_bandwidth;
        answer.feedback_pli = offered.feedback_pli;
        answer.feedback_fir = offered.feedback_fir;
        answer.feedback_nack = offered.feedback_nack;
        answer.feedback_tmmbr = offered.feedback_tmmbr;
    }
}

/// Why this medium cannot be taken whatever its codecs; empty: it can.
std::string obstacle(const OfferedMedia& offered, bool kind_taken) {
    if (!offered.usable) return offered.why_not;
    if (offered.kind == MediaKind::Other) return "neither audio nor video";
    if (kind_taken) return std::string("only one ") + word_for(offered.kind) + " is taken";
    if (offered.content != "main" && offered.content != "speaker" && !offered.content.empty()) {
        return "content '" + offered.content + "' is not taken";
    }
    return {};
}

AnsweredMedia answer_one(const OfferedMedia& offered, const Capabilities& have, bool kind_taken,
                         const AnsweredMedia* current) {
    AnsweredMedia answer;
    answer.mid = offered.mid;
    answer.kind = offered.kind;
    answer.content = offered.content;
    answer.why_not = obstacle(offered, kind_taken);
    if (!answer.why_not.empty()) return answer;
    const bool audio = offered.kind == MediaKind::Audio;
    const MediaCodec* chosen = audio ? choose_audio(offered, have) : choose_video(offered, have);
    if (chosen == nullptr) {
        answer.why_not = std::string("no common ") + word_for(offered.kind) + " codec: offered " +
                         names_of(offered.codecs) + ", have " +
                         names_of(audio ? have.audio : have.video);
        return answer;
    }
    auto security = answer_security(offered.security, have.security,
                                    current != nullptr ? &current->security : nullptr);
    if (!security) {
        answer.why_not = std::move(security.error());
        return answer;
    }
    answer.security = *std::move(security);
    accept(offered, *chosen, have, answer);
    return answer;
}

const AnsweredMedia* find_mid(const MediaAnswer* answer, const std::string& mid) {
    if (answer == nullptr) return nullptr;
    const auto found = std::ranges::find(answer->media, mid, &AnsweredMedia::mid);
    return found == answer->media.end() || !found->accepted ? nullptr : &*found;
}

bool any_accepted(const MediaAnswer& answer) {
    return std::any_of(answer.media.begin(), answer.media.end(),
                       [](const AnsweredMedia& m) { return m.accepted; });
}

Refusal nothing_left(const MediaAnswer& answer) {
    std::string text;
    for (const auto& medium : answer.media) {
        if (medium.why_not.empty() || text.find(medium.why_not) != std::string::npos) continue;
        text += (text.empty() ? "" : "; ") + medium.why_not;
    }
    return {RefusalReason::NotAcceptable, text.empty() ? "no audio or video offered" : text, 0};
}

// ---- our own offers

bool payload_type_taken(const AnsweredMedia& medium, std::uint8_t payload_type) {
    const bool is_digits = payload_type != 0 && payload_type == medium.telephone_event_pt;
    return is_digits ||
           std::any_of(medium.receive.begin(), medium.receive.end(),
                       [&](const MediaCodec& c) { return c.payload_type == payload_type; });
}

std::uint8_t free_payload_type(const AnsweredMedia& medium, std::uint8_t wanted) {
    if (!payload_type_taken(medium, wanted)) return wanted;
    std::uint8_t candidate = 102;
    while (payload_type_taken(medium, candidate)) ++candidate;
    return candidate;
}

bool same_format(const MediaCodec& a, const MediaCodec& b) {
    if (!equal_no_case(a.name, b.name) || a.clock_rate_hz != b.clock_rate_hz) return false;
    if (!is_h264(a)) return true;
    const auto x = H264Format::parse(a.fmtp);
    const auto y = H264Format::parse(b.fmtp);
    return x && y && x->matches(*y);
}

/// Which of our formats an answer means.
const MediaCodec* find_match(const std::vector<MediaCodec>& ours, const MediaCodec& theirs) {
    const auto find = [&](auto&& means) {
        const auto found = std::find_if(ours.begin(), ours.end(), means);
        return found == ours.end() ? nullptr : &*found;
    };
    // Without any parameters it says nothing about the mode; that it repeats our number does.
    if (is_h264(theirs) && theirs.fmtp.empty()) {
        const auto* numbered = find([&](const MediaCodec& c) {
            return is_h264(c) && c.payload_type == theirs.payload_type;
        });
        if (numbered != nullptr) return numbered;
    }
    return find([&](const MediaCodec& c) { return same_format(c, theirs); });
}

void append_codec(AnsweredMedia& medium, MediaCodec codec) {
    const bool there = std::any_of(medium.receive.begin(), medium.receive.end(),
                                   [&](const MediaCodec& c) { return same_format(c, codec); });
    if (there) return;
    codec.payload_type = free_payload_type(medium, codec.payload_type);
    medium.receive.push_back(std::move(codec));
}

std::string h264_offer_fmtp(int packetization_mode) {
    // Constrained Baseline: what everybody decodes, and what shares its encoder with most.
    return H264Format{{0x42, 0xe0, kOurLevelIdc}, true, packetization_mode, true}.answer(
        kOurLevelIdc);
}

void append_all(AnsweredMedia& medium, const std::vector<std::string>& have) {
    for (const auto& name : have) {
        const KnownCodec* known = find_known(name);
        if (known == nullptr) continue;
        MediaCodec codec{
            known->name, known->payload_type, known->clock_rate_hz, known->channels, {}};
        if (is_h264(codec)) {
            codec.fmtp = h264_offer_fmtp(1);
            append_codec(medium, codec);
            codec.payload_type = kH264Mode0PayloadType;
            codec.fmtp = h264_offer_fmtp(0);
        } else if (is_vp8(codec)) {
            codec.fmtp = kOurVp8Fmtp;
        } else if (equal_no_case(name, "opus")) {
            codec.fmtp = kOurOpusFmtp;
        }
        append_codec(medium, std::move(codec));
    }
}

void offer_all(AnsweredMedia& medium, const Capabilities& have) {
    const bool audio = medium.kind == MediaKind::Audio;
    medium.direction = MediaDirection::SendRecv;
    medium.send = {};
    append_all(medium, audio ? have.audio : have.video);
    if (audio && medium.telephone_event_pt == 0) {
        medium.telephone_event_pt = free_payload_type(medium, kDigitsPayloadType);
        medium.telephone_event_clock_hz = kDigitsClockHz;
    }
    if (!audio) {
        medium.bandwidth = have.video_bandwidth;
        medium.feedback_pli = true;
        medium.feedback_fir = true;
        medium.feedback_nack = true;
        medium.feedback_tmmbr = true;
    }
}

AnsweredMedia new_medium(std::string mid, MediaKind kind, const Capabilities& have) {
    AnsweredMedia medium;
    medium.mid = std::move(mid);
    medium.kind = kind;
    medium.accepted = true;
    medium.rtcp_mux = true;
    medium.security = offer_security(have.security);
    offer_all(medium, have);
    return medium;
}

// ---- the peer's answer to them

AnsweredMedia declined(const AnsweredMedia& ours, std::string why) {
    AnsweredMedia medium;
    medium.mid = ours.mid;
    medium.kind = ours.kind;
    medium.content = ours.content;
    medium.why_not = std::move(why);
    return medium;
}

AnsweredMedia settle_one(const AnsweredMedia& ours, const OfferedMedia& theirs) {
    if (!ours.accepted) return declined(ours, ours.why_not);
    if (!theirs.usable) return declined(ours, theirs.why_not);
    AnsweredMedia settled = ours;
    settled.receive.clear();
    settled.send = {};
    for (const auto& codec : theirs.codecs) {
        const MediaCodec* match = find_match(ours.receive, codec);
        if (match == nullptr) continue;
        // RFC 3264 6.1: each side is sent the payload type that it wrote itself.
        if (settled.send.name.empty()) settled.send = registered(codec);
        settled.receive.push_back(*match);
    }
    if (settled.receive.empty()) {
        return declined(ours, std::string("the answer has none of our ") + word_for(ours.kind) +
                                  " codecs: answered " + names_of(theirs.codecs));
    }
    auto security = settle_security(ours.security, theirs.security);
    if (!security) return declined(ours, std::move(security.error()));
    settled.security = *std::move(security);
    settled.direction = make_direction(sends(ours.direction) && receives(theirs.direction),
                                       receives(ours.direction) && sends(theirs.direction));
    settled.rtcp_mux = ours.rtcp_mux && theirs.rtcp_mux;
    settled.feedback_pli = theirs.feedback_pli;
    settled.feedback_fir = theirs.feedback_fir;
    settled.feedback_nack = theirs.feedback_nack;
    settled.feedback_tmmbr = theirs.feedback_tmmbr;
    if (theirs.telephone_events.empty()) settled.telephone_event_pt = 0;
    return settled;
}

}  // namespace

tl::expected<MediaAnswer, Refusal> negotiate(const MediaOffer& offer, const Capabilities& have,
                                             const MediaAnswer* current) {
    MediaAnswer answer;
    bool audio_taken = false;
    bool video_taken = false;
    for (const auto& offered : offer.media) {
        bool& taken = offered.kind == MediaKind::Audio ? audio_taken : video_taken;
        answer.media.push_back(answer_one(offered, have, taken, find_mid(current, offered.mid)));
        taken = taken || answer.media.back().accepted;
    }
    if (!any_accepted(answer)) return tl::unexpected(nothing_left(answer));
    return answer;
}

MediaAnswer make_offer(const Capabilities& have) {
    MediaAnswer offer;
    if (!have.audio.empty()) offer.media.push_back(new_medium("0", MediaKind::Audio, have));
    if (!have.video.empty()) {
        offer.media.push_back(
            new_medium(std::to_string(offer.media.size()), MediaKind::Video, have));
    }
    return offer;
}

MediaAnswer make_offer(const Capabilities& have, const MediaAnswer& current) {
    MediaAnswer offer = current;
    for (auto& medium : offer.media) {
        if (!medium.accepted) continue;
        offer_all(medium, have);
        medium.security = offer_security_again(medium.security);
    }
    return offer;
}

tl::expected<MediaAnswer, Refusal> settle(const MediaAnswer& ours, const MediaOffer& answer) {
    if (answer.media.size() > ours.media.size()) {
        return tl::unexpected(
            Refusal{RefusalReason::NotAcceptable, "the answer has more media than our offer", 0});
    }
    MediaAnswer settled;
    for (std::size_t i = 0; i < ours.media.size(); ++i) {
        settled.media.push_back(i < answer.media.size()
                                    ? settle_one(ours.media[i], answer.media[i])
                                    : declined(ours.media[i], "left out of the answer"));
    }
    if (!any_accepted(settled)) return tl::unexpected(nothing_left(settled));
    return settled;
}

}  // namespace signaling
