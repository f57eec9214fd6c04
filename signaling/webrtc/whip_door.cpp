#include "signaling/webrtc/whip_door.h"

#include <arpa/inet.h>
#include <glib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "signaling/config/settings.h"
#include "signaling/sdp/sdp_writer.h"
#include "signaling/sip/caller_names.h"
#include "signaling/sip/local_route.h"
#include "signaling/sip/source_limiter.h"
#include "signaling/webrtc/browser_session.h"
#include "signaling/webrtc/whip_request.h"

namespace signaling {
namespace {

MessageSource source_of(const std::string& address) {
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return MessageSource::of(bytes);
    static_cast<void>(inet_pton(AF_INET, address.c_str(), bytes.data()));
    return MessageSource::of(std::span(bytes).first(4));
}

WebResponse not_allowed(const std::string& allowed) {
    WebResponse response = web_problem(405, "method_not_allowed", allowed + " are taken here");
    response.headers.emplace_back("Allow", allowed);
    return response;
}

WebResponse too_many(int status, const std::string& code, const std::string& why) {
    WebResponse response = web_problem(status, code, why);
    response.headers.emplace_back("Retry-After", "30");
    return response;
}

// RFC 9725 4.3.1: a list of tags, or "*".
bool matches(std::string_view if_match, std::string_view tag) {
    return if_match.empty() || if_match == "*" || if_match.find(tag) != std::string_view::npos;
}

}  // namespace

/// One client, from its POST on.
class WhipDoor::Session final : public Call, public std::enable_shared_from_this<Session> {
  public:
    Session(WhipDoor& door, std::string path, std::string source, BrowserOffer offer,
            SessionBundle bundle, WebRespond respond)
        : offer_(std::move(offer)),
          bundle_(std::move(bundle)),
          source_(std::move(source)),
          door_(door),
          path_(std::move(path)),
          respond_(std::move(respond)) {}

    void hang_up(const Ending& ending) override {
        later([ending](Session& self) { self.door_.end(self.path_, ending); });
    }
    // The client of a WHIP session is the one who offers, once.
    void re_offer(OfferNow ours, ReOffered done) override {
        static_cast<void>(ours);
        later([done = std::move(done)](Session&) {
            done(tl::unexpected(Refusal{RefusalReason::NotAcceptable,
                                        "clients of WHIP and WHEP take no offer of ours", 0}));
        });
    }
    void request_key_frame(const std::string& mid) override {
        static_cast<void>(mid);  // asked by RTCP: every such client has feedback
    }

    void answer(const WebResponse& response) { std::exchange(respond_, nullptr)(response); }
    void let_in(const ParticipantId& id, const std::string& etag) {
        participant_ = id;
        etag_ = etag;
    }

    [[nodiscard]] const std::optional<ParticipantId>& participant() const { return participant_; }
    [[nodiscard]] const std::string& etag() const { return etag_; }
    [[nodiscard]] const std::string& source() const { return source_; }
    [[nodiscard]] const BrowserOffer& offer() const { return offer_; }
    [[nodiscard]] const SessionBundle& bundle() const { return bundle_; }

  private:
    /// From the loop, unless the session is over by then.
    void later(std::function<void(Session&)> run) {
        struct Waiting {
            std::weak_ptr<Session> session;
            std::function<void(Session&)> run;
        };
        g_idle_add_full(
            G_PRIORITY_DEFAULT,
            [](gpointer data) -> gboolean {
                const auto* waiting = static_cast<Waiting*>(data);
                if (const auto session = waiting->session.lock()) waiting->run(*session);
                return G_SOURCE_REMOVE;
            },
            new Waiting{weak_from_this(), std::move(run)},
            [](gpointer data) { delete static_cast<Waiting*>(data); });
    }

    BrowserOffer offer_;
    SessionBundle bundle_;
    std::string source_;
    WhipDoor& door_;
    std::string path_;
    WebRespond respond_;
    std::optional<ParticipantId> participant_;
    std::string etag_;
};

WhipDoor::WhipDoor(Admission& rooms, Options options)
    : rooms_(rooms), options_(std::move(options)) {}

WhipDoor::~WhipDoor() = default;

void WhipDoor::serve(WebServer& server) {
    server.handle("/v1/whip", [this](const WebRequest& request, WebRespond respond) {
        handle(BrowserUse::Publish, request, std::move(respond));
    });
    server.handle("/v1/whep", [this](const WebRequest& request, WebRespond respond) {
        handle(BrowserUse::Watch, request, std::move(respond));
    });
}

void WhipDoor::handle(BrowserUse use, const WebRequest& request, WebRespond respond) {
    if (const auto found = sessions_.find(request.path);
        found != sessions_.end() && found->second->participant()) {
        const auto session = found->second;
        return respond(change(*session, request));
    }
    constexpr std::size_t kPrefix = std::string_view("/v1/whip/").size();
    const std::string room = request.path.size() > kPrefix ? request.path.substr(kPrefix) : "";
    if (!is_room_id(room)) {
        return respond(
            web_problem(404, "not_found", "there is no room and no session at this path"));
    }
    if (request.method == "OPTIONS") {
        return respond(
            {204, "", "", {{"Allow", "OPTIONS, POST"}, {"Accept-Post", "application/sdp"}}});
    }
    if (request.method != "POST") return respond(not_allowed("OPTIONS, POST"));
    begin(use, room, request, std::move(respond));
}

void WhipDoor::begin(BrowserUse use, const std::string& room, const WebRequest& request,
                     WebRespond respond) {
    if (sessions_.size() >= options_.most_sessions) {
        return respond(too_many(503, "overloaded",
                                "the server is full: it takes " +
                                    std::to_string(options_.most_sessions) + " sessions"));
    }
    if (too_many_of(request.source)) {
        return respond(too_many(429, "too_many",
                                "more than " + std::to_string(options_.most_per_source) +
                                    " sessions of " + request.source));
    }
    Entrance entrance;
    if (options_.guard != nullptr) {
        auto verdict = options_.guard->check(room, bearer_of(request), request.source);
        if (!verdict) return respond(web_refusal(verdict.error()));
        entrance = *std::move(verdict);
    }
    if (use == BrowserUse::Publish && entrance.role == JoinRole::Viewer) {
        return respond(web_problem(403, "forbidden", "the token lets its carrier watch only"));
    }
    auto offer = read_whip_offer(request, use);
    if (!offer) return respond(offer.error());

    const auto name = request.query.find("name");
    CallRequest call;
    call.room = room;
    const std::string said = name == request.query.end() ? "" : name->second;
    call.display_name = caller_name(entrance.name.empty() ? said : entrance.name, "",
                                    use == BrowserUse::Publish ? "WHIP" : "WHEP");
    call.cleared = options_.guard != nullptr;
    call.remote_uri = (use == BrowserUse::Publish ? "whip:" : "whep:") + request.source;
    call.user_agent = request.header("user-agent");
    call.protocol = "webrtc";
    call.transport = "https";
    call.secure_signalling = true;
    call.media_encryption = MediaEncryption::Required;
    call.remote_address = request.source;
    call.local_address = local_address_towards(request.source);
    call.public_address = options_.public_address;
    if (use == BrowserUse::Watch) call.roles = {"viewer"};
    call.offer = offer->media;
    call.bundle = bundle_of_offer(*offer, use);
    const SessionBundle bundle = *call.bundle;
    const std::string path = request.path + "/" + make_secret();
    const auto session = std::make_shared<Session>(*this, path, request.source, *std::move(offer),
                                                   bundle, std::move(respond));
    sessions_.emplace(path, session);
    rooms_.admit(call, *session,
                 [this, path, session = std::weak_ptr<Session>(session)](
                     const tl::expected<Admitted, Refusal>& result) {
                     // A door that is gone has no sessions.
                     if (!session.expired()) admitted(path, result);
                 });
}

void WhipDoor::admitted(const std::string& path, const tl::expected<Admitted, Refusal>& result) {
    const auto session = sessions_.at(path);
    if (!result) {
        sessions_.erase(path);
        return session->answer(web_refusal(result.error()));
    }
    const std::string etag = "\"" + make_secret().substr(0, 16) + "\"";
    session->let_in(result->participant, etag);
    const BrowserSide side = our_side(session->bundle(), *result, options_.public_address);
    if (side.ice.candidates.empty()) {
        end(path, {Ending::Cause::MediaFailed, "the media daemon has no candidates"});
        return session->answer(web_problem(500, "internal", "the media daemon opened no port"));
    }
    const auto answer = browser_answer(result->media, session->offer(), side,
                                       {"-", make_session_number(), "1", {}});
    session->answer({201,
                     "application/sdp",
                     write_sdp(answer),
                     {{"Location", path}, {"ETag", etag}, {"Cache-Control", "no-store"}}});
}

WebResponse WhipDoor::change(Session& session, const WebRequest& request) {
    if (request.method == "DELETE") {
        end(request.path, {Ending::Cause::PeerHungUp, "ended by its client"});
        return {200, "", "", {}};
    }
    if (request.method == "OPTIONS") {
        return {204, "", "", {{"Allow", "DELETE, OPTIONS, PATCH"}}};
    }
    if (request.method != "PATCH") return not_allowed("DELETE, OPTIONS, PATCH");
    const auto fragment = read_whip_patch(request);
    if (!fragment) return fragment.error();
    const bool restart =
        fragment->credentials && *fragment->credentials != session.offer().ice.credentials;
    if (restart) {
        return web_problem(422, "no_ice_restart",
                           "ICE is not restarted here: end the session and begin another");
    }
    if (!matches(request.header("if-match"), session.etag())) {
        return web_problem(412, "wrong_etag", "If-Match names no description of this session");
    }
    return {204, "", "", {}};
}

void WhipDoor::end(const std::string& path, const Ending& ending) {
    const auto found = sessions_.find(path);
    if (found == sessions_.end()) return;
    const auto session = found->second;  // until the rooms have let go of it
    sessions_.erase(found);
    rooms_.left(*session->participant(), ending);
}

bool WhipDoor::too_many_of(const std::string& source) const {
    const MessageSource one = source_of(source);
    const auto count = std::ranges::count_if(
        sessions_, [&](const auto& entry) { return source_of(entry.second->source()) == one; });
    return std::cmp_greater_equal(count, options_.most_per_source);
}

}  // namespace signaling
