"""TCP and TLS connections to the SIP ports: how many, how long, and their pings."""

import contextlib
import socket
import ssl
import time

import pytest

from sip_peer import AUDIO, Peer, sdp
from support.wait import until

FIRST_REQUEST_S = 15
OF_ONE_SOURCE = 100


def connect(server, address, port=None):
    """A connection that says nothing."""
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.bind((address, 0))
    one.settimeout(5)
    one.connect(("127.0.0.1", port or server.sip_port))
    one.setblocking(False)
    return one


def is_closed(connection):
    try:
        return connection.recv(4096) == b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


class PeerAt(Peer):
    """A peer at an address of its own."""

    def __init__(self, server, address, transport):
        connecting = socket.socket.connect

        def connect_from(one, there):
            one.bind((address, 0))
            connecting(one, there)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket.socket, "connect", connect_from)
            super().__init__(server, transport)


def call_and_go(peer):
    assert peer.invite("demo", sdp(*AUDIO)).status == 200
    peer.ack()
    assert peer.bye().status == 200
    peer.close()


def test_silent_connections_are_few_and_short_and_keep_nobody_out(make_tessera):
    server = make_tessera(limits="")
    before = server.signald.open_files()
    began = time.monotonic()
    silent = [connect(server, "127.0.0.50", server.tls_port if number % 2 else None) for number in range(500)]
    # A handshake that begins, and goes on by a byte a second.
    slow = connect(server, "127.0.0.51", server.tls_port)
    hello = iter(bytes.fromhex("16030100c8010000c40303") + bytes(194))

    until(lambda: sum(map(is_closed, silent)) >= 500 - OF_ONE_SOURCE, 10, "all but a hundred are closed")
    until(lambda: server.signald.open_files() <= before + OF_ONE_SOURCE + 2, 5, "so many descriptors are open")
    for address in ("127.0.0.50", "127.0.0.52"):
        for transport in ("tcp", "tls"):
            call_and_go(PeerAt(server, address, transport))

    def trickled():
        with contextlib.suppress(OSError):
            slow.send(bytes([next(hello)]))
        return is_closed(slow)

    until(trickled, FIRST_REQUEST_S + 10, "the slow handshake is ended", every_s=1)
    assert time.monotonic() - began > FIRST_REQUEST_S - 1
    until(lambda: all(map(is_closed, silent)), 5, "the silent are let go")
    until(lambda: server.signald.open_files() <= before, 5,
          lambda: f"{before} descriptors before, now {server.signald.open_files()}")
    for one in [*silent, slow]:
        one.close()


def test_a_door_full_of_many_sources_lets_a_caller_in(make_tessera):
    server = make_tessera(limits="max_connections = 20\n")
    caller = PeerAt(server, "127.0.0.60", "tls")
    assert caller.invite("demo", sdp(*AUDIO)).status == 200
    caller.ack()
    silent = [connect(server, f"127.0.{1 + number // 10}.1") for number in range(100)]

    until(lambda: sum(map(is_closed, silent)) >= 81, 10, "all but 19 are closed")
    call_and_go(PeerAt(server, "127.0.0.61", "tls"))

    assert caller.bye().status == 200
    for one in [caller.socket, *silent]:
        one.close()


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_idle_connections_are_closed_those_that_ping_or_call_are_not(make_tessera, transport):
    server = make_tessera(limits="connection_idle_s = 3\n")
    idle, pinging, calling, proxy = (Peer(server, transport) for _ in range(4))
    for peer in (idle, pinging):
        peer.request("OPTIONS")
        assert peer.final().status == 200
    assert calling.invite("demo", sdp(*AUDIO)).status == 200
    calling.ack()
    routed = [f"Record-Route: <sip:{proxy.here};transport={transport};lr>"]
    assert proxy.invite("demo", sdp(*AUDIO), extra=routed).status == 200
    proxy.ack()
    pings = 0

    def ping():
        nonlocal pings
        pings += 1
        pinging.send("\r\n\r\n")
        assert pinging.socket.recv(100) == b"\r\n"
        return pings >= 12 and is_closed(idle.socket)

    pinging.socket.settimeout(5)
    until(ping, 10, "the idle one is closed", every_s=0.5)

    pinging.request("OPTIONS")
    assert pinging.final().status == 200
    assert calling.bye().status == 200
    assert proxy.bye().status == 200
    for peer in (idle, pinging, calling, proxy):
        peer.close()


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_ping_between_messages_disturbs_none(make_tessera, transport):
    server = make_tessera()
    peer = Peer(server, transport)
    peer.socket.settimeout(5)
    for _ in range(3):
        peer.send("\r\n\r\n")
        assert peer.socket.recv(100) == b"\r\n"
        peer.request("OPTIONS")
        assert peer.final().status == 200
    peer.request("OPTIONS", body="a\r\n\r\nb", kind="text/plain")
    assert peer.final().status == 200
    peer.close()
