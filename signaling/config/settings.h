#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/units.h"

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
    friend bool operator==(const RoomSettings&, const RoomSettings&) = default;
};

enum class SipTransport : std::uint8_t { Udp, Tcp };

/// A numeric address and port to listen at.
struct ListenAddress {
    std::string host;  ///< numeric IPv4 or IPv6, without brackets
    std::uint16_t port = 0;
    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

struct SipAddress {
    SipTransport transport = SipTransport::Udp;
    ListenAddress at;
    friend bool operator==(const SipAddress&, const SipAddress&) = default;
};

/// `host:port`, with brackets around IPv6.
[[nodiscard]] std::string to_string(const ListenAddress& address);
/// `udp:host:port`
[[nodiscard]] std::string to_string(const SipAddress& listener);

/// What of `tessera.toml` concerns tessera-signald. The values here are the embedded defaults.
struct Settings {
    std::vector<SipAddress> sip{{SipTransport::Udp, {"0.0.0.0", 5060}},
                                {SipTransport::Tcp, {"0.0.0.0", 5060}},
                                {SipTransport::Udp, {"::", 5060}},
                                {SipTransport::Tcp, {"::", 5060}}};
    std::string public_address;  ///< what SIP calls itself behind a NAT; empty: the route to the
                                 ///< peer decides
    ListenAddress api{"127.0.0.1", 8060};  ///< loopback only
    std::string token_file = "var/api.token";
    std::string mcud = "unix:var/mcud.sock";  ///< the media daemon's control address
    std::string log_level = "info";
    common::Duration media_timeout = std::chrono::seconds(60);
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

/// Names of the settings that differ and that only a restart brings into force; rooms,
/// `media_timeout_s` and `log_level` are taken at once.
[[nodiscard]] std::vector<std::string> needs_restart(const Settings& running, const Settings& read);

}  // namespace signaling
