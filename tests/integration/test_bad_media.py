"""Packets that are wrong, or not meant for us, are counted; the meeting goes on."""

import re
import socket

import pytest

from support.phone import PCMU, Phone, rtp
from support.wait import until


@pytest.fixture
def phones(tessera):
    """Two in a room who hear each other."""
    both = Phone(tessera, 440), Phone(tessera, 700)
    wait_both_hear(both)
    yield both
    for phone in both:
        phone.stop()


def wait_both_hear(phones):
    one, other = phones
    until(lambda: one.hears(other.hertz) and other.hears(one.hertz), 10, "the two hear each other")


def stream(tessera, phone, kind):
    """What the server counts of a phone's audio or video."""
    listed = tessera.api("/v1/rooms/demo/participants")["participants"]
    streams = next(p["streams"] for p in listed if p["name"] == f"Phone {phone.hertz}")
    return streams[{"audio": 0, "video": 1}[kind]] if streams else None


def wait_counted(tessera, phone, kind, name, wanted):
    until(lambda: (stream(tessera, phone, kind) or {}).get(name, 0) >= wanted, 5, f"{wanted} {name}")


def test_pictures_of_16384x16384_are_counted_and_the_meeting_goes_on(tessera, phones):
    one, other = phones
    # Baseline 3.0: seq_parameter_set_id 0, ..., pic_width_in_mbs_minus1 1023, the height too.
    huge_sps = bytes([0x67, 0x42, 0xC0, 0x1E, 0xDA, 0x00, 0x10, 0x00, 0x00, 0x80, 0x19])
    pps, idr = bytes([0x68, 0xCE, 0x38, 0x80]), bytes([0x65, 0x88, 0x84, 0x00]) + bytes(200)
    seen = other.pictures

    for _ in range(30):
        one.send_picture([huge_sps, pps, idr])

    wait_counted(tessera, one, "video", "pictures_broken", 30)
    wait_both_hear(phones)
    until(lambda: other.pictures > seen + 30, 5, "pictures go on")
    assert tessera.mcud.log().count("larger than 1920x1088") == 1
    assert re.search(r"refused parameter set conference=\S+ session=\S+ mid=\S+:", tessera.mcud.log())
    assert tessera.mcud.rss_kib() < 1_000_000


def send_to_the_rtcp_port(one, _foreign):
    one.audio.sendto(one.tone_packet(), ("127.0.0.1", one.audio_port + 1))


def send_from_elsewhere(one, foreign):
    send_from_elsewhere.sequence += 1
    loud = rtp(PCMU, send_from_elsewhere.sequence, send_from_elsewhere.sequence * 160, 99, bytes(160))
    foreign.sendto(loud, ("127.0.0.1", one.audio_port))


send_from_elsewhere.sequence = 0


def send_unknown_payload_type(one, _foreign):
    one.audio.sendto(rtp(77, 1, 160, one.hertz, bytes(160)), ("127.0.0.1", one.audio_port))


def send_truncated(one, _foreign):
    one.audio.sendto(rtp(PCMU, 1, 160, one.hertz, b"")[:9], ("127.0.0.1", one.audio_port))


def dropped(tessera, phone, reason):
    read = stream(tessera, phone, "audio")
    if not read:
        return 0
    assert read["packets_dropped"] == sum(read["dropped"].values())
    return read["dropped"][reason]


@pytest.mark.parametrize("send, reason", [(send_to_the_rtcp_port, "misplaced"), (send_from_elsewhere, "foreign_address"),
                                          (send_unknown_payload_type, "unknown_payload"), (send_truncated, "malformed")],
                         ids=["wrong-port", "foreign-source", "unknown-payload-type", "truncated"])
def test_packets_that_are_no_media_of_the_call_are_counted_by_reason_and_change_nothing(tessera, phones, send, reason):
    one, other = phones
    before = dropped(tessera, one, reason)
    heard = len(one.heard)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as foreign:
        foreign.bind(("127.0.0.1", 0))
        for _ in range(50):
            send(one, foreign)
        until(lambda: dropped(tessera, one, reason) >= before + 50, 5, f"50 {reason}")
        foreign.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody sends the meeting to whoever sends to it
            foreign.recv(2048)

    until(lambda: len(one.heard) > heard + 4000, 5, "half a second more of sound")
    wait_both_hear(phones)
    one.peer.bye()  # the last news of a call are told when it leaves
    tessera.mcud.wait_for_log(f"{reason}=5")
    assert re.search(rf"dropped conference=\S+ session=\S+ mid=\S* .*{reason}=5\d", tessera.mcud.log())


def test_rtp_to_ports_that_no_call_has_opens_nothing_and_is_not_answered(tessera, phones):
    one, _ = phones
    first, last = map(int, re.search(r'media_ports = "(\d+)-(\d+)"', tessera.config.read_text()).groups())
    taken = {port + rtcp for phone in phones for port in (phone.audio_port, phone.video_port) for rtcp in (0, 1)}
    free = [port for port in range(first, last + 1) if port not in taken]
    assert len(free) == last - first + 1 - 8
    open_files = tessera.mcud.open_files()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as foreign:
        foreign.bind(("127.0.0.1", 0))
        for port in free:
            foreign.sendto(rtp(PCMU, 1, 160, one.hertz, bytes(160)), ("127.0.0.1", port))
        wait_both_hear(phones)
        foreign.setblocking(False)
        with pytest.raises(BlockingIOError):
            foreign.recv(2048)
    assert tessera.mcud.open_files() == open_files


def test_the_sound_of_one_call_sent_to_the_port_of_another_is_counted_and_not_heard(tessera, phones):
    one, other = phones
    before = stream(tessera, other, "audio")["packets_dropped"] if stream(tessera, other, "audio") else 0

    for sequence in range(50):  # 1's own socket and SSRC, a loud square wave, to 2's port
        one.audio.sendto(rtp(PCMU, sequence, sequence * 160, one.hertz, bytes([0x80, 0x00] * 80)),
                         ("127.0.0.1", other.audio_port))

    wait_counted(tessera, other, "audio", "packets_dropped", before + 50)
    wait_both_hear(phones)
