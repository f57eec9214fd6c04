"""A WebRTC peer that is not ours (GStreamer's webrtcbin) sends into a room, and watches the room's picture."""

import json
import re
import signal
import sys
import urllib.request
from pathlib import Path

import numpy
import pytest

from support.picture import share_of_colour
from support.ports import free_port
from support.process import Process
from support.sound import tone_level_dbfs
from support.wait import until

PEER = Path(__file__).parent / "support/web_peer.py"
RED = "0xff0000"
HERTZ = 440


@pytest.fixture
def web(make_tessera):
    port = free_port()
    server = make_tessera(signald=f'https = "127.0.0.1:{port}"\n', mcud='media_address = "127.0.0.1"\n')
    server.https_port = port
    return server


@pytest.fixture
def make_peer(folder):
    made = []

    def make(server, kind, name, colour=RED, codec="H264", lose_each=0):
        place = folder / name
        place.mkdir()
        url = f"https://127.0.0.1:{server.https_port}/v1/{kind}/demo?name={name}"
        peer = Process(name, [sys.executable, PEER, kind, url, place, "0xff" + colour[2:], HERTZ, codec, lose_each],
                       place).start()
        peer.place = place
        made.append(peer)
        return peer

    yield make
    for peer in made:
        peer.stop()


def state(peer):
    told = peer.place / "state.json"
    return json.loads(told.read_text()) if told.exists() else {}


def connected(peer):
    until(lambda: state(peer).get("connection") == "connected", 20, lambda: f"{state(peer)}\n{peer.log()[-2000:]}")


def streams(server, name):
    return next((one["streams"] for one in server.participants() if one["name"] == name), [])


def picture_is(peer, colour):
    png = peer.place / "picture.png"
    try:
        return png.exists() and share_of_colour(png, colour) > 0.5
    except (OSError, SyntaxError):  # it is being written
        return False


def tone_dbfs(peer):
    """Of its last second; it was silent before anybody came."""
    sound = peer.place / "sound.raw"
    samples = numpy.fromfile(sound, dtype="<i2") if sound.exists() else numpy.zeros(0)
    return tone_level_dbfs(samples[-48000:] / 32768, 48000, HERTZ) if len(samples) > 48000 else -200


@pytest.mark.parametrize("sends, watches", [("H264", "H264"), ("VP8", "H264"), ("H264", "VP8")])
def test_what_one_browserlike_peer_sends_another_sees_and_hears(web, make_peer, sends, watches):
    sender = make_peer(web, "whip", "sender", codec=sends)
    connected(sender)
    viewer = make_peer(web, "whep", "viewer", codec=watches)
    connected(viewer)

    until(lambda: picture_is(viewer, RED), 20, lambda: f"the sender's picture: {state(viewer)}")
    until(lambda: tone_dbfs(viewer) > -40, 20, lambda: f"the sender's tone: {tone_dbfs(viewer)} dBFS")
    dropped = [stream["dropped"] for stream in streams(web, "sender")]
    assert sum(one["malformed"] + one["other_source"] + one["unknown_payload"] for one in dropped) == 0


def encoders(server):
    """Those that run: (codec, rung) -> how many."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=5) as reply:
        text = reply.read().decode()
    found = re.findall(r'^tessera_conference_encoders\{codec="(\w+)",room="demo",rung="(\w+)"\} (\d+)$', text, re.M)
    return {(codec, rung): int(count) for codec, rung, count in found if int(count) > 0}


def hashes(peer):
    kept = peer.place / "pictures.txt"
    return kept.read_text().split() if kept.exists() else []


def same_pictures(one, other):
    """How many of the newest whole pictures of both are the same to the last bit, in the same order."""
    a, b = hashes(one), hashes(other)
    if not a or not b or a[-1] not in b:
        return 0
    b = b[:b.index(a[-1]) + 1]
    count = 0
    while count < min(len(a), len(b)) and a[-1 - count] == b[-1 - count]:
        count += 1
    return count


def test_each_codec_has_one_encoder_and_its_viewers_get_the_same_pictures_to_the_bit(web, make_peer, make_baresip):
    sender = make_peer(web, "whip", "sender", codec="VP8")
    connected(sender)
    caller = make_baresip("Anna", 700, "0x2050c0", video_codec="h264").dial(web.uri())
    viewers = {(codec, number): make_peer(web, "whep", f"{codec}-{number}", codec=codec)
               for codec in ("H264", "VP8") for number in (1, 2)}

    for viewer in viewers.values():
        connected(viewer)
    for codec in ("H264", "VP8"):
        until(lambda: same_pictures(viewers[codec, 1], viewers[codec, 2]) >= 60, 40,
              lambda: f"two seconds of the same {codec} pictures: {same_pictures(viewers[codec, 1], viewers[codec, 2])}")
    assert not set(hashes(viewers["H264", 1])) & set(hashes(viewers["VP8", 1]))

    # The viewers see the sender and Anna; Anna sees the sender. All have the same rung.
    views = {(codec, rung): count for (codec, rung), count in encoders(web).items()}
    assert {codec: count for (codec, _), count in views.items()} == {"H264": 2, "VP8": 1}, views
    until(lambda: picture_is(viewers["VP8", 1], RED) or share_of_colour(viewers["VP8", 1].place / "picture.png", RED) > 0.2,
          10, "the sender is in the picture")
    until(lambda: share_of_colour(caller.snapshot(), RED) > 0.5, 20, "Anna sees the sender, who has VP8")


def test_a_viewer_that_loses_packets_gets_them_again_by_rtx(web, make_peer):
    sender = make_peer(web, "whip", "sender")
    connected(sender)
    whole, lossy = make_peer(web, "whep", "whole"), make_peer(web, "whep", "lossy", lose_each=15)
    connected(whole)
    connected(lossy)
    assert re.search(r"a=rtpmap:\d+ rtx/90000", (lossy.place / "answer.sdp").read_text())
    assert "a=ssrc-group:FID" in (lossy.place / "answer.sdp").read_text()

    until(lambda: len(hashes(lossy)) > 150, 30, lambda: f"five seconds of pictures: {len(hashes(lossy))}")
    there = set(hashes(lossy))
    both = hashes(whole)[-120:-20]
    assert sum(one in there for one in both) >= 95, "what was lost was repaired"
    until(lambda: sum(one["packets_sent_again"] for one in streams(web, "lossy")) > 5, 10, lambda: streams(web, "lossy"))


def test_what_a_publisher_loses_it_repeats_by_rtx(web, make_peer):
    sender = make_peer(web, "whip", "sender", codec="VP8", lose_each=15)
    connected(sender)
    viewer = make_peer(web, "whep", "viewer")
    connected(viewer)

    until(lambda: sum(one["packets_recovered"] for one in streams(web, "sender")) > 10, 30,
          lambda: f"lost packets come again: {streams(web, 'sender')}")
    picture = max(streams(web, "sender"), key=lambda one: one["packets_recovered"])
    assert picture["freezes"] == 0
    dropped = picture["dropped"]
    assert dropped["malformed"] + dropped["other_source"] + dropped["unknown_payload"] == 0, dropped


def test_one_port_carries_all_media_of_a_peer(web, make_peer):
    sender = make_peer(web, "whip", "sender")
    connected(sender)

    until(lambda: [one["packets_received"] > 10 for one in streams(web, "sender")] == [True, True], 20,
          lambda: streams(web, "sender"))
    answer = (sender.place / "answer.sdp").read_text()
    ports = {line.split()[1] for line in answer.splitlines() if line.startswith("m=")}
    assert len(ports) == 1


def test_a_peer_that_is_gone_without_a_word_is_sent_nothing_after_a_while(web, make_peer):
    sender = make_peer(web, "whip", "sender")
    viewer = make_peer(web, "whep", "viewer")
    connected(sender)
    connected(viewer)
    until(lambda: any(one["packets_sent"] > 50 for one in streams(web, "viewer")), 20, lambda: streams(web, "viewer"))

    viewer.popen.send_signal(signal.SIGKILL)
    viewer.popen.wait(10)

    def sent():
        return sum(one["packets_sent"] for one in streams(web, "viewer"))

    def stands():
        # Asked twice within the time of thirty pictures.
        before = sent()
        return before if not _grows(sent, before) else None

    until(stands, 50, "nothing more is sent")


def _grows(value, before):
    try:
        until(lambda: value() > before, 1, "it grows")
    except AssertionError:
        return False
    return True
