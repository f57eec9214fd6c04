#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/units.h"
#include "signaling/config/listener_settings.h"
#include "signaling/config/sip_limits.h"

namespace signaling {

/// Whether a viewer sees its own picture.
enum class SelfView : std::uint8_t { ByLayout, Show, Hide };

/// What an administrator says about one room.
struct RoomSettings {
    std::string id;               ///< what callers dial: `sip:ID@server`
    std::string name;             ///< for people; the id when nothing else is said
    std::string layout = "auto";  ///< as `tesseractl layout list` names them
    int max_participants = 50;
    SelfView self_view = SelfView::ByLayout;
    common::PictureSize max_size{1280, 720};  ///< the largest picture the room makes
    bool noise_suppression = true;            ///< steady noise is taken out of voices
    bool level_voices = true;                 ///< all voices are brought to one level
    bool token_required =
        false;        ///< who comes in needs a join token, or the PIN where there is one
    std::string pin;  ///< who comes in needs it, or a join token; empty: none
    friend bool operator==(const RoomSettings&, const RoomSettings&) = default;
};

/// UDP and TCP at port 5060 and TLS at port 5061 of 0.0.0.0 and ::.
[[nodiscard]] std::vector<ListenerSettings> default_listeners();

/// What of `tessera.toml` concerns tessera-signald. The values here are the embedded defaults.
struct Settings {
    std::vector<ListenerSettings> listeners = default_listeners();
    std::string public_address;  ///< of every listener of that family which names none of its own
    /// PEM files, for listeners with TLS; read again when they change.
    std::string certificate_file = "var/certificate.pem";
    std::string private_key_file = "var/private_key.pem";
    /// Nobody named them: they are made, self-signed, where they are not there.
    bool make_certificate = true;
    ListenAddress api{"127.0.0.1", 8060};  ///< loopback only
    /// Where browsers come by HTTPS; nothing: nowhere.
    std::optional<ListenAddress> https;
    std::string page_folder;  ///< what browsers get there; empty: no page
    /// /metrics, /healthz and /readyz, without a token; nothing: nowhere.
    std::optional<ListenAddress> metrics = ListenAddress{"127.0.0.1", 8062};
    std::string token_file = "var/api.token";
    /// PEM files of who may sign join tokens; empty: `own_join_key` alone.
    std::vector<std::string> join_keys;
    /// Which calls run, for the next process; empty: beside the token file.
    std::string dialog_journal;
    /// Where meetings, calls and events are kept: "sqlite:PATH", "postgresql://..."; "off":
    /// nowhere; empty: tessera.db beside the token file.
    std::string metadata;
    std::string mcud = "unix:var/mcud.sock";  ///< the media daemon's control address
    std::string log_level = "info";
    common::Duration media_timeout = std::chrono::seconds(60);
    common::Duration session_timer = std::chrono::seconds(1800);  ///< RFC 4028: refreshed by then
    common::Duration hold_timeout = std::chrono::minutes(30);
    SipLimits limits;
    /// Rooms that nobody described are made from `room_template` when somebody dials them.
    bool auto_create = false;
    RoomSettings room_template;
    std::vector<RoomSettings> rooms;
};

/// Letters, digits, `-`, `_`, `.`: 1 to 64 of them.
[[nodiscard]] bool is_room_id(std::string_view text);

/// Reads `tessera.toml`. The error names every mistake with file, line, column, what was found and
/// expected.
[[nodiscard]] common::Result<Settings> load_settings(const std::string& path);
/// The same for text at hand; `file` is the name in the errors.
[[nodiscard]] common::Result<Settings> parse_settings(std::string_view text,
                                                      const std::string& file);

/// The policy for a caller of `room_id`; nothing when there is no such room and none is made.
[[nodiscard]] std::optional<RoomSettings> find_room(const Settings& settings,
                                                    std::string_view room_id);

/// Nobody comes in by knowing the room's name alone.
[[nodiscard]] bool is_guarded(const RoomSettings& room);

/// Where our own key for join tokens lies when none are named: beside the token file.
[[nodiscard]] std::string own_join_key(const std::string& token_file);

/// Names of the settings that differ and that only a restart brings into force; rooms,
/// `media_timeout_s`, `hold_timeout_s` and `log_level` are taken at once.
[[nodiscard]] std::vector<std::string> needs_restart(const Settings& running, const Settings& read);

}  // namespace signaling
