#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/result.h"
#include "common/units.h"
#include "signaling/conference/media_offer.h"
#include "signaling/conference/session_bundle.h"
#include "signaling/config/settings.h"

// The media daemon as the rooms see it: plain structs of mcu/control/mcu_control.proto, and the
// interface that signaling/mcu_client implements. What a field means stands in the contract.
namespace signaling {

/// How much the media daemon has to do, measured, and what it gave up for that. Shares are of 1.
struct NodeLoad {
    double cpu_share = 0;  ///< of the cores it may use
    double pool_wait_p95_ms = 0, tick_late_ms = 0;
    double ticks_lost = 0, audio_ticks_lost = 0, pictures_skipped = 0;
    std::uint32_t step = 0;  ///< steps of the overload ladder in force
    std::string step_name;   ///< the last of them; empty: none
    std::uint64_t steps_down = 0, steps_up = 0;
    std::uint32_t capacity_left = 0;
    std::string refusal;  ///< why nobody new is to be let in; empty: they are
    std::uint32_t retry_after_s = 0;
};

struct NodeInfo {
    std::string incarnation;  ///< UUID of the media daemon's life
    std::string version;
    std::vector<std::string> audio_codecs;
    std::vector<std::string> video_codecs;
    std::uint32_t max_sessions = 0;
    bool ipv6 = false;
    NodeLoad load = {};  ///< as it said last, twice a second
};

/// How the media daemon shall protect one medium.
struct SessionSecurity {
    enum class Kind : std::uint8_t { None, Sdes, Dtls, Pending };
    Kind kind = Kind::None;
    common::SrtpKey send, receive;                  ///< Sdes
    bool dtls_client = false;                       ///< Dtls: we begin the handshake
    std::vector<common::Fingerprint> fingerprints;  ///< Dtls: the peer's
    friend bool operator==(const SessionSecurity&, const SessionSecurity&) = default;
};

/// One medium of one session, as the media daemon shall run it.
struct SessionMedia {
    std::string mid;
    MediaKind kind = MediaKind::Audio;
    std::string content = "main";
    MediaDirection direction = MediaDirection::Inactive;  ///< seen from us
    std::string remote_address;
    std::uint16_t remote_rtp_port = 0;
    std::uint16_t remote_rtcp_port = 0;
    bool rtcp_mux = false;
    std::vector<MediaCodec> receive;
    MediaCodec send;  ///< an empty name: nothing is sent
    int ptime_ms = 0;
    std::uint8_t telephone_event_pt = 0;
    int telephone_event_clock_hz = 0;  ///< 0: 8000
    common::Bitrate bandwidth;
    bool feedback_pli = false;
    bool feedback_fir = false;
    bool feedback_nack = false;
    bool feedback_tmmbr = false;
    std::uint64_t relearn = 0;
    std::uint64_t start_asked = 0;
    SessionSecurity security;
    friend bool operator==(const SessionMedia&, const SessionMedia&) = default;
};

struct SessionSpec {
    std::string id;
    std::string display_name;
    std::vector<std::string> roles;
    bool audio_muted = false;
    bool video_muted = false;
    std::string layout;  ///< empty: the conference's
    SelfView self_view = SelfView::ByLayout;
    std::vector<std::string> pinned;
    std::vector<SessionMedia> media;
    std::string local_address;
    /// Of a WebRTC peer; remote addresses are not looked at then.
    std::optional<SessionBundle> bundle = {};
    friend bool operator==(const SessionSpec&, const SessionSpec&) = default;
};

/// The full desired state of one conference.
struct ConferenceSpec {
    std::uint64_t revision = 0;
    std::string default_layout;
    SelfView default_self_view = SelfView::ByLayout;
    common::PictureSize max_size;
    std::vector<std::string> pinned;  ///< for whoever pinned nobody
    bool noise_suppression = true;
    bool level_voices = true;
    std::vector<SessionSpec> sessions;
    friend bool operator==(const ConferenceSpec&, const ConferenceSpec&) = default;
};

/// What the media daemon opened for one medium.
struct LocalMedia {
    std::string session;
    std::string mid;
    std::string address;
    std::uint16_t rtp_port = 0;
    std::uint16_t rtcp_port = 0;
    std::uint32_t ssrc = 0;
    std::string cname;
    std::string fingerprint = {};  ///< of its certificate, as in SDP
    std::uint32_t rtx_ssrc = 0;    ///< of what it repeats (RFC 4588); 0: nothing
    friend bool operator==(const LocalMedia&, const LocalMedia&) = default;
};

/// Where a bundle is reached: candidates, all there are, as a=candidate has them.
struct LocalBundle {
    std::string session;
    std::vector<std::string> candidates;
    friend bool operator==(const LocalBundle&, const LocalBundle&) = default;
};

struct SessionFailure {
    std::string session;
    std::string reason;
};

struct AppliedState {
    std::vector<LocalMedia> local;
    std::vector<SessionFailure> failures;
    std::vector<LocalBundle> bundles = {};
};

struct ClaimedState {
    ConferenceSpec running;
    std::vector<LocalMedia> local;
};

/// A conference that runs in the media daemon, whoever owns it.
struct RunningConference {
    std::string instance;
    std::string room;
    std::uint64_t epoch = 0;
    std::string owner_boot_id;
};

/// Who commands a conference. The media node adds its incarnation and our boot id.
struct Ownership {
    std::string instance;
    std::uint64_t epoch = 0;
};

/// The layouts that rooms can have.
struct LayoutList {
    struct Layout {
        std::string name;
        std::string description;
        std::string file;  ///< empty: compiled into the media daemon
        bool table = false;
        std::uint32_t most_people = 0;
        bool self_view = false;
    };
    /// A mistake in an administrator's file, which changed nothing.
    struct Refused {
        std::string file;
        std::uint32_t line = 0;  ///< 0: the file as a whole
        std::uint32_t column = 0;
        std::string message;
    };
    std::vector<std::string> names;
    std::vector<Layout> layouts;
    std::vector<Refused> refused;
};

struct StreamStatistics {
    std::string mid;
    std::string codec;
    std::uint64_t packets_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t packets_lost = 0;
    std::uint64_t packets_dropped = 0;
    std::map<std::string, std::uint64_t> dropped;  ///< the same by reason
    std::uint64_t pictures_broken = 0;
    std::uint64_t packets_recovered = 0, packets_sent_again = 0;  ///< by generic NACK
    std::uint64_t freezes = 0;
    double longest_repair_ms = 0;
    double jitter_ms = 0;
    std::uint64_t packets_sent = 0;
    std::uint64_t bytes_sent = 0;
    double round_trip_ms = 0;
    double remote_loss_percent = 0;
    std::uint64_t starts_asked = 0;
    std::uint64_t starts_wanted = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    double frames_per_second = 0;
    std::uint64_t packets_heard = 0;  ///< RTP and RTCP of the peer, wanted or not: a sign of life
    std::string failure;              ///< why nothing is sent though it should be; empty: all well
    double concealed_percent = 0;     ///< of the sound heard since the call began
    double playout_delay_ms = 0;
};

struct SessionStatistics {
    std::string session;
    std::vector<StreamStatistics> streams;
    std::string rung;
    bool speaking = false;
    double audio_level_dbfs = 0;
};

/// CPU time that a conference cost the media daemon since it began, in seconds.
struct StageCpu {
    double decode = 0, scale = 0, compose = 0, encode = 0, audio = 0;
};

struct ConferenceStatistics {
    std::uint32_t sessions = 0;
    std::uint32_t views = 0;
    std::uint32_t encoders = 0;
    std::uint32_t splice_contexts = 0;  ///< open beside the encoders, for starts
    std::uint64_t encoders_opened = 0;
    std::uint64_t key_pictures = 0;
    std::uint64_t splice_pictures = 0;
    std::uint64_t pictures_encoded = 0;
    std::uint64_t pictures_skipped = 0;  ///< their encoder was still at the one before
    std::uint64_t sounds_encoded = 0;    ///< packets of 20 ms, for however many who hear the same
    std::uint64_t late_ticks = 0;        ///< video ticks that the node skipped
    double drawn_after_ms = 0;           ///< after the video tick's time, lately
    StageCpu cpu;
    std::map<std::string, std::uint64_t> encoders_by_rung;
    std::vector<SessionStatistics> per_session;
};

struct SpeakersRanked {
    std::vector<std::string> sessions;
};
struct DigitReceived {
    char digit = 0;
    common::Duration duration{};
};
struct MediaFlow {
    enum class State : std::uint8_t { Started, Stopped, Frozen, Resumed };
    std::string mid;
    State state = State::Started;
};
struct KeyFrameWanted {
    std::string mid;
};
struct SessionEnded {
    std::string reason;
};

struct NodeEvent {
    std::string instance;
    std::string session;  ///< empty: the conference's
    std::variant<SpeakersRanked, DigitReceived, MediaFlow, KeyFrameWanted, ConferenceStatistics,
                 SessionEnded, NodeLoad>
        what;
};

/// What happens at the media daemon. Thread: signald's loop.
class MediaNodeObserver {
  public:
    virtual ~MediaNodeObserver() = default;
    /// The node is there; `info.incarnation` tells whether it is the one that was there before.
    virtual void node_up(const NodeInfo& info) = 0;
    /// The node is away. Every reply outstanding was failed before.
    virtual void node_down(const std::string& why) = 0;
    virtual void node_event(const NodeEvent& event) = 0;
};

/// Commands to the media daemon.
///
/// Thread: signald's loop, callbacks too. A callback comes exactly once, never from within the
/// call, and not after
///         the node's destruction.
/// Errors: Unavailable (away, or too late), StaleFence (somebody else owns the conference, or the
/// daemon was
///         restarted), NotFound, or what the daemon said.
class MediaNode {
  public:
    template <typename T>
    using Reply = std::function<void(common::Result<T>)>;

    virtual ~MediaNode() = default;
    /// Null while the node is away.
    [[nodiscard]] virtual const NodeInfo* info() const = 0;
    [[nodiscard]] virtual const std::string& boot_id() const = 0;
    virtual void list_conferences(Reply<std::vector<RunningConference>> done) = 0;
    virtual void claim(const Ownership& owner, const std::string& room,
                       Reply<ClaimedState> done) = 0;
    virtual void apply(const Ownership& owner, const ConferenceSpec& spec,
                       Reply<AppliedState> done) = 0;
    /// PNG bytes of what `session` sees; of the default view when it is empty.
    virtual void snapshot(const std::string& instance, const std::string& session,
                          Reply<std::string> done) = 0;
    virtual void list_layouts(Reply<LayoutList> done) = 0;
};

}  // namespace signaling
