"""A WebRTC peer that is not ours (GStreamer's webrtcbin) sends into a room, and watches the room's picture."""

import json
import signal
import sys
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

    def make(server, kind, name, colour=RED):
        place = folder / name
        place.mkdir()
        url = f"https://127.0.0.1:{server.https_port}/v1/{kind}/demo?name={name}"
        peer = Process(name, [sys.executable, PEER, kind, url, place, "0xff" + colour[2:], HERTZ], place).start()
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


def test_what_one_browserlike_peer_sends_another_sees_and_hears(web, make_peer):
    sender = make_peer(web, "whip", "sender")
    connected(sender)
    viewer = make_peer(web, "whep", "viewer")
    connected(viewer)

    until(lambda: picture_is(viewer, RED), 20, lambda: f"the sender's picture: {state(viewer)}")
    until(lambda: tone_dbfs(viewer) > -40, 20, lambda: f"the sender's tone: {tone_dbfs(viewer)} dBFS")
    dropped = [stream["dropped"] for stream in streams(web, "sender")]
    assert sum(one["malformed"] + one["other_source"] + one["unknown_payload"] for one in dropped) == 0


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
