#include "signaling/metrics/signald_metrics.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/fake_call.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_media_node.h"

using namespace signaling;

namespace {

struct House {
    House() {
        node.start(rooms);
        node.run_all();
        sip.received = {&received};
        sip.sent = &sent;
    }
    void admit(tests::FakeCall& call, const std::string& room, const std::string& transport) {
        CallRequest request;
        request.room = room;
        request.transport = transport;
        request.display_name = "Anna";
        request.offer = tests::usual_offer();
        counter.admit(request, call, [](const auto&) {});
        node.run_all();
    }
    [[nodiscard]] std::string page() const {
        return signald_metrics({.rooms = rooms,
                                .calls = counter.counts(),
                                .sip = sip,
                                .sip_connections_limit = 500,
                                .api_answers = {{200, 7}, {401, 2}},
                                .api_connections = 1,
                                .media_daemon_connected = node.info() != nullptr,
                                .media_daemon_losses = 3,
                                .records = records});
    }
    [[nodiscard]] bool says(const std::string& line) const {
        return page().find("\n" + line + "\n") != std::string::npos;
    }

    std::optional<SignaldSample::Records> records;
    tests::FakeClock clock;
    tests::FakeMediaNode node;
    IdMaker ids{1, [] { return 1ULL; }};
    RoomDirectory rooms{
        node, clock, ids,
        *parse_settings("[[room]]\nid = \"board\"\n[template]\nauto_create = true", "t.toml")};
    CallCounter counter{rooms};
    SipTraffic received, sent;
    SipDoor::Statistics sip;
};

}  // namespace

TEST_CASE("Calls are told by state and transport, those that are not there as 0") {
    House house;
    tests::FakeCall one, other;

    house.admit(one, "board", "udp");
    house.admit(other, "board", "tls");

    CHECK(house.says(R"(tessera_calls{state="joined",transport="udp"} 1)"));
    CHECK(house.says(R"(tessera_calls{state="joined",transport="tcp"} 0)"));
    CHECK(house.says(R"(tessera_calls_admitted_total{transport="tls"} 1)"));
    CHECK(house.says("tessera_rooms_in_use 1"));
}

TEST_CASE("A refusal is told by its reason, whoever refused") {
    House house;
    tests::FakeCall call;
    house.sip.refused_calls = 4;

    house.node.refuse_newcomers("the media daemon is overloaded", 30);
    house.admit(call, "board", "udp");

    CHECK(house.says(R"(tessera_calls_refused_total{reason="overloaded"} 1)"));
    CHECK(house.says(R"(tessera_calls_refused_total{reason="too_many_calls"} 4)"));
    CHECK(house.says(R"(tessera_calls_refused_total{reason="room_full"} 0)"));
    CHECK(house.says("tessera_newcomers_taken 0"));
}

TEST_CASE("Messages of all listeners are told by method and class") {
    House house;
    SipTraffic of_another;
    house.sip.received.push_back(&of_another);
    house.received.add_request("INVITE");
    of_another.add_request("INVITE");
    of_another.add_response(200);
    house.sent.add_response(503);

    CHECK(house.says(R"(tessera_sip_requests_received_total{method="INVITE"} 2)"));
    CHECK(house.says(R"(tessera_sip_responses_received_total{class="2xx"} 1)"));
    CHECK(house.says(R"(tessera_sip_responses_sent_total{class="5xx"} 1)"));
}

TEST_CASE("The way to the media daemon and the API are told") {
    House house;

    CHECK(house.says("tessera_media_daemon_connected 1"));
    CHECK(house.says("tessera_newcomers_taken 1"));
    CHECK(house.says("tessera_media_daemon_losses_total 3"));
    CHECK(house.says(R"(tessera_api_answers_total{code="401"} 2)"));
    house.node.lose(house.rooms);
    CHECK(house.says("tessera_media_daemon_connected 0"));
    CHECK(house.says("tessera_newcomers_taken 0"));
}

TEST_CASE("However many rooms callers make up, the page has as many lines and names none") {
    House house;
    tests::FakeCall first;
    house.admit(first, "board", "udp");
    const std::string of_one = house.page();
    std::vector<std::unique_ptr<tests::FakeCall>> calls;

    for (int i = 0; i < 20; ++i) {
        calls.push_back(std::make_unique<tests::FakeCall>());
        house.admit(*calls.back(), "made-up-" + std::to_string(i), "udp");
    }

    const std::string of_many = house.page();
    CHECK(house.says("tessera_rooms_in_use 21"));
    CHECK(std::ranges::count(of_many, '\n') == std::ranges::count(of_one, '\n'));
    CHECK(of_many.find("made-up") == std::string::npos);
    CHECK(of_many.find("Anna") == std::string::npos);
}

TEST_CASE("What becomes of records is told, where any are kept") {
    House house;
    CHECK(house.page().find("tessera_records") == std::string::npos);

    house.records = {5, 1, true};

    CHECK(house.says("tessera_records_written_total 5"));
    CHECK(house.says("tessera_records_lost_total 1"));
    CHECK(house.says("tessera_metadata_store_away 1"));
}
