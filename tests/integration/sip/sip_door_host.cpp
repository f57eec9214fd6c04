// The SIP door with rooms that are scripted by their names, for tests from outside.
//
//   sip_door_host ADDRESS PORT [MAX_CALLS [KEY=VALUE]...]
//
// tls=FOLDER listens at PORT + 1, too, with certificate.pem and key.pem of that folder;
// session_s=, min_se_s= session timers, shorter than RFC 4028 lets an operator set; public=ADDRESS;
// users=FILE asks callers who they are, algorithm=MD5 with that one alone.
//
// Rooms: "full" 486, "nowhere" 404, "away" 503, "closed" 403, "slow" waits for the command
// `answer`; all others let in. Says one JSON object a line on stdout for everything that happens;
// obeys on stdin: answer | hangup ID | reoffer ID | keyframe ID | count | quit.

#include <glib-unix.h>
#include <glib.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "common/clock.h"
#include "common/log.h"
#include "signaling/conference/negotiate.h"
#include "signaling/sip/sip_door.h"

namespace {

using namespace signaling;
using nlohmann::json;

void say(const json& event) {
    std::cout << event.dump() << std::endl;
}

json words(const MediaAnswer& media) {
    json list = json::array();
    for (const auto& m : media.media) {
        list.push_back({{"mid", m.mid},
                        {"accepted", m.accepted},
                        {"codec", m.send.name},
                        {"fmtp", m.send.fmtp},
                        {"direction", static_cast<int>(m.direction)}});
    }
    return list;
}

json addresses(const MediaOffer& offer) {
    json list = json::array();
    for (const auto& m : offer.media) list.push_back(m.address + ":" + std::to_string(m.rtp_port));
    return list;
}

class ScriptedRooms final : public Admission {
  public:
    void admit(const CallRequest& request, Call& call, OnAdmitted done) override {
        say({{"event", "admit"},
             {"room", request.room},
             {"name", request.display_name},
             {"uri", request.remote_uri},
             {"agent", request.user_agent},
             {"transport", request.transport},
             {"secure", request.secure_signalling},
             {"remote", request.remote_address},
             {"local", request.local_address},
             {"layout", request.layout},
             {"offer", request.offer.has_value()}});
        if (const auto refusal = refusal_of(request.room)) return done(tl::unexpected(*refusal));
        const auto let_in = [this, request, &call, done] { let_in_now(request, call, done); };
        if (request.room == "slow") {
            held_.push_back(let_in);
        } else {
            let_in();
        }
    }

    void update(const ParticipantId& id, const std::optional<MediaOffer>& offer,
                OnMedia done) override {
        auto& guest = guests_.at(id);
        if (!offer) return done(guest.media = with_ports(make_offer({}, guest.media), guest.local));
        auto media = negotiate(*offer, {});
        if (!media) return done(tl::unexpected(media.error()));
        guest.media = with_ports(*media, guest.local);
        say({{"event", "update"},
             {"id", id},
             {"media", words(guest.media)},
             {"to", addresses(*offer)}});
        done(guest.media);
    }

    void answered(const ParticipantId& id, const MediaOffer& answer, OnMedia done) override {
        auto& guest = guests_.at(id);
        auto media = settle(guest.media, answer);
        if (!media) return done(tl::unexpected(media.error()));
        guest.media = *media;
        say({{"event", "answered"},
             {"id", id},
             {"media", words(*media)},
             {"to", addresses(answer)}});
        done(*media);
    }

    void dtmf(const ParticipantId& id, char digit, common::Duration duration) override {
        say({{"event", "dtmf"},
             {"id", id},
             {"digit", std::string(1, digit)},
             {"ms", duration / std::chrono::milliseconds(1)}});
    }
    void picture_fast_update(const ParticipantId& id, const std::string&) override {
        say({{"event", "picture_fast_update"}, {"id", id}});
    }
    void left(const ParticipantId& id, const Ending& ending) override {
        say({{"event", "left"},
             {"id", id},
             {"cause", static_cast<int>(ending.cause)},
             {"text", ending.text}});
        guests_.erase(id);
    }

    void answer_held() {
        for (const auto& let_in : std::exchange(held_, {})) let_in();
    }
    void hang_up(const ParticipantId& id) {
        if (guests_.contains(id)) guests_.at(id).call->hang_up({Ending::Cause::Kicked, "kicked"});
    }
    void key_frame(const ParticipantId& id) {
        if (guests_.contains(id)) guests_.at(id).call->request_key_frame("1");
    }
    void re_offer(const ParticipantId& id) {
        if (!guests_.contains(id)) return;
        auto& guest = guests_.at(id);
        guest.media = with_ports(guest.media, guest.local);
        guest.call->re_offer([ours = guest.media] { return ours; },
                             [id](auto answer) {
                                 say({{"event", "reoffered"},
                                      {"id", id},
                                      {"ok", answer.has_value()},
                                      {"text", answer ? "" : answer.error().text},
                                      {"to", answer ? addresses(*answer) : json::array()}});
                             });
    }
    [[nodiscard]] std::size_t count() const { return guests_.size(); }

  private:
    struct Guest {
        Call* call;
        MediaAnswer media;
        std::string local;
    };

    static std::optional<Refusal> refusal_of(const std::string& room) {
        if (room == "nowhere") return Refusal{RefusalReason::UnknownRoom, "no room 'nowhere'", 0};
        if (room == "full") return Refusal{RefusalReason::Full, "room 'full' holds 2", 0};
        if (room == "away") return Refusal{RefusalReason::MediaAway, "no media daemon", 7};
        if (room == "closed") return Refusal{RefusalReason::Forbidden, "room is locked", 0};
        return std::nullopt;
    }

    void let_in_now(const CallRequest& request, Call& call, const OnAdmitted& done) {
        auto media = request.offer ? negotiate(*request.offer, {}) : make_offer({});
        if (!media) return done(tl::unexpected(media.error()));
        const std::string id = "p" + std::to_string(++last_id_);
        guests_[id] = {&call, with_ports(*media, request.local_address), request.local_address};
        say({{"event", "admitted"}, {"id", id}, {"media", words(guests_[id].media)}});
        done(Admitted{id, guests_[id].media});
    }

    MediaAnswer with_ports(MediaAnswer media, const std::string& address) {
        for (auto& m : media.media) {
            if (!m.accepted) continue;
            m.address = address;
            m.rtp_port = static_cast<std::uint16_t>(next_port_);
            m.rtcp_port = static_cast<std::uint16_t>(m.rtcp_mux ? next_port_ : next_port_ + 1);
            next_port_ = next_port_ >= 39'998 ? 30'000 : next_port_ + 2;
        }
        return media;
    }

    std::map<ParticipantId, Guest> guests_;
    std::vector<std::function<void()>> held_;
    int last_id_ = 0;
    int next_port_ = 30'000;
};

struct Host {
    ScriptedRooms rooms;
    std::unique_ptr<SipDoor> door;
    GMainLoop* loop = g_main_loop_new(nullptr, FALSE);

    void quit() {
        door->close([this] {
            say({{"event", "closed"}, {"calls", door->call_count()}});
            g_main_loop_quit(loop);
        });
    }
    void obey(const std::string& line) {
        std::istringstream in(line);
        std::string command;
        std::string id;
        in >> command >> id;
        if (command == "answer") rooms.answer_held();
        if (command == "hangup") rooms.hang_up(id);
        if (command == "reoffer") rooms.re_offer(id);
        if (command == "keyframe") rooms.key_frame(id);
        if (command == "count") {
            say({{"event", "count"}, {"guests", rooms.count()}, {"calls", door->call_count()}});
        }
        if (command == "quit") quit();
    }
};

gboolean on_input(GIOChannel* channel, GIOCondition, gpointer data) {
    auto* host = static_cast<Host*>(data);
    gchar* text = nullptr;
    const GIOStatus status = g_io_channel_read_line(channel, &text, nullptr, nullptr, nullptr);
    if (status == G_IO_STATUS_EOF) {
        host->quit();
        return G_SOURCE_REMOVE;
    }
    if (text != nullptr) host->obey(text);
    g_free(text);
    return G_SOURCE_CONTINUE;
}

// "tls=/tmp/x"
void set(SipDoor::Config& config, const std::string& option) {
    const std::size_t equals = option.find('=');
    const std::string key = option.substr(0, equals);
    const std::string value = option.substr(equals + 1);
    if (key == "tls") {
        SipListener listener = config.listeners.front();
        ++listener.port;
        listener.over = SipListener::Over::Tls;
        config.listeners.push_back(listener);
        config.certificate = {value + "/certificate.pem", value + "/key.pem", true};
    }
    const auto seconds = std::chrono::seconds(std::atoi(value.c_str()));
    if (key == "session_s") config.session_timer.interval = seconds;
    if (key == "min_se_s") config.session_timer.least = seconds;
    if (key == "users") {
        config.listeners.front().digest_users_file = value;
        config.listeners.front().digest_realm = "example.org";
    }
    if (key == "algorithm") {
        config.listeners.front().digest_algorithms = {value == "MD5" ? DigestAlgorithm::Md5
                                                                     : DigestAlgorithm::Sha256};
    }
    if (key == "public") config.listeners.front().public_address = value;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    common::init_logging("sip_door_host", "warning");
    common::MonotonicClock clock;
    Host host;
    SipDoor::Config config;
    config.listeners.resize(1);
    config.listeners[0].address = argv[1];
    config.listeners[0].port = static_cast<std::uint16_t>(std::atoi(argv[2]));
    config.user_agent = "Tessera/test";
    config.limits.requests_per_second = config.limits.request_burst = 100'000;  // all are 127.0.0.1
    config.limits.max_unadmitted_calls = 10'000;
    if (argc > 3) config.max_calls = static_cast<std::size_t>(std::atoi(argv[3]));
    for (int i = 4; i < argc; ++i) set(config, argv[i]);
    config.seed = 7;
    auto door = SipDoor::open(config, host.rooms, clock);
    if (!door) {
        say({{"event", "failed"}, {"text", door.error().message}});
        return 1;
    }
    host.door = *std::move(door);
    say({{"event", "ready"}});
    GIOChannel* input = g_io_channel_unix_new(0);
    g_io_add_watch(input, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP), on_input, &host);
    g_main_loop_run(host.loop);
    host.door.reset();
    g_io_channel_unref(input);
    g_main_loop_unref(host.loop);
    return 0;
}
