#include "signaling/webrtc/page_door.h"

#include <glib.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "common/log.h"
#include "signaling/sdp/browser_sdp.h"
#include "signaling/sdp/sdp_parser.h"
#include "signaling/sdp/sdp_writer.h"
#include "signaling/sip/caller_names.h"
#include "signaling/sip/local_route.h"
#include "signaling/webrtc/browser_session.h"
#include "signaling/webrtc/page_message.h"

namespace signaling {
namespace {

using common::Duration;
using common::Timestamp;
using nlohmann::json;

constexpr std::uint64_t kMostUnacknowledged = 64;
constexpr auto kJoinWithin = std::chrono::seconds(5);
constexpr auto kSilentFor = std::chrono::seconds(30);
constexpr double kMessagesPerSecond = 20;
constexpr double kMessagesAtOnce = 60;
constexpr double kMessagesForgiven = 20;  // beyond: each gets an error; and then it is closed
constexpr unsigned kTickMs = 250;

namespace close_code {
constexpr std::uint16_t kLeft = 1000, kStopping = 1001, kBroken = 4001, kSilent = 4002,
                        kRemoved = 4003, kEnded = 4004, kTakenOver = 4005, kSlow = 4008,
                        kTooMany = 4029;
}

const char* code_of(RefusalReason reason) {
    switch (reason) {
        case RefusalReason::UnknownRoom:
            return "unknown_room";
        case RefusalReason::Full:
            return "full";
        case RefusalReason::NotAcceptable:
            return "nothing_in_common";
        case RefusalReason::MediaAway:
            return "media_away";
        case RefusalReason::Overloaded:
            return "overloaded";
        case RefusalReason::Forbidden:
            return "forbidden";
        case RefusalReason::Internal:
            break;
    }
    return "internal";
}

json name_or_null(const std::string& name) {
    return name.empty() ? json(nullptr) : json(name);
}

/// `error` without `re`.
json refusal_json(const std::string& code, const std::string& text, bool fatal,
                  int retry_after_s = 0) {
    json refusal = {{"type", "error"}, {"code", code}, {"text", text}, {"fatal", fatal}};
    if (retry_after_s > 0) refusal["retry_after_s"] = retry_after_s;
    return refusal;
}

bool is_viewer(const Participant& p) {
    return std::ranges::find(p.session.roles, "viewer") != p.session.roles.end();
}

bool has_stream(const Participant& p, MediaKind kind) {
    return std::ranges::any_of(p.peer.media, [kind](const OfferedMedia& medium) {
        return medium.kind == kind && medium.usable && sends(medium.direction);
    });
}

// RFC 3339 in UTC, to the second.
std::string time_now() {
    GDateTime* now = g_date_time_new_now_utc();
    char* text = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
    std::string made = text;
    g_free(text);
    g_date_time_unref(now);
    return made;
}

tl::expected<BrowserOffer, json> read_offer(const std::string& sdp, BrowserUse use, bool fatal) {
    const auto description = parse_sdp(sdp);
    if (!description) {
        return tl::unexpected(refusal_json("bad_sdp", "SDP " + description.error().text(), fatal));
    }
    auto offer = read_browser_offer(*description, use);
    if (!offer) {
        return tl::unexpected(
            refusal_json(code_name(offer.error().code), offer.error().text, fatal));
    }
    return *std::move(offer);
}

}  // namespace

/// A place in a room.
struct PageDoor::Seat {
    std::string id;
    std::string secret = make_secret();
    std::string room;
    std::string name;
    std::string device = "desktop";
    JoinRole role = JoinRole::Guest;
    bool hand = false;
    bool portrait = false;
    bool audio_muted = false;  ///< by oneself
    bool video_muted = false;
    std::string layout;  ///< chosen; empty: none
    SelfView self_view = SelfView::ByLayout;
    MediaPtr media;                   ///< null: none
    Client* client = nullptr;         ///< null: its connection is broken
    std::optional<Timestamp> broken;  ///< since when
};

/// The media of a seat, as the rooms see them: lives as a Call must.
class PageDoor::Media final : public Call, public std::enable_shared_from_this<Media> {
  public:
    Media(PageDoor& door, const SeatPtr& seat, BrowserOffer offer)
        : door_(door), seat_(seat), offer_(std::move(offer)) {}

    void hang_up(const Ending& ending) override {
        later([ending](const MediaPtr& self) { self->door_.media_over(self, ending); });
    }
    // The page offers anew by itself when nothing comes any more.
    void re_offer(OfferNow ours, ReOffered done) override {
        static_cast<void>(ours);
        later([done = std::move(done)](const MediaPtr&) {
            done(tl::unexpected(
                Refusal{RefusalReason::NotAcceptable, "the page takes no offer of ours", 0}));
        });
    }
    void request_key_frame(const std::string& mid) override {
        static_cast<void>(mid);  // asked by RTCP
    }

    [[nodiscard]] std::string answer(const MediaAnswer& ours) {
        const std::string version = std::to_string(++version_);
        return write_sdp(browser_answer(ours, offer_, side_, {"-", number_, version, {}}));
    }

    PageDoor& door_;
    std::weak_ptr<Seat> seat_;
    BrowserOffer offer_;
    SessionBundle bundle_;
    BrowserSide side_;
    std::optional<ParticipantId> participant_;

  private:
    /// From the loop, unless it is over by then.
    void later(std::function<void(const MediaPtr&)> run) {
        struct Waiting {
            std::weak_ptr<Media> media;
            std::function<void(const MediaPtr&)> run;
        };
        g_idle_add_full(
            G_PRIORITY_DEFAULT,
            [](gpointer data) -> gboolean {
                const auto* waiting = static_cast<Waiting*>(data);
                if (const auto media = waiting->media.lock()) waiting->run(media);
                return G_SOURCE_REMOVE;
            },
            new Waiting{weak_from_this(), std::move(run)},
            [](gpointer data) { delete static_cast<Waiting*>(data); });
    }

    std::string number_ = make_session_number();
    std::uint64_t version_ = 0;
};

/// One connection.
class PageDoor::Client final : public WebSocketClient {
  public:
    Client(PageDoor& door, WebSocketLink& link, const WebRequest& request)
        : door_(door),
          link_(link),
          source_(request.source),
          agent_(request.header("user-agent")),
          began_(door.clock_.now()),
          heard_(began_),
          counted_(began_) {
        door_.clients_.insert(this);
    }
    ~Client() override {
        door_.clients_.erase(this);
        *alive_ = false;
        let_go();
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void alive() override { heard_ = door_.clock_.now(); }

    void received(const std::string& text) override {
        if (over_) return;
        heard_ = door_.clock_.now();
        count();
        if (allowance_ < -kMessagesForgiven) {
            return close(close_code::kTooMany, "too many messages");
        }
        const auto message = read_page_message(text);
        if (!message && message.error().close != 0) {
            return close(message.error().close, message.error().text);
        }
        const std::uint64_t n = message ? message->n : message.error().n;
        if (n != 0 && n != seen_ + 1) return close(close_code::kBroken, "numbers have a gap");
        if (n != 0) seen_ = n;
        if (allowance_ < 0)
            return refuse(n, "too_many", "too many messages: 20 a second are taken");
        if (!message) return refuse(n, message.error().code, message.error().text);
        if (message->ack > sent_) return close(close_code::kBroken, "ack of what was not sent");
        acknowledged_ = std::max(acknowledged_, message->ack);
        if (message->type != "ack") take(*message);
    }

    /// Four times a second.
    void tick(Timestamp now) {
        if (over_) return;
        if (!seat_ && !joining_ && now - began_ > kJoinWithin) {
            return close(close_code::kSilent, "no join in time");
        }
        if (now - heard_ > kSilentFor) return close(close_code::kSilent, "silence");
        if (seen_ > told_ack_) {
            told_ack_ = seen_;
            write({{"type", "ack"}, {"ack", seen_}});
        }
        if (seat_ && in_) tell_news();
    }

    void tell(json message, std::uint64_t re = 0) {
        if (over_) return;
        if (re != 0) message["re"] = re;
        message["n"] = ++sent_;
        message["ack"] = told_ack_ = seen_;
        write(message);
        if (sent_ - acknowledged_ > kMostUnacknowledged) {
            close(close_code::kSlow, "too many messages not acknowledged");
        }
    }

    void end(std::uint16_t code, const std::string& word, const std::string& text) {
        if (!word.empty()) tell({{"type", "ended"}, {"code", word}, {"text", text}});
        close(code, text);
    }

    void close(std::uint16_t code, const std::string& why) {
        if (std::exchange(over_, true)) return;
        // At most 123 bytes fit into the frame (RFC 6455 5.5.1).
        link_.close(code, why.substr(0, 100));
        let_go();
    }

    [[nodiscard]] bool in() const { return in_ && !over_; }
    [[nodiscard]] const SeatPtr& seat() const { return seat_; }

  private:
    using Handler = void (Client::*)(const PageMessage&);

    void write(const json& message) {
        link_.send(message.dump(-1, ' ', false, json::error_handler_t::replace));
    }
    void ok(const PageMessage& message) { tell({{"type", "ok"}}, message.n); }
    void refuse(std::uint64_t re, const std::string& code, const std::string& text) {
        tell(refusal_json(code, text, false), re);
    }
    void refuse_and_close(std::uint64_t re, const json& refusal) {
        tell(refusal, re);
        close(close_code::kLeft, "refused");
    }

    void count() {
        const Timestamp now = door_.clock_.now();
        const double seconds = std::chrono::duration<double>(now - counted_).count();
        counted_ = now;
        allowance_ = std::min(kMessagesAtOnce, allowance_ + seconds * kMessagesPerSecond) - 1;
    }

    /// Its seat waits for it, unless it was left or another connection has it.
    void let_go() {
        if (!seat_ || seat_->client != this) return;
        seat_->client = nullptr;
        seat_->broken = door_.clock_.now();
    }

    void take(const PageMessage& message) {
        static const std::map<std::string_view, Handler> handlers{
            {"leave", &Client::leave},     {"offer", &Client::offer}, {"answer", &Client::nothing},
            {"trickle", &Client::trickle}, {"mute", &Client::mute},   {"layouts", &Client::layouts},
            {"layout", &Client::layout},   {"hand", &Client::hand},   {"chat", &Client::chat},
            {"content", &Client::content}, {"view", &Client::view}};
        if (message.type == "join") {
            if (seat_ || joining_) return refuse(message.n, "joined_already", "already joined");
            return join(message);
        }
        if (!in_)
            return refuse_and_close(message.n,
                                    refusal_json("join_first", "join comes first", true));
        (this->*handlers.at(message.type))(message);
    }

    // ---- joining

    void join(const PageMessage& message) {
        SeatPtr seat;
        if (const std::string secret = message.text("seat"); !secret.empty()) {
            seat = door_.seat_of_secret(secret);
            if (!seat || seat->room != message.text("room")) {
                return refuse_and_close(
                    message.n, refusal_json("bad_seat", "this seat is no longer kept", true));
            }
        } else {
            if (door_.seats_.size() >= door_.options_.most_seats) {
                return refuse_and_close(message.n,
                                        refusal_json("overloaded", "the server is full", true, 30));
            }
            seat = std::make_shared<Seat>();
            seat->room = message.text("room");
            seat->name = caller_name(message.text("name"), "", "Guest");
            if (!message.text("device").empty()) seat->device = message.text("device");
            if (const auto refusal = show_credentials(message, *seat)) {
                return refuse_and_close(message.n, *refusal);
            }
        }
        seat->portrait = message.flag("portrait");
        const std::string sdp = message.text("offer");
        if (sdp.empty()) {
            if (!door_.rooms_.room(seat->room)) {
                return refuse_and_close(
                    message.n, refusal_json("unknown_room", "there is no such room", true));
            }
            return joined(message.n, seat, "");
        }
        auto offer = read_offer(sdp, use_of(*seat), true);
        if (!offer) return refuse_and_close(message.n, offer.error());
        joining_ = true;
        begin_media(seat, *std::move(offer),
                    [this, n = message.n, seat](const tl::expected<std::string, json>& answer) {
                        joining_ = false;
                        if (answer) return joined(n, seat, *answer);
                        json refusal = answer.error();
                        refusal["fatal"] = true;
                        refuse_and_close(n, refusal);
                    });
    }

    /// The token or the PIN that the room wants; what a token says of its carrier goes to the seat.
    [[nodiscard]] std::optional<json> show_credentials(const PageMessage& message,
                                                       Seat& seat) const {
        if (door_.options_.guard == nullptr) {
            const auto room = door_.rooms_.room(seat.room);
            if (!room || !is_guarded(*room)) return std::nullopt;
            return refusal_json("forbidden", "this room is closed to pages", true);
        }
        const Credentials given{message.text("token"), message.text("pin")};
        const auto entrance = door_.options_.guard->check(seat.room, given, source_);
        if (!entrance) {
            const JoinRefusal& why = entrance.error();
            return refusal_json(why.code, why.text, true, why.retry_after_s);
        }
        seat.role = entrance->role;
        if (!entrance->name.empty()) seat.name = caller_name(entrance->name, "", "Guest");
        return std::nullopt;
    }
    /// Who may only watch is sent to, whatever it offers.
    static BrowserUse use_of(const Seat& seat) {
        return seat.role == JoinRole::Viewer ? BrowserUse::Watch : BrowserUse::Meet;
    }

    /// Media anew: another participant, and then the one there was leaves. `done` is not called
    /// when the connection is gone by then.
    void begin_media(const SeatPtr& seat, BrowserOffer offer,
                     std::function<void(const tl::expected<std::string, json>&)> done) {
        const auto media = std::make_shared<Media>(door_, seat, std::move(offer));
        media->bundle_ = bundle_of_offer(media->offer_, use_of(*seat));
        CallRequest call;
        call.room = seat->room;
        call.display_name = seat->name;
        call.remote_uri = "page:" + source_;
        call.user_agent = agent_;
        call.protocol = "webrtc";
        call.transport = "wss";
        call.secure_signalling = true;
        call.media_encryption = MediaEncryption::Required;
        call.remote_address = source_;
        call.local_address = local_address_towards(source_);
        call.public_address = door_.options_.public_address;
        call.layout = layout_of(*seat);
        call.cleared = true;  // it has a seat, and got that by what the room wants
        if (seat->role == JoinRole::Viewer) call.roles = {"viewer"};
        call.offer = media->offer_.media;
        call.bundle = media->bundle_;
        door_.calls_.admit(call, *media,
                           [this, alive = alive_, media, seat,
                            done = std::move(done)](const tl::expected<Admitted, Refusal>& result) {
                               const bool there = *alive && !over_;
                               const auto answer = admitted(there, media, seat, result);
                               if (there) done(answer);
                           });
    }

    /// Static in spirit: `this` may be gone, and is looked at only where `is_alive`.
    static tl::expected<std::string, json> admitted(bool is_alive, const MediaPtr& media,
                                                    const SeatPtr& seat,
                                                    const tl::expected<Admitted, Refusal>& result) {
        if (!result) {
            const Refusal& why = result.error();
            return tl::unexpected(
                refusal_json(code_of(why.reason), why.text, false, why.retry_after_s));
        }
        PageDoor& door = media->door_;
        media->participant_ = result->participant;
        media->side_ = our_side(media->bundle_, *result, door.options_.public_address);
        if (!is_alive || media->side_.ice.candidates.empty()) {
            door.calls_.left(result->participant,
                             {Ending::Cause::PeerLost, "gone before it was let in"});
            media->participant_.reset();
            return tl::unexpected(
                refusal_json("internal", "the media daemon opened no port", false));
        }
        door.end_media(*seat, "media begin anew");
        seat->media = media;
        return media->answer(result->media);
    }

    void joined(std::uint64_t n, const SeatPtr& seat, const std::string& answer) {
        if (seat->id.empty()) seat->id = "p-" + std::to_string(door_.next_id_++);
        door_.seats_[seat->id] = seat;
        if (seat->client != nullptr) {
            seat->client->close(close_code::kTakenOver, "the seat is used elsewhere");
        }
        seat->secret = make_secret();
        seat_ = seat;
        seat->client = this;
        seat->broken.reset();
        in_ = true;
        bring_into_force();
        const auto room = door_.rooms_.room(seat->room);
        roster_ = roster();
        json people = json::array();
        for (const auto& [id, person] : roster_) people.push_back(person);
        layout_ = layout_now();
        json message = {
            {"type", "joined"},
            {"participant", seat->id},
            {"role", role_name(seat->role)},
            {"seat", seat->secret},
            {"seat_s",
             std::chrono::duration_cast<std::chrono::seconds>(door_.options_.seat_kept).count()},
            {"room",
             {{"id", seat->room}, {"name", room ? room->name : seat->room}, {"locked", false}}},
            {"roster", std::move(people)},
            {"layout", layout_},
            {"content", {{"sharer", nullptr}}}};
        if (!answer.empty()) message["answer"] = answer;
        tell(std::move(message), n);
    }

    // ---- requests

    void leave(const PageMessage& message) {
        ok(message);
        const SeatPtr seat = seat_;
        close(close_code::kLeft, "left");
        door_.give_up(seat, "left by the page");
    }

    void offer(const PageMessage& message) {
        auto offer = read_offer(message.text("sdp"), use_of(*seat_), false);
        if (!offer) return tell(offer.error(), message.n);
        const auto lines = std::ranges::count_if(
            offer->media.media, [](const OfferedMedia& m) { return m.kind == MediaKind::Video; });
        if (lines > 1) {
            return refuse(message.n, "nothing_in_common",
                          "a second picture, such as a screen, is not taken yet");
        }
        const auto answered = [this, n = message.n](const tl::expected<std::string, json>& answer) {
            if (!answer) return tell(answer.error(), n);
            tell({{"type", "answer"}, {"sdp", *answer}}, n);
            bring_into_force();
        };
        const MediaPtr media = seat_->media;
        const bool anew = !media || media->offer_.ice.credentials != offer->ice.credentials;
        if (anew) return begin_media(seat_, *std::move(offer), answered);
        const MediaOffer wanted = offer->media;
        door_.calls_.update(*media->participant_, wanted,
                            [this, alive = alive_, media, offer = *std::move(offer),
                             answered](const tl::expected<MediaAnswer, Refusal>& result) {
                                if (!*alive || over_) return;
                                if (!result) {
                                    const Refusal& why = result.error();
                                    return answered(tl::unexpected(refusal_json(
                                        code_of(why.reason), why.text, false, why.retry_after_s)));
                                }
                                media->offer_ = offer;
                                answered(media->answer(*result));
                            });
    }

    void nothing(const PageMessage& message) {
        refuse(message.n, "no_offer", "there is no offer of ours");
    }
    // As we are ICE-lite, candidates need not be known.
    void trickle(const PageMessage& message) { ok(message); }

    void mute(const PageMessage& message) {
        const std::string target = message.text("target");
        if (!target.empty() && target != seat_->id) {
            return refuse(message.n, "forbidden", "only a moderator silences others");
        }
        if (message.has("audio")) seat_->audio_muted = message.flag("audio");
        if (message.has("video")) seat_->video_muted = message.flag("video");
        command(message, [&](Conference& conference, const ParticipantId& id, auto done) {
            Conference::Muting muting;
            if (message.has("audio")) muting.audio = seat_->audio_muted;
            if (message.has("video")) muting.video = seat_->video_muted;
            conference.mute(id, muting, done, participant_actor(id));
        });
    }

    void hand(const PageMessage& message) {
        const std::string target = message.text("target");
        if (!target.empty() && target != seat_->id) {
            return refuse(message.n, "forbidden", "only a moderator lowers others' hands");
        }
        seat_->hand = message.flag("raised");
        ok(message);
        door_.tick();
    }

    void chat(const PageMessage& message) {
        ok(message);
        json line = {{"type", "chat"},
                     {"from", seat_->id},
                     {"name", seat_->name},
                     {"text", message.text("text")},
                     {"at", time_now()}};
        if (message.has("key")) line["key"] = message.text("key");
        const std::vector<Client*> all(door_.clients_.begin(), door_.clients_.end());
        for (Client* each : all) {
            if (each->in() && each->seat_->room == seat_->room) each->tell(line);
        }
    }

    void content(const PageMessage& message) {
        refuse(message.n, "forbidden", "screens are not shared here yet");
    }

    void layouts(const PageMessage& message) {
        door_.node_.list_layouts(
            [this, alive = alive_, n = message.n](const common::Result<LayoutList>& list) {
                if (!*alive || over_) return;
                if (!list) return refuse(n, "media_away", list.error().message);
                json all = json::array();
                for (const std::string& name : list->names) {
                    if (name == "auto") continue;
                    all.push_back({{"name", name},
                                   {"title", name},
                                   {"preview", "/v1/layouts/" + name + "/preview.png"},
                                   {"portrait", name == "portrait"}});
                }
                tell({{"type", "layouts"}, {"layouts", std::move(all)}}, n);
            });
    }

    void layout(const PageMessage& message) {
        if (message.text("scope") == "room") {
            return refuse(message.n, "forbidden", "only a moderator chooses for everyone");
        }
        const std::string name = message.text("name");
        door_.node_.list_layouts([this, alive = alive_, name,
                                  message](const common::Result<LayoutList>& list) {
            if (!*alive || over_) return;
            const bool known =
                name.empty() || (list && std::ranges::find(list->names, name) != list->names.end());
            if (!known) return refuse(message.n, "unknown_layout", "no layout '" + name + "'");
            seat_->layout = name;
            command(message, [&](Conference& conference, const ParticipantId& id, auto done) {
                conference.set_layout(id, layout_of(*seat_), done, participant_actor(id));
            });
        });
    }

    void view(const PageMessage& message) {
        const std::string before = layout_of(*seat_);
        const SelfView self_before = seat_->self_view;
        if (message.has("portrait")) seat_->portrait = message.flag("portrait");
        if (message.has("self")) {
            seat_->self_view = message.is_null("self") ? SelfView::ByLayout
                               : message.flag("self")  ? SelfView::Show
                                                       : SelfView::Hide;
        }
        ok(message);
        Conference* conference = door_.rooms_.conference(seat_->room);
        if (conference == nullptr || !seat_->media || !seat_->media->participant_) return;
        const ParticipantId id = *seat_->media->participant_;
        const auto ignore = [](const common::Result<void>&) {};
        if (layout_of(*seat_) != before)
            conference->set_layout(id, layout_of(*seat_), ignore, participant_actor(id));
        if (seat_->self_view != self_before)
            conference->set_self_view(id, seat_->self_view, ignore, participant_actor(id));
    }

    /// For a request that changes one's own participant: `ok` when the media daemon has it. Without
    /// media there is nothing to change yet.
    template <typename Change>
    void command(const PageMessage& message, Change&& change) {
        Conference* conference = door_.rooms_.conference(seat_->room);
        if (conference == nullptr || !seat_->media || !seat_->media->participant_) {
            return ok(message);
        }
        change(*conference, *seat_->media->participant_,
               [this, alive = alive_, message](const common::Result<void>& result) {
                   if (!*alive || over_) return;
                   if (!result) return refuse(message.n, "internal", result.error().message);
                   ok(message);
               });
        door_.tick();
    }

    /// After media began, or began anew: what the seat says holds for them.
    void bring_into_force() const {
        Conference* conference = door_.rooms_.conference(seat_->room);
        if (conference == nullptr || !seat_->media || !seat_->media->participant_) return;
        const ParticipantId& id = *seat_->media->participant_;
        const auto ignore = [](const common::Result<void>&) {};
        if (seat_->audio_muted || seat_->video_muted)
            conference->mute(id, {seat_->audio_muted, seat_->video_muted}, ignore,
                             participant_actor(id));
        if (seat_->self_view != SelfView::ByLayout)
            conference->set_self_view(id, seat_->self_view, ignore, participant_actor(id));
    }

    /// An upright window has an upright picture, unless another layout was chosen.
    static std::string layout_of(const Seat& seat) {
        return seat.layout.empty() && seat.portrait ? "portrait" : seat.layout;
    }

    // ---- what there is to see

    [[nodiscard]] json person(const Seat& seat) const {
        json told = {{"id", seat.id},         {"name", seat.name},
                     {"device", seat.device}, {"role", role_name(seat.role)},
                     {"audio", "off"},        {"video", "off"},
                     {"hand", seat.hand}};
        const Participant* p = participant_of(seat);
        if (p == nullptr) return told;
        const auto word = [](bool there, bool silent, bool by_oneself) {
            if (!there) return "off";
            if (!silent) return "on";
            return by_oneself ? "muted" : "silenced";
        };
        told["audio"] =
            word(has_stream(*p, MediaKind::Audio), p->session.audio_muted, seat.audio_muted);
        told["video"] =
            word(has_stream(*p, MediaKind::Video), p->session.video_muted, seat.video_muted);
        return told;
    }

    [[nodiscard]] static json person(const Participant& p) {
        const auto word = [](bool there, bool silent) {
            return !there ? "off" : (silent ? "silenced" : "on");
        };
        return {{"id", p.session.id},
                {"name", p.session.display_name},
                {"device", p.request.protocol == "webrtc" ? "stream" : "room"},
                {"role", is_viewer(p) ? "viewer" : "guest"},
                {"audio", word(has_stream(p, MediaKind::Audio), p.session.audio_muted)},
                {"video", word(has_stream(p, MediaKind::Video), p.session.video_muted)},
                {"hand", false}};
    }

    [[nodiscard]] const Participant* participant_of(const Seat& seat) const {
        const Conference* conference = door_.rooms_.conference(seat.room);
        if (conference == nullptr || !seat.media || !seat.media->participant_) return nullptr;
        const auto found = conference->participants().find(*seat.media->participant_);
        return found == conference->participants().end() ? nullptr : &found->second;
    }

    [[nodiscard]] std::map<std::string, json> roster() const {
        std::map<std::string, json> people;
        for (const auto& [id, seat] : door_.seats_) {
            if (seat->room == seat_->room) people.emplace(id, person(*seat));
        }
        const Conference* conference = door_.rooms_.conference(seat_->room);
        if (conference == nullptr) return people;
        for (const auto& [id, participant] : conference->participants()) {
            if (participant.state != Participant::State::Joined) continue;
            // Ours are there already; one without a seat is about to be given up.
            if (participant.request.transport == "wss") continue;
            people.emplace(id, person(participant));
        }
        return people;
    }

    [[nodiscard]] json layout_now() const {
        const auto room = door_.rooms_.room(seat_->room);
        return {{"mine", name_or_null(seat_->layout)},
                {"room", name_or_null(room ? room->layout : "")},
                {"self", seat_->self_view == SelfView::ByLayout
                             ? json(nullptr)
                             : json(seat_->self_view == SelfView::Show)}};
    }

    /// The loudest first, as the media daemon ranked them.
    [[nodiscard]] std::vector<std::string> speaking_now() const {
        std::vector<std::string> ids;
        const Conference* conference = door_.rooms_.conference(seat_->room);
        if (conference == nullptr) return ids;
        for (const ParticipantId& id : conference->speakers()) {
            const auto found = conference->participants().find(id);
            if (found == conference->participants().end()) continue;
            const Participant& p = found->second;
            if (!p.statistics || !p.statistics->speaking || p.session.audio_muted) continue;
            const SeatPtr seat = door_.seat_of_participant(id);
            ids.push_back(seat ? seat->id : id);
        }
        return ids;
    }

    void tell_news() {
        tell_roster();
        if (auto now = speaking_now(); now != speaking_) {
            speaking_ = std::move(now);
            tell({{"type", "speaking"}, {"ids", speaking_}});
        }
        if (json now = layout_now(); now != layout_) {
            layout_ = now;
            now["type"] = "layout";
            tell(std::move(now));
        }
    }

    void tell_roster() {
        auto now = roster();
        json joined = json::array();
        json changed = json::array();
        json left = json::array();
        for (const auto& [id, person] : now) {
            const auto before = roster_.find(id);
            if (before == roster_.end()) {
                joined.push_back(person);
            } else if (before->second != person) {
                changed.push_back(person);
            }
        }
        for (const auto& [id, person] : roster_) {
            if (!now.contains(id)) left.push_back(id);
        }
        if (joined.empty() && changed.empty() && left.empty()) return;
        roster_ = std::move(now);
        tell({{"type", "roster"},
              {"joined", std::move(joined)},
              {"changed", std::move(changed)},
              {"left", std::move(left)}});
    }

    PageDoor& door_;
    WebSocketLink& link_;
    std::string source_;
    std::string agent_;
    Timestamp began_;
    Timestamp heard_;
    Timestamp counted_;
    double allowance_ = kMessagesAtOnce;
    std::uint64_t seen_ = 0, told_ack_ = 0;      // of theirs
    std::uint64_t sent_ = 0, acknowledged_ = 0;  // of ours
    bool joining_ = false, in_ = false, over_ = false;
    SeatPtr seat_;
    std::map<std::string, json> roster_;  // as it was told last; these three
    std::vector<std::string> speaking_;
    json layout_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what comes later
};

PageDoor::PageDoor(Admission& calls, RoomDirectory& rooms, MediaNode& node,
                   const common::Clock& clock, Options options)
    : calls_(calls), rooms_(rooms), node_(node), clock_(clock), options_(std::move(options)) {}

PageDoor::~PageDoor() {
    if (timer_ != 0) g_source_remove(timer_);
}

void PageDoor::serve(WebServer& server) {
    server.handle_sockets(
        "/v1/ws", "tessera.1",
        [this](WebSocketLink& link, const WebRequest& request) { return open(link, request); });
    timer_ = g_timeout_add(
        kTickMs,
        [](gpointer self) -> gboolean {
            static_cast<PageDoor*>(self)->tick();
            return G_SOURCE_CONTINUE;
        },
        this);
}

std::unique_ptr<WebSocketClient> PageDoor::open(WebSocketLink& link, const WebRequest& request) {
    return std::make_unique<Client>(*this, link, request);
}

void PageDoor::tick() {
    const Timestamp now = clock_.now();
    std::vector<SeatPtr> expired;
    for (const auto& [id, seat] : seats_) {
        if (seat->broken && now - *seat->broken > options_.seat_kept) expired.push_back(seat);
    }
    for (const SeatPtr& seat : expired) give_up(seat, "its connection broke");
    const std::vector<Client*> all(clients_.begin(), clients_.end());
    for (Client* client : all) client->tick(now);
}

void PageDoor::media_over(const MediaPtr& media, const Ending& ending) {
    if (!media->participant_) return;
    calls_.left(*std::exchange(media->participant_, std::nullopt), ending);
    const SeatPtr seat = media->seat_.lock();
    if (!seat || seat->media != media) return;
    seat->media.reset();
    switch (ending.cause) {
        case Ending::Cause::Kicked:
            if (seat->client != nullptr)
                seat->client->end(close_code::kRemoved, "kicked", ending.text);
            return give_up(seat, ending.text);
        case Ending::Cause::RoomEnded:
            if (seat->client != nullptr)
                seat->client->end(close_code::kEnded, "room_ended", ending.text);
            return give_up(seat, ending.text);
        case Ending::Cause::Shutdown:
            if (seat->client != nullptr) seat->client->end(close_code::kStopping, "", ending.text);
            return;
        default:
            return;  // the page notices that nothing comes, and offers anew
    }
}

void PageDoor::end_media(Seat& seat, const std::string& why) {
    const MediaPtr media = std::exchange(seat.media, nullptr);
    if (!media || !media->participant_) return;
    calls_.left(*std::exchange(media->participant_, std::nullopt),
                {Ending::Cause::PeerHungUp, why});
}

void PageDoor::give_up(const SeatPtr& seat, const std::string& why) {
    end_media(*seat, why);
    seats_.erase(seat->id);
}

PageDoor::SeatPtr PageDoor::seat_of_participant(const ParticipantId& id) const {
    const auto found = std::ranges::find_if(seats_, [&](const auto& entry) {
        const MediaPtr& media = entry.second->media;
        return media && media->participant_ == id;
    });
    return found == seats_.end() ? nullptr : found->second;
}

PageDoor::SeatPtr PageDoor::seat_of_secret(const std::string& secret) const {
    const auto found = std::ranges::find_if(
        seats_, [&](const auto& entry) { return entry.second->secret == secret; });
    return found == seats_.end() ? nullptr : found->second;
}

}  // namespace signaling
