"""Callers whose offers are unusual, and meetings that lost their signalling daemon for good."""

import socket
import time

import pytest

from sip_peer import Peer, sdp
from support.caller import Caller
from support.ports import free_port
from support.wait import until


@pytest.fixture
def dial():
    callers = []

    def dial_in(server, fmtp=(), tone=440, name=""):
        caller = Caller(server, tone, video=True)
        caller.video_format = ["a=rtpmap:97 H264/90000", *fmtp]
        callers.append(caller)
        return caller.dial(name=f'"{name}" ' if name else "")

    yield dial_in
    for caller in callers:
        caller.close()


@pytest.mark.parametrize("fmtp", [[], ["a=fmtp:97 packetization-mode=1"]])
def test_who_names_no_h264_profile_gets_a_picture_and_an_answer_in_kind(tessera, dial, fmtp):
    began = time.monotonic()
    caller = dial(tessera, fmtp)

    assert "profile-level-id" not in caller.said
    until(lambda: caller.video.key_pictures(began), 5, "a picture")
    [anna] = tessera.participants()
    assert anna["rung"] in ("", "180p15")  # empty until the first statistics
    assert all(stream["failure"] == "" for stream in anna["streams"])


def test_who_can_take_none_of_our_pictures_hears_and_is_told_of(tessera, dial):
    small = dial(tessera, ["a=fmtp:97 profile-level-id=42e00a;packetization-mode=1"], name="Small")
    other = dial(tessera, ["a=fmtp:97 profile-level-id=42e01f;packetization-mode=1"], tone=700)

    until(lambda: small.audio.hears(700) and other.audio.hears(440), 10, "they hear each other")
    until(lambda: "nothing is sent of medium 1: no picture fits this peer" in
          tessera.ctl("room", "show", "demo").stdout, 5, "the room's page tells why")
    assert not small.video.packets
    assert other.video.packets


def test_a_meeting_that_nobody_claims_ends_by_itself_though_its_media_flows(make_tessera, dial):
    tessera = make_tessera(mcud="orphan_timeout_s = 3")
    caller = dial(tessera)
    until(lambda: len(caller.audio.packets) > 10, 5, "sound")

    tessera.signald.kill()
    killed = time.monotonic()
    until(lambda: not caller.audio.since(time.monotonic() - 0.5), 15, "the meeting has ended")

    assert time.monotonic() - killed > 3
    assert "nobody claimed it" in tessera.mcud.log()
    tessera.signald.start()
    tessera.wait_ready()
    assert not tessera.participants()


@pytest.mark.parametrize("wish, payload_bytes", [("maxptime:10", 80), ("ptime:40", 320), ("ptime:60", 480), ("ptime:30", 160)])
def test_sound_comes_in_packets_as_long_as_the_peer_wants(tessera, wish, payload_bytes):
    peer = Peer(tessera)
    port = free_port()
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind(("127.0.0.1", port))
    ear.settimeout(5)
    assert peer.invite("demo", sdp(f"m=audio {port} RTP/AVP 0", f"a={wish}")).status == 200
    peer.ack()

    # An empty one opens the way through a NAT.
    packets = [packet for packet in (ear.recv(2048) for _ in range(8)) if packet]

    assert {len(packet) - 12 for packet in packets} == {payload_bytes}
    times = [int.from_bytes(packet[4:8], "big") for packet in packets]
    assert {(then - now) % 2**32 for now, then in zip(times, times[1:])} == {payload_bytes}
    assert peer.bye().status == 200
    ear.close()
