"""Three room systems of different abilities meet in one room: everybody sees and hears the others."""

import re
import subprocess
import time

import numpy
import PIL.Image
import pytest

from support import sound

CALLERS = {
    "Anna Berg": {"hertz": 440, "colour": "0x2050c0", "audio_codec": "opus/48000/2"},
    "Boris Klein": {"hertz": 700, "colour": "0x20a040", "audio_codec": "G722/16000/1"},
    "Clara Wolf": {"hertz": 1100, "colour": "0xc03030", "audio_codec": "PCMU/8000/1"},
}


def listen(seconds):
    """Real time in which real peers talk: the length of the recording, not a wait for something."""
    time.sleep(seconds)


def words_in(png):
    """What tesseract-ocr reads in the labels: white letters made black on white, enlarged as OCR likes it."""
    pixels = numpy.asarray(PIL.Image.open(png).convert("RGB"))
    letters = PIL.Image.fromarray(numpy.where(pixels.min(axis=2) > 190, 0, 255).astype(numpy.uint8))
    page = png.with_suffix(".letters.png")
    letters.resize((letters.width * 3, letters.height * 3), PIL.Image.LANCZOS).save(page)
    return subprocess.run(["tesseract", page, "-", "--psm", "12"], capture_output=True, text=True, check=True).stdout


def has_colour(png, colour, tolerance=40):
    """Share of the picture that has the identity colour."""
    pixels = numpy.asarray(PIL.Image.open(png).convert("RGB")).astype(int)
    wanted = numpy.array([int(colour[i:i + 2], 16) for i in (2, 4, 6)])
    return (abs(pixels - wanted).max(axis=2) < tolerance).mean()


def agreed_modes(caller):
    """H.264 packetization-modes of the server's answers, in baresip's trace of its SIP messages."""
    answers = re.findall(r"^SIP/2\.0 200 OK\r?\n.*?^m=video.*?(?=^m=|\Z)", caller.process.log(), re.M | re.S)
    return {re.search(r"packetization-mode=(\d)", answer).group(1) for answer in answers}


@pytest.mark.parametrize("transport, mode", [("udp", "0"), ("udp", "1"), ("tcp", "1"), ("tls", "0")])
def test_three_callers_see_and_hear_each_other(tessera, make_baresip, transport, mode):
    callers = {name: make_baresip(name, c["hertz"], c["colour"], audio_codec=c["audio_codec"], transport=transport,
                                  video_codec="h264" if mode == "0" else None)
               for name, c in CALLERS.items()}
    for caller in callers.values():
        caller.dial(tessera.uri(transport=transport))
    listen(8)
    for name, caller in callers.items():
        assert agreed_modes(caller) == {mode}, name

    pictures = {name: caller.snapshot() for name, caller in callers.items()}
    for caller in callers.values():
        caller.hang_up()

    for name, caller in callers.items():
        words = words_in(pictures[name])
        for other, settings in CALLERS.items():
            assert other.split()[0] in words, f"{name} cannot read {other} in {pictures[name]}: {words!r}"
            assert has_colour(pictures[name], settings["colour"]) > 0.03, f"{name} does not see {other}"
        rate, samples = sound.read_mono(caller.heard()[-1])
        piece = samples[-int(4 * rate):-int(1 * rate)]
        others = [c["hertz"] for other, c in CALLERS.items() if other != name]
        assert sound.snr_db(piece, rate, others) >= 20, f"{name} hears noise"
        for hertz in others:
            assert sound.tone_level_dbfs(piece, rate, hertz) > -40, f"{name} does not hear {hertz} Hz"
        own = CALLERS[name]["hertz"]
        assert sound.tone_level_dbfs(piece, rate, own) < -60, f"{name} hears itself"
