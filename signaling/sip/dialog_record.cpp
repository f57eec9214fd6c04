// A dialog as one line of JSON, and back.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "signaling/sip/dialog_journal.h"

// Fields that a line does not have keep their defaults; those of the wrong type throw, which
// `read_line` catches.
namespace common {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Fingerprint, hash, bytes)

static void to_json(nlohmann::json& j, const Bitrate& rate) {
    j = rate.bps();
}
static void from_json(const nlohmann::json& j, Bitrate& rate) {
    rate = Bitrate::from_bps(j.get<std::int64_t>());
}
}  // namespace common

namespace signaling {

using nlohmann::json;

namespace {

constexpr int kVersion = 1;

int number_of(const std::optional<DtlsSetup>& setup) {
    return setup ? static_cast<int>(*setup) : -1;
}

std::optional<DtlsSetup> setup_of(const json& j) {
    const int number = j.value("setup", -1);
    if (number < 0) return std::nullopt;
    return static_cast<DtlsSetup>(number);
}

// Of the keys themselves nothing is written: calls that have some are not kept.
std::string without_keys(const std::string& sdp) {
    std::string kept;
    for (std::size_t at = 0; at < sdp.size();) {
        const std::size_t end = std::min(sdp.find('\n', at), sdp.size() - 1) + 1;
        if (sdp.compare(at, 9, "a=crypto:") != 0) kept.append(sdp, at, end - at);
        at = end;
    }
    return kept;
}

}  // namespace

static void to_json(json& j, const OfferedSecurity& s) {
    j = {{"profile", s.profile}, {"fingerprints", s.fingerprints}, {"setup", number_of(s.setup)}};
}
static void from_json(const json& j, OfferedSecurity& s) {
    s.profile = j.value("profile", s.profile);
    s.fingerprints = j.value("fingerprints", s.fingerprints);
    s.setup = setup_of(j);
}
static void to_json(json& j, const AnsweredSecurity& s) {
    j = {{"agreed", s.agreed},
         {"required", s.required},
         {"fingerprint", s.fingerprint},
         {"setup", number_of(s.setup)}};
}
static void from_json(const json& j, AnsweredSecurity& s) {
    s.agreed = j.value("agreed", s.agreed);
    s.required = j.value("required", s.required);
    s.fingerprint = j.value("fingerprint", s.fingerprint);
    s.setup = setup_of(j);
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MediaCodec, name, payload_type, clock_rate_hz,
                                                channels, fmtp)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(OfferedMedia, mid, kind, content, label, direction,
                                                usable, why_not, address, rtp_port, rtcp_port,
                                                rtcp_mux, codecs, telephone_events, bandwidth,
                                                ptime_ms, feedback_pli, feedback_fir, feedback_nack,
                                                feedback_tmmbr, security)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MediaOffer, media, bandwidth)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(AnsweredMedia, mid, kind, content, accepted,
                                                why_not, direction, receive, send,
                                                telephone_event_pt, telephone_event_clock_hz,
                                                bandwidth, rtcp_mux, feedback_pli, feedback_fir,
                                                feedback_nack, feedback_tmmbr, security, address,
                                                rtp_port, rtcp_port, ssrc, cname)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MediaAnswer, media)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(CallRequest, room, display_name, remote_uri,
                                                user_agent, authenticated, protocol, transport,
                                                secure_signalling, media_encryption, remote_address,
                                                local_address, public_address, layout)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SipDialogState, call_id, local_uri, local_tag,
                                                remote_uri, remote_tag, remote_target, route_set,
                                                remote_cseq, local_cseq, contact, flow)

namespace {

constexpr std::int64_t kLongestS = std::int64_t{366} * 24 * 3600;

/// Nothing that is measured in seconds here is longer.
std::chrono::seconds bounded(std::int64_t seconds) {
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kLongestS));
}

// A number that names nothing would be obeyed as something.
bool is_known(const std::optional<DtlsSetup>& setup) {
    return !setup || *setup <= DtlsSetup::ActPass;
}
bool is_known(const OfferedMedia& m) {
    return m.kind <= MediaKind::Other && m.direction <= MediaDirection::Inactive &&
           m.security.profile <= OfferedSecurity::Profile::SecureByDtls &&
           is_known(m.security.setup) &&
           std::ranges::all_of(m.security.fingerprints, [](const common::Fingerprint& f) {
               return f.hash <= common::Fingerprint::Hash::Sha512;
           });
}
// Keys by SDES are in no journal: a call that has some was not kept.
bool is_known(const AnsweredMedia& m) {
    const KeyExchange agreed = m.security.agreed;
    return m.kind <= MediaKind::Other && m.direction <= MediaDirection::Inactive &&
           (agreed == KeyExchange::None || agreed == KeyExchange::Dtls) &&
           is_known(m.security.setup);
}
bool is_known(const DialogRecord& record) {
    return record.call.request.media_encryption <= MediaEncryption::Required &&
           std::ranges::all_of(record.call.peer_media.media,
                               [](const OfferedMedia& m) { return is_known(m); }) &&
           std::ranges::all_of(record.call.our_media.media,
                               [](const AnsweredMedia& m) { return is_known(m); });
}

}  // namespace

std::string line_of(const DialogRecord& record, std::int64_t unix_s) {
    const SipCallState& call = record.call;
    const auto seconds = [](common::Duration d) {
        return std::chrono::duration_cast<std::chrono::seconds>(d).count();
    };
    const json j = {{"version", kVersion},
                    {"participant", call.participant},
                    {"listener", record.listener},
                    {"dialog", record.dialog},
                    {"keep_alive_s", seconds(record.keep_alive)},
                    {"request", call.request},
                    {"peer_media", call.peer_media},
                    {"our_media", call.our_media},
                    {"sdp_session", call.sdp.session_id},
                    {"sdp_version", call.sdp.version},
                    {"sdp_sent", without_keys(call.sdp.last_sent)},
                    {"sdp_offer", without_keys(call.sdp.last_offer)},
                    {"sdp_answer", without_keys(call.sdp.last_answer)},
                    {"interval_s", seconds(call.interval)},
                    {"we_refresh", call.we_refresh},
                    {"refreshed_at_unix_s", unix_s - seconds(call.since_refresh)},
                    {"peer_knows_update", call.peer_knows_update}};
    return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

common::Result<DialogRecord> read_line(const std::string& line, std::int64_t unix_s) {
    // We write none, and the library would cast one of any size to an integer.
    bool fraction = false;
    const auto note_fraction = [&](int, json::parse_event_t, const json& value) {
        fraction = fraction || value.is_number_float();
        return true;
    };
    const json j = json::parse(line, note_fraction, false);
    if (!j.is_object() || fraction)
        return common::fail(common::ErrorCode::InvalidArgument, "not a record");
    DialogRecord record;
    try {
        if (const int version = j.value("version", 0); version != kVersion) {
            return common::fail(
                common::ErrorCode::InvalidArgument,
                "of version " + std::to_string(version) + ", known is " + std::to_string(kVersion));
        }
        record.listener = j.at("listener").get<std::string>();
        record.dialog = j.at("dialog").get<SipDialogState>();
        record.keep_alive = bounded(j.value("keep_alive_s", std::int64_t{0}));
        SipCallState& call = record.call;
        call.participant = j.at("participant").get<std::string>();
        call.request = j.at("request").get<CallRequest>();
        call.peer_media = j.at("peer_media").get<MediaOffer>();
        call.our_media = j.at("our_media").get<MediaAnswer>();
        call.sdp.session_id = j.at("sdp_session").get<std::string>();
        call.sdp.version = j.at("sdp_version").get<std::uint64_t>();
        call.sdp.last_sent = j.at("sdp_sent").get<std::string>();
        call.sdp.last_offer = j.at("sdp_offer").get<std::string>();
        call.sdp.last_answer = j.at("sdp_answer").get<std::string>();
        call.interval = bounded(j.at("interval_s").get<std::int64_t>());
        call.we_refresh = j.at("we_refresh").get<bool>();
        const auto refreshed = j.at("refreshed_at_unix_s").get<std::int64_t>();
        call.since_refresh = bounded(refreshed < 0 ? kLongestS : unix_s - refreshed);
        call.peer_knows_update = j.value("peer_knows_update", false);
    } catch (const json::exception& problem) {
        return common::fail(common::ErrorCode::InvalidArgument, problem.what());
    }
    if (!is_known(record))
        return common::fail(common::ErrorCode::InvalidArgument, "a number that names nothing");
    if (record.call.participant.empty() || record.dialog.call_id.empty())
        return common::fail(common::ErrorCode::InvalidArgument, "it names no dialog");
    return record;
}

}  // namespace signaling
