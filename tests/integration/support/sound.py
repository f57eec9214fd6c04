"""Tones in what somebody heard."""

import numpy
import scipy.io.wavfile


def read_mono(path):
    rate, samples = scipy.io.wavfile.read(path)
    samples = samples.astype(numpy.float64) / 32768
    return rate, samples.mean(axis=1) if samples.ndim == 2 else samples


def tone_level_dbfs(samples, rate, hertz):
    """Level of one tone over the whole piece, by a windowed DFT bin (0 dBFS: a full-scale sine)."""
    window = numpy.hanning(len(samples))
    phase = numpy.exp(-2j * numpy.pi * hertz * numpy.arange(len(samples)) / rate)
    amplitude = 2 * abs(numpy.sum(samples * window * phase)) / numpy.sum(window)
    return 20 * numpy.log10(max(amplitude, 1e-9))


def snr_db(samples, rate, wanted):
    """Power of the wanted tones (within 8 Hz) against everything else from 80 Hz up."""
    window = numpy.hanning(len(samples))
    power = abs(numpy.fft.rfft(samples * window)) ** 2
    frequency = numpy.fft.rfftfreq(len(samples), 1 / rate)
    tones = numpy.zeros(len(power), dtype=bool)
    for hertz in wanted:
        tones |= abs(frequency - hertz) <= 8
    rest = ~tones & (frequency >= 80)
    return 10 * numpy.log10(power[tones].sum() / max(power[rest].sum(), 1e-12))
