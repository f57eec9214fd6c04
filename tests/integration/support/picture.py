"""What is in a picture that somebody received."""

import numpy
import PIL.Image


def _pixels(png):
    return numpy.asarray(PIL.Image.open(png).convert("RGB")).astype(int)


def share_of_colour(png, colour, tolerance=40):
    """Share of the picture that has the identity colour, "0xRRGGBB"."""
    wanted = numpy.array([int(colour[i:i + 2], 16) for i in (2, 4, 6)])
    return (abs(_pixels(png) - wanted).max(axis=2) < tolerance).mean()


def share_changed(png, other, least=24):
    """Share of two pictures of equal size that differs by more than what coding does to them."""
    return (abs(_pixels(png) - _pixels(other)).max(axis=2) > least).mean()
