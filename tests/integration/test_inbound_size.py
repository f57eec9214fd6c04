"""A source is asked (TMMBR, RFC 5104) to send what its largest tile needs, and told at once when it becomes large."""

import itertools
import struct
import threading

import pytest

from support.caller import VIDEO_FORMAT, Caller
from support.phone import rtp
from support.wait import until

RECEIVER_REPORT, TRANSPORT_FEEDBACK = 201, 205
TMMBR, TMMBN = 3, 4
H264, SSRC = 97, 0x7EAC4E12
SMALL, LARGE = (128_000, 40), (1_500_000, 40)  # bit/s, bytes of headers: of 180 and 720 lines
SLICE = bytes([0x41, 0x9A]) + bytes(200)


class Camera:
    """Sends pictures of one packet on a video leg, obeys TMMBR and says so."""

    def __init__(self, leg):
        self.leg = leg
        self.limits = []  # (bit/s, overhead in bytes), as they came
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self):
        count = 0
        self.leg.rtcp.settimeout(0.01)
        while not self.ended.wait(0.04):
            count += 1
            if self.leg.remote:
                self.leg.rtp.sendto(rtp(H264, count, count * 3600, SSRC, SLICE, marker=True), self.leg.remote)
            try:
                compound, sender = self.leg.rtcp.recvfrom(2048)
            except TimeoutError:
                continue
            self._read(compound, sender)

    def _read(self, compound, sender):
        while len(compound) >= 4:
            bits, kind, words = struct.unpack_from("!BBH", compound)
            if kind == TRANSPORT_FEEDBACK and bits & 0x1F == TMMBR:
                asker, unused, media, packed = struct.unpack_from("!IIII", compound, 4)
                assert (unused, media) == (0, SSRC)
                self.limits.append(((packed >> 9 & 0x1FFFF) << (packed >> 26), packed & 0x1FF))
                report = struct.pack("!BBHI", 0x80, RECEIVER_REPORT, 1, SSRC)
                confirmation = struct.pack("!BBHIIII", 0x80 | TMMBN, TRANSPORT_FEEDBACK, 4, SSRC, 0, asker, packed)
                self.leg.rtcp.sendto(report + confirmation, sender)
            compound = compound[4 * (words + 1):]

    def stop(self):
        self.ended.set()
        self.thread.join()


@pytest.fixture
def join(tessera):
    callers, cameras = [], []

    def dial(name, feedback=(), profile=True):
        caller = Caller(tessera, video=True)
        caller.video_format = [*(VIDEO_FORMAT if profile else VIDEO_FORMAT[:1]), *feedback]
        callers.append(caller)
        cameras.append(Camera(caller.video))
        caller.dial(name=f'"{name}" ')
        return caller, cameras[-1]

    yield dial
    for camera in cameras:
        camera.stop()
    for caller in callers:
        caller.close()


def test_who_is_small_everywhere_is_asked_for_little_and_who_becomes_large_for_more(tessera, join):
    # Both are sent 320x180, as they name no profile: nobody sees Anna any larger.
    anna, camera = join("Anna", ["a=rtcp-fb:* ccm tmmbr"], profile=False)
    _, plain = join("Boris", profile=False)
    until(lambda: camera.limits[-1:] == [SMALL], 15, "Anna's camera is asked for less")
    assert "ccm tmmbr" in anna.said

    asked = len(camera.limits)
    clara, _ = join("Clara")
    tessera.ctl("room", "layout", "demo", "one")
    tessera.ctl("room", "pin", "demo", "Anna")
    until(lambda: camera.limits[-1:] == [LARGE], 3, "Anna may send more at once, as Clara sees her on 1280x720")

    clara.hang_up()
    until(lambda: camera.limits[-1:] == [SMALL], 10, "she is small again")
    assert len(camera.limits) <= asked + 3, camera.limits
    assert all(one != next_one for one, next_one in itertools.pairwise(camera.limits)), "what is confirmed is not repeated"
    assert not plain.limits, "who offers no TMMBR is not asked"
