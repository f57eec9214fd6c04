#include "signaling/metrics/call_counter.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_call.h"

using namespace signaling;

namespace {

/// Rooms that answer as the test says, and remember who was passed on.
class Rooms final : public Admission {
  public:
    void admit(const CallRequest& request, Call&, OnAdmitted done) override {
        if (request.room == "full") {
            return done(tl::unexpected(Refusal{RefusalReason::Full, "no seat", 0}));
        }
        done(Admitted{request.room, {}});
    }
    void resume(const Resumption& former, Call&, OnResumed done) override {
        done(former.participant == "anna");
    }
    void update(const ParticipantId& id, const std::optional<MediaOffer>&, OnMedia) override {
        passed_on += "update " + id + ";";
    }
    void answered(const ParticipantId& id, const MediaOffer&, OnMedia) override {
        passed_on += "answered " + id + ";";
    }
    void dtmf(const ParticipantId& id, char digit, common::Duration) override {
        passed_on += "dtmf " + id + " " + digit + ";";
    }
    void picture_fast_update(const ParticipantId& id, const std::string& mid) override {
        passed_on += "picture " + id + " " + mid + ";";
    }
    void left(const ParticipantId& id, const Ending&) override { passed_on += "left " + id + ";"; }

    std::string passed_on;
};

CallRequest request_for(const std::string& room, const std::string& transport) {
    CallRequest request;
    request.room = room;
    request.transport = transport;
    return request;
}

}  // namespace

TEST_CASE("Who is let in counts by transport, who is not by reason, and both are told") {
    Rooms rooms;
    CallCounter counter(rooms);
    tests::FakeCall call;
    std::string told;
    const auto tell = [&told](auto result) {
        told += result ? result->participant + ";" : result.error().text + ";";
    };

    counter.admit(request_for("demo", "tls"), call, tell);
    counter.admit(request_for("full", "udp"), call, tell);
    counter.admit(request_for("demo", "tls"), call, tell);

    CHECK(told == "demo;no seat;demo;");
    CHECK(counter.counts().admitted == std::map<std::string, std::uint64_t>{{"tls", 2}});
    CHECK(counter.counts().refused ==
          std::map<RefusalReason, std::uint64_t>{{RefusalReason::Full, 1}});
}

TEST_CASE("Ends count by cause, and calls of a former daemon by whether they go on") {
    Rooms rooms;
    CallCounter counter(rooms);
    tests::FakeCall call;
    std::vector<bool> found;
    const auto tell = [&found](bool is) { found.push_back(is); };

    counter.left("anna", {Ending::Cause::PeerLost, ""});
    counter.resume({"anna", {}, {}, {}}, call, tell);
    counter.resume({"boris", {}, {}, {}}, call, tell);

    CHECK(counter.counts().ended ==
          std::map<Ending::Cause, std::uint64_t>{{Ending::Cause::PeerLost, 1}});
    CHECK(found == std::vector<bool>{true, false});
    CHECK(counter.counts().resumed == 1);
    CHECK(counter.counts().lost == 1);
}

TEST_CASE("All that a door says comes to the rooms") {
    Rooms rooms;
    CallCounter counter(rooms);

    counter.update("anna", std::nullopt, {});
    counter.answered("anna", {}, {});
    counter.dtmf("anna", '5', {});
    counter.picture_fast_update("anna", "1");
    counter.left("anna", {});

    CHECK(rooms.passed_on == "update anna;answered anna;dtmf anna 5;picture anna 1;left anna;");
}
