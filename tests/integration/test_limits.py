"""What one source, and all of them together, may ask of the SIP door."""

import time

from sip_peer import AUDIO, Peer, sdp
from support.flood import Stranger


def test_the_defaults_bite_at_one_source_and_leave_others_alone(make_tessera):
    server = make_tessera(limits="")
    stranger, other = Stranger(server, "127.0.0.9"), Stranger(server, "127.0.0.10")
    began = time.monotonic()

    for number in range(300):
        stranger.ask(number)
    answered = stranger.answered(0.5)
    allowed = 60 + 20 * (time.monotonic() - began - 0.5) + 1

    assert 60 <= answered <= allowed, (answered, allowed)
    server.signald.wait_for_log("sip messages above the limits are dropped")
    other.ask(1, "INVITE")
    assert other.answered(1.0) == 1
    # Who waits is heard again.
    time.sleep(0.2)
    stranger.ask(1000)
    assert stranger.answered(1.0) == 1


def test_a_stream_above_the_limit_is_closed(make_tessera):
    server = make_tessera(limits="requests_per_second = 1\nrequest_burst = 3\n")
    peer = Peer(server, "tcp")

    for _ in range(3):
        peer.request("OPTIONS")
        assert peer.final().status == 200
    peer.request("OPTIONS")

    peer.socket.settimeout(5)
    assert peer.socket.recv(4096) == b""
    assert server.ready()
    peer.close()


def test_the_requests_of_strangers_are_bounded_and_a_call_that_stands_is_not_among_them(make_tessera):
    server = make_tessera(limits="requests_per_second = 100000\nrequest_burst = 100000\nmax_unadmitted_calls = 4\n")
    caller = Peer(server)
    assert caller.invite("demo", sdp(*AUDIO)).status == 200
    caller.ack()
    strangers = [Stranger(server, f"127.0.0.{100 + number}") for number in range(100)]

    def all_ask():
        for number, stranger in enumerate(strangers):
            stranger.ask(number)
        time.sleep(0.5)
        return sum(stranger.answered(0.001) for stranger in strangers)

    # Of forty places an unknown address gets half, who asks again gets more: all but five.
    assert all_ask() == 20
    assert all_ask() == 15 + 20  # and the answers to the first twenty again
    one = Stranger(server, "127.0.0.9")
    one.ask(1)
    assert one.answered(0.5) == 0

    assert caller.invite("demo", sdp(*AUDIO, version=2)).status == 200
    caller.ack()
    assert caller.bye().status == 200
    caller.close()


def test_a_message_above_the_size_is_refused(make_tessera):
    server = make_tessera(signald="max_message_bytes = 4096")
    peers = [Peer(server, transport) for transport in ("tcp", "udp")]
    for peer in peers:
        peer.request("OPTIONS", body="a" * 8000, kind="text/plain")

        assert peer.final().status == 413

        peer.close()
    other = Peer(server)
    other.request("OPTIONS")
    assert other.final().status == 200
    other.close()
