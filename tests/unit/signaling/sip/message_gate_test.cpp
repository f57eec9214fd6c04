#include "signaling/sip/message_gate.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace std::chrono_literals;
using signaling::MessageGate;
using signaling::MessageSource;
using signaling::RequestId;
using signaling::RetryMemory;
using signaling::SipLimits;
using signaling::SourceSet;
using signaling::Standing;
using signaling::StrangerTable;

namespace {

RequestId request(int number, const std::string& method = "INVITE") {
    return {"call-" + std::to_string(number), 1, method, "z9hG4bK-" + std::to_string(number)};
}

RequestId within(RequestId one) {
    one.in_dialog = true;
    return one;
}

MessageSource source(std::uint8_t host = 1) {
    const std::array<std::uint8_t, 4> address{192, 0, 2, host};
    return MessageSource::of(address);
}

struct Table {
    tests::FakeClock clock;
    StrangerTable strangers{{.places = 3, .of_one_source = 3, .unconfirmed_calls = 2}};

    bool let_in(const RequestId& one, Standing standing = Standing::Known,
                const MessageSource& from = source()) {
        return strangers.let_in(one, from, standing, clock.now());
    }
    void fill() {
        for (int i = 1; i <= 3; ++i) REQUIRE(let_in(request(i)));
    }
};

}  // namespace

TEST_CASE_METHOD(Table, "Requests of strangers are let in while there are places") {
    fill();

    CHECK_FALSE(let_in(request(4)));
    CHECK_FALSE(let_in(request(5, "OPTIONS")));
    CHECK(strangers.taken() == 3);
}

TEST_CASE_METHOD(Table, "A place is free again when sofia has forgotten the request") {
    fill();

    clock.advance(StrangerTable::kTransactionLife - 1ms);
    CHECK_FALSE(let_in(request(4)));
    clock.advance(1ms);
    CHECK(let_in(request(4)));
    CHECK(strangers.taken() == 1);
}

TEST_CASE_METHOD(Table, "A request that is sent again is still let in, and takes no second place") {
    fill();

    CHECK(let_in(request(2)));
    CHECK(strangers.taken() == 3);
    RequestId forged = request(2);
    forged.branch = "z9hG4bK-other";
    CHECK_FALSE(let_in(forged));
}

TEST_CASE_METHOD(Table, "The ACK of a refusal frees its place, that of another branch does not") {
    fill();
    RequestId forged = request(1, "ACK");
    forged.branch = "z9hG4bK-other";

    CHECK(let_in(forged));
    CHECK_FALSE(let_in(request(4)));
    CHECK(let_in(request(1, "ACK")));
    CHECK(let_in(request(4)));
}

TEST_CASE_METHOD(Table, "Requests of standing calls need no place, and their ACK frees theirs") {
    REQUIRE(let_in(request(1)));
    strangers.joined("call-1");
    RequestId ack = request(1, "ACK");
    ack.branch = "z9hG4bK-of-its-own";
    CHECK(let_in(ack));
    CHECK(strangers.taken() == 0);
    for (int i = 2; i <= 4; ++i) REQUIRE(let_in(request(i)));

    CHECK(let_in(within(request(1, "BYE"))));
    CHECK_FALSE(let_in(request(1, "BYE")));
    strangers.left("call-1");
    CHECK_FALSE(let_in(within(request(1, "INFO"))));
}

TEST_CASE_METHOD(Table,
                 "Of one call as many requests are taken as of one source, and no new calls") {
    strangers.joined("one");
    fill();
    for (std::uint32_t i = 0; i < 60; ++i) CHECK(let_in({"one", i, "INFO", "b", true}));
    CHECK_FALSE(let_in({"one", 60, "INFO", "b", true}));
    clock.advance(50ms);
    CHECK(let_in({"one", 60, "INFO", "b", true}));
    CHECK_FALSE(let_in({"one", 61, "INFO", "b", true}));
    clock.advance(1s);

    CHECK_FALSE(let_in({"one", 62, "INVITE", "another", false}));
}

TEST_CASE_METHOD(Table, "Two calls of one Call-ID are known until both have left") {
    fill();
    strangers.joined("twice");
    strangers.joined("twice");
    strangers.left("twice");

    CHECK(let_in({"twice", 2, "BYE", "b", true}));
    strangers.left("twice");
    CHECK_FALSE(let_in({"twice", 3, "BYE", "b", true}));
    strangers.left("twice");  // of nobody: nothing to forget
}

TEST_CASE("The unknown get half of the places, the patient seven in eight, the known all") {
    tests::FakeClock clock;
    StrangerTable strangers({.places = 16, .of_one_source = 16, .unconfirmed_calls = 1});
    int number = 0;
    const auto let_in = [&](Standing standing) {
        int count = 0;
        while (strangers.let_in(request(++number), source(), standing, clock.now())) ++count;
        return count;
    };

    CHECK(let_in(Standing::Unknown) == 8);
    CHECK(let_in(Standing::Patient) == 6);
    CHECK(let_in(Standing::Known) == 2);
    CHECK(strangers.let_in(request(1), source(), Standing::Unknown, clock.now()));
}

TEST_CASE("One source does not get the places of all") {
    tests::FakeClock clock;
    StrangerTable some({.places = 8, .of_one_source = 2, .unconfirmed_calls = 1});
    const auto ask = [&](int number, const MessageSource& from) {
        return some.let_in(request(number), from, Standing::Known, clock.now());
    };
    CHECK(ask(1, source()));
    CHECK(ask(2, source()));
    CHECK_FALSE(ask(3, source()));
    CHECK(ask(3, source(2)));

    CHECK(some.let_in(request(1, "ACK"), source(), Standing::Known, clock.now()));
    CHECK(ask(4, source()));
    clock.advance(StrangerTable::kTransactionLife);
    CHECK(ask(5, source()));
    CHECK(ask(6, source()));
    CHECK(some.taken() == 2);
}

TEST_CASE("While too many calls wait for their ACK, an unknown address makes no other") {
    tests::FakeClock clock;
    StrangerTable strangers({.places = 16, .of_one_source = 16, .unconfirmed_calls = 2});
    const auto let_in = [&](const RequestId& one, Standing standing = Standing::Unknown) {
        return strangers.let_in(one, source(), standing, clock.now());
    };
    strangers.joined("first");
    strangers.joined("second");

    CHECK_FALSE(let_in(request(1)));
    CHECK(let_in(request(1, "OPTIONS")));
    CHECK(let_in(request(2), Standing::Patient));
    strangers.confirmed("first");
    strangers.confirmed("first");  // its re-INVITE
    strangers.left("first");
    CHECK(let_in(request(3)));
    strangers.joined("third");
    CHECK_FALSE(let_in(request(4)));
    strangers.left("second");  // unconfirmed to the end
    CHECK(let_in(request(4)));
}

TEST_CASE("A request that is sent again is known again, for half a minute") {
    tests::FakeClock clock;
    RetryMemory memory;
    constexpr std::uint64_t kHash = 0x1234'5678'9abc'def0;

    CHECK_FALSE(memory.is_again(kHash, clock.now()));
    clock.advance(RetryMemory::kSoonest - 1ms);
    CHECK_FALSE(memory.is_again(kHash, clock.now()));  // a doubled datagram
    clock.advance(1ms);
    CHECK(memory.is_again(kHash, clock.now()));
    CHECK_FALSE(memory.is_again(kHash ^ (1ULL << 40), clock.now()));  // takes its place
    CHECK_FALSE(memory.is_again(kHash, clock.now()));
    clock.advance(RetryMemory::kLatest + 1ms);
    CHECK_FALSE(memory.is_again(kHash, clock.now()));
}

TEST_CASE("A set of sources forgets the one that was put in first") {
    SourceSet sources(2);
    sources.insert(source(1));
    sources.insert(source(2));
    sources.insert(source(1));
    sources.insert(source(3));

    CHECK(sources.contains(source(1)));
    CHECK_FALSE(sources.contains(source(2)));
    CHECK(sources.contains(source(3)));
}

TEST_CASE("Answers are counted apart, and cost their sender no request") {
    tests::FakeClock clock;
    SipLimits limits;
    limits.request_burst = 2;
    MessageGate gate(limits, clock);
    for (int i = 0; i < 2; ++i)
        CHECK(gate.takes(source(), MessageGate::Kind::Response, MessageGate::Over::Datagram));
    CHECK_FALSE(gate.takes(source(), MessageGate::Kind::Response, MessageGate::Over::Datagram));

    for (int i = 0; i < 2; ++i)
        CHECK(gate.takes(source(), MessageGate::Kind::Request, MessageGate::Over::Datagram));
    CHECK_FALSE(gate.takes(source(), MessageGate::Kind::Request, MessageGate::Over::Datagram));
}

namespace {

struct Gate {
    tests::FakeClock clock;
    MessageGate gate{limits(), clock};

    static SipLimits limits() {
        SipLimits some;
        some.max_unadmitted_calls = 2;  // ten times as many requests are remembered
        return some;
    }
    // From ten sources, as one gets an eighth.
    bool asks(int number, MessageGate::Over over = MessageGate::Over::Datagram) {
        return gate.takes(request(number, "OPTIONS"),
                          source(static_cast<std::uint8_t>(number % 10)), over);
    }
    bool asks_within(int number) {
        return gate.takes(within(request(number, "OPTIONS")),
                          source(static_cast<std::uint8_t>(number % 10)),
                          MessageGate::Over::Datagram);
    }
    void flood() {
        for (int i = 0; i < 10; ++i) REQUIRE(asks(i));
        REQUIRE_FALSE(asks(10));
        REQUIRE(gate.remembered() == 10);
    }
};

}  // namespace

TEST_CASE_METHOD(Gate, "In a flood who sends again is heard, and whose call stands") {
    flood();

    CHECK_FALSE(asks(11));
    clock.advance(500ms);
    CHECK_FALSE(asks(12));
    CHECK(asks(11));
    gate.joined("call-20", source(1));
    CHECK_FALSE(asks(20));
    CHECK(asks_within(20));
    gate.left("call-20");
    CHECK_FALSE(asks_within(20));
    gate.resumed("call-21");
    CHECK(asks_within(21));
}

TEST_CASE_METHOD(Gate, "In a flood a connection is heard at once, and whoever confirmed a call") {
    flood();

    CHECK(asks(11, MessageGate::Over::Connection));
    CHECK_FALSE(asks(12));
    gate.joined("call-7", source(3));
    gate.confirmed("call-7", source(2));  // another's ACK: it may be forged
    CHECK_FALSE(asks(13));
    gate.left("call-7");
    gate.joined("call-8", source(2));
    gate.confirmed("call-8", source(2));
    CHECK(asks(22));
}

TEST_CASE_METHOD(Gate,
                 "Datagrams cost the connection of their address nothing, answers no stream") {
    using Kind = MessageGate::Kind;
    using Over = MessageGate::Over;
    while (gate.takes(source(), Kind::Request, Over::Datagram)) {
    }
    CHECK(gate.takes(source(), Kind::Request, Over::Connection));
    for (int i = 0; i < 200; ++i) CHECK(gate.takes(source(), Kind::Response, Over::Connection));
    while (gate.takes(source(), Kind::Request, Over::Connection)) {
    }
    CHECK(gate.takes(source(), Kind::Response, Over::Connection));
}

TEST_CASE_METHOD(Gate, "What was remembered is forgotten without a next request") {
    flood();

    clock.advance(StrangerTable::kTransactionLife);
    CHECK(gate.remembered() == 0);
}
