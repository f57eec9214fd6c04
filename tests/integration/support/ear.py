"""Listens to what a baresip caller hears while it hears it: when which sound came."""

import struct
import threading
import time

import numpy

from . import sound
from .wait import until

PIECE_S = 0.1


class Ear:
    """Watches the WAV file into which baresip writes every packet of sound it has decoded."""

    def __init__(self, caller):
        until(caller.heard, 10, f"sound for {caller.name}")
        self.caller = caller
        self.path = caller.heard()[-1]
        until(lambda: self.path.stat().st_size > 44, 10, f"sound for {caller.name}")
        with open(self.path, "rb") as wav:
            head = wav.read(44)
        self.channels, self.rate = struct.unpack_from("<HI", head, 22)
        self.marks = [(time.monotonic(), self.path.stat().st_size)]
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        while not self.ended.wait(0.01):
            size = self.path.stat().st_size
            if size != self.marks[-1][1]:
                self.marks.append((time.monotonic(), size))

    def stop(self):
        self.ended.set()
        self.thread.join()

    def pieces(self, after):
        """(when it was there, 100 ms of samples) of all that came after that time."""
        marks = list(self.marks)
        begin = max((size for at, size in marks if at <= after), default=44)
        whole = 2 * self.channels
        with open(self.path, "rb") as wav:
            wav.seek(44 + (begin - 44) // whole * whole)
            raw = wav.read(marks[-1][1] - wav.tell())
        samples = numpy.frombuffer(raw[:len(raw) // whole * whole], "<i2").reshape(-1, self.channels).mean(axis=1) / 32768
        count = int(self.rate * PIECE_S)
        for start in range(0, len(samples) - count + 1, count):
            there = begin + (start + count) * whole
            yield next(at for at, size in marks if size >= there), samples[start:start + count]

    def hears(self, piece, tones):
        return all(sound.tone_level_dbfs(piece, self.rate, hertz) > -40 for hertz in tones)

    def first(self, tones, after):
        """When all the tones were heard together for the first time since; None: not yet."""
        return next((at for at, piece in self.pieces(after) if self.hears(piece, tones)), None)

    def longest_without(self, tones, after):
        """The longest time since in which not all the tones were heard, in seconds."""
        last, longest = after, 0
        for at, piece in self.pieces(after):
            if self.hears(piece, tones):
                longest, last = max(longest, at - last), at
        return max(longest, self.marks[-1][0] - last)
