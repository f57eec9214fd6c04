"""Floods, scanners and injected packets while people meet."""

import os
import re
import socket
import statistics
import struct
import subprocess
import time

import pytest

from sip_peer import AUDIO, Peer, sdp
from support.flood import Flood, PatientCaller
from support.phone import PCMU, Phone, rtp
from support.ports import free_port
from support.wait import until

# TESSERA_FLOOD_S=30: the long version, three times.
FLOOD_S = int(os.environ.get("TESSERA_FLOOD_S", "10"))
FLOODS = 3 if FLOOD_S >= 30 else 2
PER_SECOND = 2000
CALLERS = 20
# SIP forgets a request after 32 s, and what was its memory is given back some seconds later (common/heap_rest.h).
BACK_WITHIN_S = 60
# What 2000 remembered requests may hold; what tables that were made at the first flood keep; what a flood more may add.
HEAP_OF_A_FLOOD_KIB, HEAP_AFTER_KIB, HEAP_OF_ONE_MORE_KIB = 32 * 1024, 6 * 1024, 1024


@pytest.fixture
def meeting(make_tessera):
    server = make_tessera(limits="")
    both = Phone(server, 440), Phone(server, 700)
    until(lambda: both[0].hears(700) and both[1].hears(440), 10, "the two hear each other")
    yield server, both
    for phone in both:
        phone.stop()


def call_meanwhile(server, seconds):
    """People at addresses of their own who call one after the other: how many got in, and how long they waited at most."""
    callers = []
    for number in range(CALLERS):
        callers.append(PatientCaller(server, f"127.200.0.{1 + number}"))
        callers[-1].start()
        time.sleep(seconds / CALLERS)
    for caller in callers:
        caller.join()
    return sum(caller.status == 200 for caller in callers), max(caller.waited_s or 99 for caller in callers)


def flood(server, phones):
    """What they heard, who got in, and what signald's heap was when it ended."""
    heard, began, running = [len(phone.heard) for phone in phones], time.monotonic(), Flood(server, PER_SECOND)
    running.start()
    got_in, waited_s = call_meanwhile(server, FLOOD_S - 2)
    until(lambda: time.monotonic() > began + FLOOD_S, FLOOD_S + 1, "the flood goes on")
    running.stop()
    seconds = time.monotonic() - began
    assert running.sent > PER_SECOND * seconds * 0.8
    for phone, was, other in zip(phones, heard, reversed(phones)):
        # A byte a sample: of the sound that was due, at most a twentieth is missing or late.
        assert len(phone.heard) - was > 8000 * seconds * 0.95
        assert phone.hears(other.hertz)
    assert server.signald.heap_kib() < HEAP_OF_A_FLOOD_KIB
    print(f"flood: {got_in} of {CALLERS} got in, the last after {waited_s:.1f} s; heap {server.signald.heap_kib()} KiB")
    # Of the copies that count, some are forgotten for newer ones (signaling/sip/retry_memory.h).
    assert got_in >= CALLERS - 2


def test_floods_from_many_sources_leave_media_and_callers_alone_and_memory_where_it_was(meeting):
    server, phones = meeting
    fresh, before = server.signald.heap_kib(), None

    for _ in range(FLOODS):
        flood(server, phones)
        most = fresh + HEAP_AFTER_KIB if before is None else before + HEAP_OF_ONE_MORE_KIB
        until(lambda: server.signald.heap_kib() <= most, BACK_WITHIN_S,
              lambda: f"memory is back: {fresh} KiB fresh, {before} after the first, now {server.signald.heap_kib()}")
        if before is None:
            until(lambda: len(server.participants()) == len(phones), BACK_WITHIN_S, "nobody else is left")
            before = server.signald.heap_kib()
        print(f"flood: heap {fresh} KiB fresh, {server.signald.heap_kib()} KiB at rest")
    assert "sip messages above the limits are dropped" in server.signald.log()


def spray(port, ssrc):
    """RTP, RTCP (a BYE of that source, a key picture request) and STUN from a stranger's socket, and what it got."""
    stun = struct.pack("!HHI", 0x0001, 0, 0x2112A442) + bytes(12)
    packets = [rtp(PCMU, 60000, 1, ssrc, b"\x00" * 160), rtp(PCMU, 1, 1, 0xBAD, b"\x55" * 160),
               struct.pack("!BBHI", 0x81, 203, 1, ssrc), struct.pack("!BBHII", 0x81, 206, 2, 0xBAD, ssrc), stun]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.66", 0))
        for _ in range(20):
            for packet in packets:
                stranger.sendto(packet, ("127.0.0.1", port))
        stranger.settimeout(0.3)
        try:
            return stranger.recv(2048)
        except (TimeoutError, ConnectionError):
            return None


def test_a_stranger_at_the_media_ports_gets_nothing_and_shows_nothing(meeting):
    server, phones = meeting
    # One more has called, and sent nothing yet.
    silent = Peer(server)
    port = free_port()
    answer = silent.invite("demo", sdp(f"m=audio {port} RTP/AVP 0"))
    silent.ack()
    fresh = int(re.search(r"m=audio (\d+)", answer.body).group(1))
    ports = [base + offset for phone in phones for base in (phone.audio_port, phone.video_port) for offset in (0, 1)]
    pictures = [phone.pictures for phone in phones]

    got = [spray(one, phones[0].hertz) for one in [fresh, fresh + 1, *ports]]

    assert got == [None] * len(got)
    assert len(server.participants()) == 3
    for phone, other, seen in zip(phones, reversed(phones), pictures):
        until(lambda: phone.hears(other.hertz), 5, "they still hear each other")
        until(lambda: phone.pictures > seen, 5, "they still get pictures")
    silent.bye()
    silent.close()


# ---- a listener that asks who calls


@pytest.fixture
def asking(make_tessera, folder):
    users = folder / "users"
    users.write_text("anna:correct horse\n")
    users.chmod(0o600)
    port = free_port()
    server = make_tessera(rooms='[[room]]\nid = "demo"\n[[room]]\nid = "1000"\n[[signald.listener]]\n'
                          f'address = "127.0.0.1"\nport = {port}\ndigest_users_file = "{users}"\n')
    server.port = server.sip_port = port
    return server


def refused(server, room):
    """What a caller without a password hears, without what is anew each time; and after how long."""
    peer = Peer(server)
    peer.request("INVITE", room, sdp(*AUDIO))
    began = time.perf_counter()
    answer = peer.final()
    took = time.perf_counter() - began
    peer.close()
    anew = re.compile(r'nonce="[^"]*"|tag=[^;>]*|branch=[^;]*|rport=\d+|call\d+@|:\d+|^\d+')
    return answer.status, [(name, anew.sub("", value).replace(room, "ROOM")) for name, value in answer.headers], took


def test_rooms_that_are_there_and_rooms_that_are_not_look_alike(asking):
    took = {"demo": [], "nope": []}
    heard = []
    for _ in range(60):
        for room, times in took.items():
            status, headers, seconds = refused(asking, room)
            times.append(seconds)
            heard.append((status, headers))

    assert heard[0][0] == 401 and all(one == heard[0] for one in heard)
    there, not_there = (statistics.median(times) for times in took.values())
    assert abs(there - not_there) < 0.3 * max(there, not_there) + 0.0002, took


def sipvicious(*arguments):
    ended = subprocess.run([*map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    return ended.stdout + ended.stderr


def test_sipvicious_learns_nothing(asking):
    rooms = sipvicious("svwar", "-m", "INVITE", "-e", "1000-1010", "-p", asking.sip_port, "--force", "127.0.0.1")
    words = [sipvicious("svcrack", "-m", "INVITE", "-u", user, "-r", "100-120", "-p", asking.sip_port, "127.0.0.1")
             for user in ("anna", "nobody")]
    servers = sipvicious("svmap", "-p", asking.sip_port, "127.0.0.1")

    # What it found stands in a table; that somebody answers SIP there is no secret.
    assert "found nothing" in rooms and not re.search(r"^\| 10", rooms, re.MULTILINE), rooms
    for heard in words:
        assert "found nothing" in heard and not re.search(r"^\| (anna|nobody)", heard, re.MULTILINE), heard
    assert re.search(r"\| Tessera +\|", servers), servers  # without a version
