#include "signaling/sip/message_gate.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace std::chrono_literals;
using signaling::MessageGate;
using signaling::MessageSource;
using signaling::RequestId;
using signaling::SipLimits;
using signaling::StrangerTable;

namespace {

RequestId request(int number, const std::string& method = "INVITE") {
    return {"call-" + std::to_string(number), 1, method, "z9hG4bK-" + std::to_string(number)};
}

MessageSource source() {
    const std::array<std::uint8_t, 4> address{192, 0, 2, 1};
    return MessageSource::of(address);
}

struct Table {
    tests::FakeClock clock;
    StrangerTable strangers{3};

    bool let_in(const RequestId& one) { return strangers.let_in(one, clock.now()); }
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

    CHECK(let_in(request(1, "BYE")));
    strangers.left("call-1");
    CHECK_FALSE(let_in(request(1, "INFO")));
}

TEST_CASE_METHOD(Table, "Two calls of one Call-ID are known until both have left") {
    fill();
    strangers.joined("twice");
    strangers.joined("twice");
    strangers.left("twice");

    CHECK(let_in({"twice", 2, "BYE", "b"}));
    strangers.left("twice");
    CHECK_FALSE(let_in({"twice", 3, "BYE", "b"}));
    strangers.left("twice");  // of nobody: nothing to forget
}

TEST_CASE("Answers are counted apart, and cost their sender no request") {
    tests::FakeClock clock;
    SipLimits limits;
    limits.request_burst = 2;
    MessageGate gate(limits, clock);
    for (int i = 0; i < 2; ++i) CHECK(gate.takes(source(), MessageGate::Kind::Response));
    CHECK_FALSE(gate.takes(source(), MessageGate::Kind::Response));

    for (int i = 0; i < 2; ++i) CHECK(gate.takes(source(), MessageGate::Kind::Request));
    CHECK_FALSE(gate.takes(source(), MessageGate::Kind::Request));
}

TEST_CASE("The gate remembers ten requests of strangers for each call that may wait") {
    tests::FakeClock clock;
    SipLimits limits;
    limits.max_unadmitted_calls = 2;
    MessageGate gate(limits, clock);
    for (int i = 0; i < 20; ++i) CHECK(gate.takes(request(i)));

    CHECK_FALSE(gate.takes(request(20)));
    gate.joined("call-20");
    CHECK(gate.takes(request(20)));
    gate.left("call-20");
    CHECK_FALSE(gate.takes(request(20)));
}
