"""Each message of RFC 4475, by UDP and by TCP, whole and in pieces: we stay alive, and answer what docs/rfc4475.md says."""

import pathlib
import re
import socket
import time

import pytest

from sip_peer import Peer
from support.tessera import ROOT, Tessera

MESSAGES = sorted((pathlib.Path(ROOT) / "tests/data/rfc4475").glob("*.dat"))
TABLE = {name: answer.strip() for name, answer in re.findall(
    r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", (pathlib.Path(ROOT) / "docs/rfc4475.md").read_text(), re.MULTILINE)}
# Answers by UDP go to the port that Via names, and the messages name these (RFC 3261 18.2.2). Each message has a source
# of its own: answers to an INVITE that nobody acknowledges come again and again.
PORTS = (5060, 5050, 5070)
VIA = re.compile(rb"(?im)^((?:v|via)[ \t]*:[ \t]*SIP\s*/\s*2\.0\s*/\s*|Via:     SIP/7\.0/)(UDP|TCP|TLS)")
# How long silence is listened to.
SILENCE_S = 0.6


def come_by(message, transport):
    """The message as it would look had it been sent so: its topmost Via names the transport."""
    return VIA.sub(lambda found: found.group(1) + transport.encode(), message, count=1)


def final(text):
    """The first final status in what came; "-": none."""
    statuses = [status for status in re.findall(rb"(?m)^SIP/2\.0 (\d{3}) ", text) if status >= b"200"]
    return statuses[0].decode() if statuses else "-"


def listen(sockets, enough):
    text, until = b"", time.monotonic() + SILENCE_S
    while time.monotonic() < until and final(text) == "-":
        for one in sockets:
            one.settimeout(0.02)
            try:
                more = one.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                return text
            if not more and enough:
                return text
            text += more
    return text


def by_udp(server, message, source):
    sockets = []
    try:
        for port in PORTS:
            sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sockets[-1].bind((source, port))
        sockets[0].sendto(come_by(message, "UDP"), ("127.0.0.1", server.sip_port))
        return final(listen(sockets, enough=False))
    finally:
        for one in sockets:
            one.close()


def by_tcp(server, message, pieces):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
        stream.connect(("127.0.0.1", server.sip_port))
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        text = come_by(message, "TCP")
        size = -(-len(text) // pieces)
        try:
            for start in range(0, len(text), size):
                stream.sendall(text[start:start + size])
        except ConnectionError:
            pass  # refused before its end
        return final(listen([stream], enough=True))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Tessera(tmp_path_factory.mktemp("t")).start()
    yield one
    assert one.stop() == (0, 0)


def alive(server):
    peer = Peer(server)
    peer.request("OPTIONS")
    assert peer.final().status == 200
    peer.close()


def test_the_table_names_every_message():
    assert sorted(TABLE) == [path.stem for path in MESSAGES] and len(MESSAGES) == 49


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_a_torture_message_is_answered_as_the_table_says(server, path):
    message = path.read_bytes()

    answers = {"udp": by_udp(server, message, f"127.0.44.{MESSAGES.index(path) + 1}")}
    alive(server)
    for pieces in (1, 7):
        answers[f"tcp/{pieces}"] = by_tcp(server, message, pieces)
        alive(server)

    udp, _, tcp = TABLE[path.stem].partition("; TCP ")
    tcp = tcp or udp
    assert answers == {"udp": udp, "tcp/1": tcp, "tcp/7": tcp}
