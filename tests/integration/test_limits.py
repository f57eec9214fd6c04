"""What one source, and all of them together, may ask of the SIP door."""

import contextlib
import socket
import time

import pytest

from sip_peer import AUDIO, Peer, sdp


class Stranger:
    """A UDP socket at any address of 127/8 that asks without waiting."""

    def __init__(self, server, address="127.0.0.1"):
        self.server = server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.here = "%s:%d" % self.socket.getsockname()

    def ask(self, number, method="OPTIONS", room="demo"):
        self.socket.sendto(
            (f"{method} sip:{room}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {self.here};rport;branch=z9hG4bK-{self.here}-{number}\r\n"
             f"Max-Forwards: 70\r\nFrom: <sip:x@x>;tag={number}\r\nTo: <sip:{room}@127.0.0.1>\r\nCall-ID: {number}@{self.here}\r\n"
             f"CSeq: 1 {method}\r\nContact: <sip:x@{self.here}>\r\nContent-Length: 0\r\n\r\n").encode(),
            ("127.0.0.1", self.server.sip_port))

    def answered(self, seconds):
        """Final answers that come until none came for so long."""
        calls = set()
        self.socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            while True:
                text = self.socket.recv(65536).decode()
                if not text.startswith("SIP/2.0 1"):
                    calls.add(text.lower().split("call-id:")[1].split()[0])
        return len(calls)


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

    with pytest.raises((AssertionError, ConnectionError)):
        for _ in range(6):
            peer.request("OPTIONS")
            assert peer.final().status == 200
            assert peer.socket.fileno() >= 0
    assert server.ready()
    peer.close()


def test_the_requests_of_strangers_are_bounded_and_a_call_that_stands_is_not_among_them(make_tessera):
    server = make_tessera(limits="requests_per_second = 100000\nrequest_burst = 100000\nmax_unadmitted_calls = 4\n")
    caller = Peer(server)
    assert caller.invite("demo", sdp(*AUDIO)).status == 200
    caller.ack()
    stranger = Stranger(server, "127.0.0.9")
    for number in range(100):
        stranger.ask(number)

    assert stranger.answered(0.5) == 40

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
