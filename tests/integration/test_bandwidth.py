"""What a peer's SDP says that it can take (b=) is what it gets, seen from its sockets."""

import time

import pytest

from sip_peer import Peer, sdp
from support.caller import VIDEO_FORMAT, Caller, media_of
from support.rtp import RtpLeg
from support.wait import until

OPUS = ["a=rtpmap:96 opus/48000/2"]
HEADERS = 12 + 8 + 20
MEASURED_S = 3


@pytest.fixture
def talker(tessera):
    """Somebody to be heard."""
    caller = Caller(tessera, tone=440).dial()
    yield caller
    caller.hang_up()
    caller.close()


class Guest:
    """A caller with Opus, and with a picture when asked, whose limits the test writes."""

    def __init__(self, tessera, session="", audio="", video=None):
        self.tessera = tessera
        self.legs = {"audio": RtpLeg()}
        lines = [f"m=audio {self.legs['audio'].port} RTP/AVP 96", *filter(None, [audio]), *OPUS]
        if video is not None:
            self.legs["video"] = RtpLeg()
            lines += [f"m=video {self.legs['video'].port} RTP/AVP 97", *filter(None, [video]), *VIDEO_FORMAT]
        body = sdp(*lines).replace("t=0 0", f"{session}\r\nt=0 0" if session else "t=0 0")
        self.peer = Peer(tessera)
        answer = self.peer.invite("demo", body, name='"Guest" ')
        assert answer.status == 200, answer.first
        self.peer.ack()
        for kind, address, port in media_of(answer.body):
            self.legs[kind].rtp.sendto(b"hello", (address, port))

    def kbps(self, kind):
        """What comes in, headers down to IP included, over MEASURED_S."""
        leg = self.legs[kind]
        until(lambda: leg.packets, 10, f"{kind} comes")
        leg.forget()
        began = time.monotonic()
        until(lambda: time.monotonic() - began >= MEASURED_S, MEASURED_S + 5, "time passes")
        seconds = time.monotonic() - began
        return sum(len(packet.payload) + HEADERS for packet in leg.packets) * 8 / 1000 / seconds

    def shown(self):
        return next(p for p in self.tessera.participants() if p["name"] == "Guest")

    def leave(self):
        assert self.peer.bye().status == 200
        self.peer.close()
        for leg in self.legs.values():
            leg.close()


@pytest.mark.parametrize("limit, least, most", [("", 40, 70), ("b=AS:40", 20, 40), ("b=TIAS:24000", 16, 25)])
def test_the_sound_keeps_within_the_limit_of_its_medium(tessera, talker, limit, least, most):
    guest = Guest(tessera, audio=limit)

    assert least <= guest.kbps("audio") <= most

    guest.leave()


def test_a_call_without_a_picture_keeps_within_the_limit_of_the_session(tessera, talker):
    guest = Guest(tessera, session="b=AS:32")

    assert guest.kbps("audio") <= 32

    guest.leave()


def test_the_picture_gets_of_the_limit_for_all_what_the_sound_leaves(tessera, talker):
    """384 kbit/s: 360p30 at 350 would fit if there were no sound."""
    guest = Guest(tessera, session="b=AS:384", video="")

    until(lambda: guest.shown()["rung"], 10, "the picture has a rung")
    assert guest.shown()["rung"] != "360p30"

    guest.leave()


def test_a_picture_of_the_speaker_is_a_picture(tessera, talker):
    guest = Guest(tessera, video="a=content:speaker")

    until(lambda: guest.legs["video"].packets, 10, "pictures come")

    guest.leave()
