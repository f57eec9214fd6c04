"""How old sound is when it comes back: a hiss that is nowhere like itself, found again in what was heard."""

import audioop
import time

import numpy

from .rtp import PACKET_S, SAMPLES, RtpLeg

RATE = 8000
LONGEST_S = 60
# 100 ms of hiss are found in seconds of it without doubt.
PIECE_PACKETS = 5
SEARCHED_S = 2.0
ALIKE = 0.6


class HissLeg(RtpLeg):
    """Sends seeded noise of the telephone band at about -20 dBFS, and says how old the noise of another leg is."""

    def __init__(self, seed, **settings):
        spectrum = numpy.fft.rfft(numpy.random.default_rng(seed).standard_normal(RATE * LONGEST_S))
        hertz = numpy.fft.rfftfreq(RATE * LONGEST_S, 1 / RATE)
        spectrum[(hertz < 300) | (hertz > 3400)] = 0
        noise = numpy.fft.irfft(spectrum)
        self.noise = (noise / noise.std() * 3000).clip(-32000, 32000).astype("<i2")
        self.coded = audioop.lin2ulaw(self.noise.tobytes(), 2)
        self.sent = {}
        super().__init__(tone=0, **settings)

    def _samples(self, count):
        """Noise is never sent twice: when it ends the call goes on in silence."""
        self.sent[count * SAMPLES] = time.monotonic()
        return self.coded[count * SAMPLES:(count + 1) * SAMPLES] or b"\xff" * SAMPLES

    def jitter(self, since, until):
        """How much later than the most punctual the latest packet of that time left us, in seconds."""
        slips = [at - first / RATE for first, at in list(self.sent.items()) if since <= at < until]
        return max(slips) - min(slips)

    def ages(self, sender, since, until):
        """(arrival, seconds since `sender` sent it) of every 100 ms heard in that time in which its noise is found: from
        packet sent to packet received. Much to compute: the time should be over."""
        packets = [p for p in self.since(since) if p.arrived < until]
        for first in range(0, len(packets) - PIECE_PACKETS + 1, PIECE_PACKETS):
            piece = packets[first:first + PIECE_PACKETS]
            steps = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in zip(piece, piece[1:])}
            if steps != {SAMPLES}:
                continue  # a hole in it
            heard = numpy.frombuffer(audioop.ulaw2lin(b"".join(p.payload for p in piece), 2), "<i2").astype(float)
            place = sender._find(heard, piece[-1].arrived)
            if place is not None:
                yield piece[0].arrived, piece[0].arrived - place

    def _find(self, heard, ended):
        """When the sample with which this begins was sent, as if each left with its packet's first; None: not found."""
        known = [(n, at) for n, at in list(self.sent.items()) if ended - SEARCHED_S < at < ended]
        if not known:
            return None
        first, last = known[0][0], known[-1][0] + SAMPLES
        noise = self.noise[first:last].astype(float)
        if len(noise) <= len(heard):
            return None
        power = numpy.convolve(noise ** 2, numpy.ones(len(heard)), "valid")
        alike = numpy.correlate(noise, heard, "valid") / numpy.sqrt(power * (heard ** 2).sum() + 1)
        best = int(alike.argmax())
        if alike[best] < ALIKE:
            return None
        # The packet in which that sample went, and as much later as it stands in it.
        packet = first + best // SAMPLES * SAMPLES
        return self.sent[packet] + best % SAMPLES / RATE if packet in self.sent else None
