"""What signald keeps of the requests that people in a call make."""

import pytest

from support.caller import Caller
from support.wait import until

REQUESTS = 2000
# UDP: SIP remembers a request for 32 s, and what was its memory is given back some seconds later (common/heap_rest.h).
REMEMBERED_KIB_AT_LEAST, BACK_WITHIN_S = 8 * REQUESTS, 60
# Of each request at most so many bytes stay: pages that hold something else, too.
BYTES_OF_A_REQUEST = 200


def ask(caller, method, count):
    for _ in range(count):
        caller.peer.request(method)
        assert caller.peer.final().status == 200


@pytest.fixture
def call(tessera):
    callers = []

    def make(transport):
        callers.append(Caller(tessera, transport=transport).dial())
        ask(callers[-1], "UPDATE", 100)  # what is made once is there
        return callers[-1]

    yield make
    for caller in callers:
        caller.close()


@pytest.mark.parametrize("method", ["UPDATE", "OPTIONS"])
def test_a_thousand_requests_over_a_connection_leave_nothing_while_the_call_stands(tessera, call, method):
    caller = call("tcp")
    ask(caller, method, 100)
    before = tessera.signald.heap_kib()

    ask(caller, method, REQUESTS)

    assert (tessera.signald.heap_kib() - before) * 1024 / REQUESTS < BYTES_OF_A_REQUEST
    assert len(tessera.participants()) == 1


def test_what_datagrams_take_for_half_a_minute_is_given_back_while_the_call_stands(tessera, call):
    caller = call("udp")
    before = tessera.signald.heap_kib()
    ask(caller, "UPDATE", REQUESTS)
    assert tessera.signald.heap_kib() - before > REMEMBERED_KIB_AT_LEAST  # else this test is about nothing

    most = before + REQUESTS * BYTES_OF_A_REQUEST // 1024
    until(lambda: tessera.signald.heap_kib() <= most, BACK_WITHIN_S,
          lambda: f"memory is back: {before} KiB before, {tessera.signald.heap_kib()} now")
    assert len(tessera.participants()) == 1
