"""What tessera-endpoint measures and writes: every sound codec both ways, IPv6 beside IPv4, WAV, PNG and the stream itself,
each judged by numbers and by programs that are not its own."""

import subprocess

import numpy
import PIL.Image
import pytest

from support import endpoint as endpoints
from support import sound
from support.endpoint import PATIENCE, gathering, tone_of

CODECS = {1: "opus", 2: "G722", 3: "PCMU", 4: "PCMA"}
IN_IPV6 = (3, 4)
WITH_PICTURE = (1, 3)


@pytest.fixture(scope="module")
def concert(clips):
    """Four hold a tone, each in a codec of its own; two of them came by IPv6: reports by identity, and a folder with what
    1 and 3 wrote."""
    endpoints.prepare(clips, 1, 4)
    with gathering(clips, also_at=["::1"]) as room:
        folder = room.server.folder
        callers = {}
        for identity, codec in CODECS.items():
            address = "::1" if identity in IN_IPV6 else "127.0.0.1"
            options = ["--audio", codec.lower(), "--sound", "steady", "--seconds", "11", "--local", address,
                       "--wav", folder / f"{identity}.wav"]
            if identity in WITH_PICTURE:
                options += ["--png", folder / f"{identity}.png", "--dump-stream", folder / f"{identity}.h264"]
            else:
                options += ["--no-video"]
            callers[identity] = room.dial(identity, 1, *options, address=address)
        room.wait_for_people(4)
        yield {identity: caller.reports(PATIENCE)[identity] for identity, caller in callers.items()}, folder


@pytest.mark.parametrize("identity", CODECS, ids=CODECS.values())
def test_each_codec_is_heard_by_the_others_at_its_level(concert, identity):
    reports, _ = concert

    for listener in set(CODECS) - {identity}:
        tone = tone_of(reports[listener], identity)
        assert tone["present"] > 0.95 and abs(tone["level_dbfs"] + 20) < 3, f"{CODECS[listener]} hears {tone}"


@pytest.mark.parametrize("identity", CODECS, ids=CODECS.values())
def test_each_codec_brings_the_others_and_nothing_else(concert, identity):
    audio = concert[0][identity]["audio"]

    assert audio["codecs"] == [CODECS[identity]]
    assert audio["undecodable"] == 0 and sum(stream["lost"] for stream in audio["streams"]) == 0
    assert audio["snr_db"]["p5"] >= 20 and audio["snr_db"]["windows"] > 40, audio["snr_db"]
    assert not audio["own_heard"], audio["own_level_dbfs"]


@pytest.mark.parametrize("identity", CODECS, ids=CODECS.values())
def test_the_wav_holds_what_was_heard(concert, identity):
    reports, folder = concert
    rate, samples = sound.read_mono(folder / f"{identity}.wav")
    hertz = {who: tone["hz"] for who in CODECS if who != identity for tone in [tone_of(reports[identity], who)]}
    own = tone_of(reports[1 if identity != 1 else 2], identity)["hz"]
    # All four were there: not the first seconds, nor the end, at which they leave one by one.
    middle = samples[4 * rate:8 * rate]

    assert rate == 48000 and 9 < len(samples) / rate < 13
    assert sound.snr_db(middle, rate, hertz.values()) >= 20
    for who, hz in hertz.items():
        assert abs(sound.tone_level_dbfs(middle, rate, hz) + 20) < 3, f"{who}: {hz} Hz"
    assert sound.tone_level_dbfs(middle, rate, own) < -60


@pytest.mark.parametrize("identity", WITH_PICTURE)
def test_the_dumped_stream_decodes_without_a_warning_and_ends_with_the_png(concert, identity):
    reports, folder = concert
    video = reports[identity]["video"]
    last = folder / f"{identity}.bmp"

    decoded = subprocess.run(
        ["ffmpeg", "-v", "warning", "-i", folder / f"{identity}.h264", "-fps_mode", "passthrough", "-f", "framecrc", "-",
         "-fps_mode", "passthrough", "-update", "1", last], capture_output=True, text=True, timeout=60, check=True)

    assert decoded.stderr == ""
    frames = [line for line in decoded.stdout.splitlines() if line and not line.startswith("#")]
    assert len(frames) == len(video["sha1"]) > 100
    with PIL.Image.open(folder / f"{identity}.png") as seen, PIL.Image.open(last) as newest:
        assert "{}x{}".format(*seen.size) == video["sizes"][-1]
        difference = abs(numpy.asarray(seen.convert("RGB")).astype(int) - numpy.asarray(newest.convert("RGB")))
    assert difference.mean() < 3


@pytest.mark.parametrize("identity", WITH_PICTURE, ids=["IPv4", "IPv6"])
def test_the_first_picture_comes_soon_after_the_invitation(concert, identity):
    report = concert[0][identity]

    assert report["answered_s"] < report["video"]["first_picture_s"] < 3
    assert endpoints.seen(report) == set(WITH_PICTURE)
    assert sum(stream["lost"] for stream in report["video"]["streams"]) == 0
