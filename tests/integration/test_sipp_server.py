"""Dialogs with the whole server: sipp and callers made by hand, whose media we follow from end to end."""

import re
import signal
import socket
import time

import pytest

from sip_peer import AUDIO, Peer, sdp
from support import sipp
from support.caller import Caller, media_of
from support.rtp import PCMA, PCMU, RtpLeg
from support.tessera import PLAIN_SOUND
from support.wait import until

ROOMS = f"""
[[room]]
id = "demo"
{PLAIN_SOUND}[[room]]
id = "small"
max_participants = 1
"""


@pytest.fixture
def server(make_tessera):
    return make_tessera(rooms=ROOMS)


@pytest.fixture
def make_caller():
    made = []

    def make(server, *arguments, **settings):
        made.append(Caller(server, *arguments, **settings))
        return made[-1]

    yield make
    for caller in made:
        caller.close()


def until_empty(server, seconds=5):
    until(lambda: not any(room["participant_count"] for room in server.api("/v1/rooms")["rooms"]), seconds,
          lambda: server.api("/v1/rooms"))


def until_heard(listener, tone, seconds=5):
    until(lambda: listener.audio.hears(tone), seconds, lambda: f"{tone} Hz: {listener.audio.level_dbfs(tone):.1f} dBFS, "
          f"{len(listener.audio.packets)} packets")


def until_silent(leg, seconds=3, quiet=0.5):
    """Nothing arrived for `quiet` seconds."""
    until(lambda: not leg.since(time.monotonic() - quiet), seconds, "packets still come")


# ---- dialogs by sipp


@pytest.mark.parametrize("transport", ["u1", "t1"])
@pytest.mark.parametrize("scenario", ["call", "offerless", "hold"])
def test_sipp_goes_through_a_dialog(server, folder, scenario, transport):
    good, failed, words = sipp.run(server, scenario, folder, calls=20, rate=20, transport=transport)
    assert (good, failed) == (20, 0), words
    until_empty(server)


# ---- media follows signalling


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_two_callers_hear_each_other(server, make_caller, transport):
    anna, boris = make_caller(server, 440, transport).dial(), make_caller(server, 700, transport).dial()

    until_heard(anna, 700)
    until_heard(boris, 440)

    assert anna.audio.level_dbfs(440) < -60 and boris.audio.level_dbfs(700) < -60
    anna.hang_up()
    boris.hang_up()
    until_empty(server)


def test_ipv6_callers_hear_each_other(make_tessera, make_caller):
    server = make_tessera(rooms=ROOMS, address="::1")
    anna, boris = make_caller(server, 440).dial(), make_caller(server, 700, "tcp").dial()
    assert {address for _, address, _ in media_of(anna.said)} == {"::1"}

    until_heard(anna, 700)
    until_heard(boris, 440)

    anna.hang_up()
    boris.hang_up()
    until_empty(server)


def test_an_offerless_call_gets_our_offer_and_media_after_its_answer(server, make_caller):
    boris = make_caller(server, 700).dial()
    anna = make_caller(server, 440)
    offer = anna.peer.invite("demo")
    assert offer.status == 200
    assert re.search(r"^m=audio [1-9]\d* RTP/AVP[F]? .*\b0\b", offer.body, re.M), offer.body
    assert re.search(r"^m=video [1-9]", offer.body, re.M), offer.body

    anna.peer.ack(sdp(f"m=audio {anna.audio.port} RTP/AVP 0", "m=video 0 RTP/AVP 97"))
    anna.follow(offer.body)

    until_heard(anna, 700)
    until_heard(boris, 440)
    anna.hang_up()
    boris.hang_up()
    until_empty(server)


@pytest.mark.parametrize("attribute,answered", [("a=sendonly", "a=recvonly"), ("a=inactive", "a=inactive")])
def test_a_held_caller_gets_nothing_until_it_resumes(server, make_caller, attribute, answered):
    anna, boris = make_caller(server, 440).dial(), make_caller(server, 700).dial()
    until_heard(anna, 700)

    assert answered in anna.change(attribute)
    until_silent(anna.audio)
    assert [p["on_hold"] for p in server.participants()].count(True) == 1
    if attribute == "a=inactive":
        until(lambda: not boris.audio.hears(440), 5, "who holds is not heard")
    anna.audio.forget()
    assert "a=sendrecv" in anna.change("a=sendrecv")

    until_heard(anna, 700)
    until_heard(boris, 440)
    anna.hang_up()
    boris.hang_up()


def test_a_re_invite_moves_the_media_and_changes_the_codec(server, make_caller):
    anna, boris = make_caller(server, 440).dial(), make_caller(server, 700).dial()
    until_heard(anna, 700)
    old, new = anna.audio, RtpLeg(tone=550, payload_type=PCMA)

    try:
        assert "PCMA/8000" in anna.change(leg=new)

        until_heard(anna, 700)
        assert {p.payload_type for p in new.packets} == {PCMA}
        assert {p.payload_type for p in old.packets} == {PCMU}
        until_silent(old)
        until_heard(boris, 550)
        assert not boris.audio.hears(440)
    finally:
        old.close()
    anna.hang_up()
    boris.hang_up()


def test_a_stranger_who_sends_to_our_port_is_not_heard(server, make_caller):
    anna, boris = make_caller(server, 440).dial(), make_caller(server, 700).dial()
    until_heard(boris, 440)
    stranger = RtpLeg(tone=1000).send_to(*anna.audio.remote)

    try:
        until(lambda: any(s["packets_dropped"] > 50 for p in server.participants() for s in p["streams"]), 10,
              lambda: server.participants())
        assert boris.audio.hears(440) and not boris.audio.hears(1000)
        assert not stranger.packets
    finally:
        stranger.close()
    anna.hang_up()
    boris.hang_up()


# ---- in a call


def test_a_call_given_up_before_it_was_answered_leaves_nothing(server, make_caller):
    anna = make_caller(server)
    server.mcud.popen.send_signal(signal.SIGSTOP)
    try:
        branch = anna.peer.request("INVITE", "demo", anna.sdp())
        anna.peer.wait(lambda m: m.status and m.status < 200)
        anna.peer.request("CANCEL", "demo", cseq=anna.peer.cseq, branch=branch)
        finals = {m.get("CSeq").split()[1]: m.status for m in (anna.peer.final(), anna.peer.final())}
    finally:
        server.mcud.popen.send_signal(signal.SIGCONT)

    assert finals == {"CANCEL": 200, "INVITE": 487}
    until_empty(server)


def test_options_is_answered_inside_and_outside_a_call(server, make_caller):
    anna = make_caller(server)
    anna.peer.request("OPTIONS", "demo")
    outside = anna.peer.final()
    assert (outside.status, outside.get("Accept")) == (200, "application/sdp")

    anna.dial()
    anna.peer.request("OPTIONS", "demo")
    assert anna.peer.final().status == 200
    anna.hang_up()


def test_digits_by_info_reach_the_room(server, make_caller):
    anna = make_caller(server).dial()

    anna.peer.request("INFO", "demo", "Signal=5\r\nDuration=160\r\n", kind="application/dtmf-relay")

    assert anna.peer.final().status == 200
    until(lambda: re.search(r"digit .*digit=5", server.signald.log()), 3, "the digit is told")
    anna.hang_up()


def test_picture_fast_update_by_info_brings_a_decodable_picture(server, make_caller):
    anna = make_caller(server, video=True).dial()
    began = time.monotonic()
    until(lambda: anna.video.key_pictures(began - 5), 5, "a first decodable picture")
    # The first start is over when pictures come that are none.
    until(lambda: len({p.timestamp for p in anna.video.packets}) > 40, 5, "pictures flow")
    before = anna.video.key_pictures(began - 5)

    anna.peer.request("INFO", "demo", "<media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder>"
                      "</vc_primitive></media_control>", kind="application/media_control+xml")

    assert anna.peer.final().status == 200
    until(lambda: anna.video.key_pictures(began - 5) - before, 3, "another decodable picture")
    anna.hang_up()


# ---- refusals


def test_an_unknown_room_is_404(server, make_caller):
    answer = make_caller(server).peer.invite("nowhere", sdp(*AUDIO))
    assert (answer.status, answer.get("Warning")) == (404, "399 tessera \"no room 'nowhere' here\"")


def test_a_full_room_is_486_until_somebody_leaves(server, make_caller):
    anna, boris = make_caller(server).dial("small"), make_caller(server)

    answer = boris.peer.invite("small", sdp(*AUDIO))

    assert answer.status == 486
    assert "room 'small' is full: it takes 1" in answer.get("Warning")
    anna.hang_up()
    make_caller(server).dial("small").hang_up()
    until_empty(server)


def test_no_common_codec_is_488_with_both_lists(server, make_caller):
    answer = make_caller(server).peer.invite("demo", sdp("m=audio 4000 RTP/AVP 18"))
    assert answer.status == 488
    assert answer.get("Warning") == '304 tessera "no common audio codec: offered G729, have opus G722 PCMU PCMA"'
    until_empty(server)


def test_without_the_media_daemon_calls_are_503_and_work_again_when_it_is_back(server, make_caller):
    server.mcud.kill()
    until(lambda: not server.ready(), 5, "signald notices")

    answer = make_caller(server).peer.invite("demo", sdp(*AUDIO))
    assert (answer.status, answer.get("Retry-After")) == (503, "2")
    assert "media daemon is away" in answer.get("Warning")

    server.mcud.start()
    server.wait_ready()
    anna, boris = make_caller(server, 440).dial(), make_caller(server, 700).dial()
    until_heard(anna, 700)
    anna.hang_up()
    boris.hang_up()


# ---- odd messages


def odd_messages(here):
    """Each breaks one rule of RFC 3261 and keeps the others."""
    def message(first="OPTIONS sip:demo@host SIP/2.0", via=f"SIP/2.0/UDP {here};branch=z9hG4bKodd", cseq="1 OPTIONS",
                length="0", extra="", body=""):
        return (f"{first}\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:odd@{here}>;tag=odd\r\nTo: <sip:demo@host>\r\n"
                f"Call-ID: odd-{abs(hash((first, via, cseq, length, extra)))}\r\nCSeq: {cseq}\r\n{extra}"
                f"Content-Length: {length}\r\n\r\n{body}").encode()

    return {
        "length beyond the body": message(length="9999", body="v=0\r\n"),
        "negative length": message(length="-99"),
        "number larger than 32 bits": message(cseq="36893488147419103232 OPTIONS"),
        "method of CSeq is another": message(cseq="1 INVITE"),
        "version of the future": message(first="OPTIONS sip:demo@host SIP/7.0"),
        "unknown scheme": message(first="OPTIONS nobody:knows SIP/2.0"),
        "brackets that never close": message(extra="Contact: \"Odd <sip:odd@host\r\n"),
        "no Via": b"OPTIONS sip:demo@host SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n",
        "a response to nothing": message(first="SIP/2.0 200 OK"),
        "response code too large": message(first="SIP/2.0 4294967301 better not break"),
        "zero byte inside": message(first="OPTIONS sip:de%00mo@host SIP/2.0", extra="Subject: a\0b\r\n"),
        "a thousand headers": message(extra="X-Odd: odd\r\n" * 1000),
        "INVITE for every escape": message(first="INVITE sip:%64%65%6d%6f@host SIP/2.0", cseq="1 INVITE"),
        "INVITE with half an SDP": message(first="INVITE sip:demo@host SIP/2.0", cseq="1 INVITE", length="9",
                                           extra="Content-Type: application/sdp\r\n", body="v=0\r\no=- "),
        "BYE for nobody": message(first="BYE sip:demo@host SIP/2.0", cseq="1 BYE"),
        "noise": bytes(range(256)) * 4,
    }


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
def test_odd_messages_do_not_hurt(server, make_caller, kind):
    anna, boris = make_caller(server, 440).dial(), make_caller(server, 700).dial()
    for name, message in odd_messages("127.0.0.1:9").items():
        with socket.socket(socket.AF_INET, kind) as sender:
            sender.connect((server.address, server.port))
            try:
                sender.sendall(message)
            except ConnectionError:
                pass
        probe = Peer(server)
        probe.request("OPTIONS", "demo")
        assert probe.final().status == 200, name
        probe.close()
        assert server.signald.running() and server.mcud.running(), name

    until_heard(anna, 700)
    anna.hang_up()
    boris.hang_up()
