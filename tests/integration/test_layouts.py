"""Layouts changed by tesseractl while people meet: seen at once, and paid for by nobody who need not."""

import numpy
import PIL.Image

from support.api import Api
from support.wait import until

CALLERS = {"Anna Berg": (440, "0x2050c0"), "Boris Klein": (700, "0x20a040"), "Clara Wolf": (1100, "0xc03030")}


def meet(tessera, make_baresip):
    for name, (hertz, colour) in CALLERS.items():
        make_baresip(name, hertz, colour).dial(tessera.uri())
    api = Api(tessera)
    until(lambda: len(people(api)) == 3 and all(p["rung"] for p in people(api)), 15, "all three get a picture")
    return api


def people(api):
    return api.call("GET", "/v1/rooms/{room}/participants", 200, room="demo")["participants"]


def snapshot(tessera, name, *whose):
    path = tessera.folder / f"{name}.png"
    tessera.ctl("room", "snapshot", "demo", "-o", path, *whose)
    return numpy.asarray(PIL.Image.open(path).convert("RGB")).astype(int)


def share(picture, colour):
    """Share of the picture that has the identity colour of a caller."""
    wanted = numpy.array([int(colour[i:i + 2], 16) for i in (2, 4, 6)])
    return (abs(picture - wanted).max(axis=2) < 40).mean()


def shares(picture):
    return [share(picture, colour) for _, colour in CALLERS.values()]


def costs(api):
    """What the encoders did until now, told after the last change: statistics come once a second."""
    def sent():
        return [sum(s["packets_sent"] for s in p["streams"]) for p in people(api)]
    for _ in range(2):
        before = sent()
        until(lambda: sent() != before, 10, "fresh statistics")
    conference = api.call("GET", "/v1/rooms/{room}", 200, room="demo")["conference"]
    # Not the splices: a peer gets one, alone, whenever it asks with a PLI, as baresip does in its first seconds.
    return {key: conference[key] for key in ("encoders_opened", "key_pictures")}


def test_a_layout_for_the_room_is_seen_at_once_and_starts_nobody_anew(tessera, make_baresip):
    api = meet(tessera, make_baresip)
    tessera.ctl("room", "layout", "demo", "grid")
    until(lambda: max(shares(snapshot(tessera, "grid"))) < 0.3, 5, "three equal tiles")
    before = costs(api)

    tessera.ctl("room", "layout", "demo", "1+5")

    until(lambda: max(shares(snapshot(tessera, "one"))) > 0.3, 5, "one of them is big")
    assert costs(api) == before, "all still see the same: no encoder and no key frame more"


def test_a_layout_for_one_viewer_costs_the_others_no_key_frame(tessera, make_baresip):
    api = meet(tessera, make_baresip)
    tessera.ctl("room", "layout", "demo", "grid")
    until(lambda: max(shares(snapshot(tessera, "grid"))) < 0.3, 5, "three equal tiles")
    before = costs(api)

    tessera.ctl("room", "layout", "demo", "speaker", "-p", "Boris Klein")

    until(lambda: max(shares(snapshot(tessera, "boris", "-p", "Boris Klein"))) > 0.8, 5, "he sees one person")
    assert max(shares(snapshot(tessera, "anna", "-p", "Anna Berg"))) < 0.3, "she sees what she saw"
    after = costs(api)
    assert after["encoders_opened"] - before["encoders_opened"] == 1, "his own"
    assert after["key_pictures"] - before["key_pictures"] == 1, "the first of his own"


def test_side_by_side_shows_two_and_an_unknown_layout_is_refused_by_name(tessera, make_baresip):
    meet(tessera, make_baresip)

    tessera.ctl("room", "layout", "demo", "side-by-side")

    until(lambda: sum(part > 0.1 for part in shares(snapshot(tessera, "two"))) == 2, 5, "two people side by side")
    refused = tessera.ctl("room", "layout", "demo", "circle", check=False)
    assert refused.returncode == 1
    assert "no layout 'circle'; there are auto, " in refused.stderr
