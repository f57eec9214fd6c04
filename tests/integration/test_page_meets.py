"""Browsers by the page and a room system in one room: each sees and hears the others, and comes back when it is cut off."""

import os
import signal
import time

import pytest

from support import page as pages
from support import sound
from support.ports import free_port
from support.wait import until

pytestmark = pytest.mark.skipif(not pages.FOLDER.is_dir(), reason="this build has no page (no npm, or -Dpage=disabled)")

PEOPLE = {
    "Anna": {"colour": "0x2050c0", "hertz": 440},
    "Ben": {"colour": "0xc03030", "hertz": 700},
    "Lyon": {"colour": "0x20a040", "hertz": 1100},
}


@pytest.fixture(scope="session")
def driver():
    pages.compile_driver()


@pytest.fixture
def web(make_tessera):
    port = free_port()
    server = make_tessera(signald=f'https = "127.0.0.1:{port}"\npage = "{pages.FOLDER}"\n')
    server.url = f"https://127.0.0.1:{port}/r/demo"
    return server


@pytest.fixture
def make_page(folder, media, driver):
    made = []

    def make(name=None, **settings):
        if name:
            # A voice: the page has steady tones taken out as noise.
            camera = folder / f"{name}.mjpeg"
            pages.make_camera(camera, PEOPLE[name]["colour"])
            settings = {"video": camera, "audio": media.speech(PEOPLE[name]["hertz"], 60), **settings}
        made.append(pages.Page(folder, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


def sees(page, *names):
    return all(page.share_of(PEOPLE[name]["colour"]) > 0.03 for name in names)


ROSTER = "[...document.querySelectorAll('[data-person]')].map((each) => each.dataset.person)"


def people_of(page):
    """Ids in the roster, which is open from now on."""
    if not page.do("evaluate", script="document.querySelector('.people') !== null"):
        page.do("press", key="p")
    return page.do("evaluate", script=ROSTER)


def test_two_browsers_and_a_room_system_see_and_hear_each_other(web, make_page, make_baresip):
    lyon = make_baresip("Lyon", PEOPLE["Lyon"]["hertz"], PEOPLE["Lyon"]["colour"], clip_seconds=60)
    lyon.dial(web.uri())
    everyone = {name: make_page(name) for name in ("Anna", "Ben")}
    for name, page in everyone.items():
        page.join(web.url, name)

    for name, page in everyone.items():
        others = [other for other in PEOPLE if other != name]
        until(lambda page=page, others=others: sees(page, *others), 20, f"{name} sees {others}: {page.shot('unseen')}")
        rate, heard = page.listen(3)
        piece = heard[-2 * int(rate):]
        for other in others:
            assert sound.tone_level_dbfs(piece, rate, PEOPLE[other]["hertz"]) > -45, f"{name} does not hear {other}"
        assert sound.tone_level_dbfs(piece, rate, PEOPLE[name]["hertz"]) < -55, f"{name} hears itself"
        assert page.do("complaints") == []
    picture = lyon.snapshot()
    from PIL import Image  # here alone: the snapshot of the room system
    import numpy

    pixels = numpy.asarray(Image.open(picture).convert("RGB")).astype(int)
    for name in everyone:
        wanted = numpy.array([int(PEOPLE[name]["colour"][i:i + 2], 16) for i in (2, 4, 6)])
        assert (abs(pixels - wanted).max(axis=2) < 45).mean() > 0.03, f"Lyon does not see {name}: {picture}"


def test_a_layout_is_chosen_and_who_mutes_is_silent(web, make_page):
    anna, ben = make_page("Anna"), make_page("Ben")
    anna.join(web.url, "Anna")
    ben.join(web.url, "Ben")
    until(lambda: sees(anna, "Ben"), 20, "Anna sees Ben")

    before = anna.share_of(PEOPLE["Ben"]["colour"])
    anna.do("press", key="l")
    anna.do("click", button="One")
    fills = lambda: anna.share_of(PEOPLE["Ben"]["colour"])  # noqa: E731
    until(lambda: fills() > max(0.5, before), 20, lambda: f"Ben alone fills Anna's picture: {fills():.2f} of it, {before:.2f} before: {anna.shot('one')}")

    ben.do("press", key="m")
    anna.do("press", key="p")
    until(lambda: any("muted" in each for each in anna.do("evaluate", script="[...document.querySelectorAll('.people .state')].map((each) => each.title)")), 5, "the roster says so")
    rate, heard = anna.listen(2)
    assert sound.tone_level_dbfs(heard[-int(rate):], rate, PEOPLE["Ben"]["hertz"]) < -55


def test_a_reload_comes_back_to_the_same_place(web, make_page):
    anna = make_page("Anna")
    anna.join(web.url, "Anna")
    before = people_of(anna)

    anna.do("reload")
    anna.do("joined")

    assert people_of(anna) == before
    assert [each["name"] for each in web.participants()] == ["Anna"]


def test_a_cut_of_ten_seconds_is_mended(web, make_page):
    anna, ben = make_page("Anna"), make_page("Ben")
    anna.join(web.url, "Anna")
    ben.join(web.url, "Ben")
    until(lambda: sees(anna, "Ben"), 20, "Anna sees Ben")
    before = people_of(anna)

    # Nothing is answered and nothing sent, as behind a cable that was pulled.
    for process in (web.signald, web.mcud):
        os.kill(process.pid, signal.SIGSTOP)
    anna.do("see", text="Reconnecting…")
    time.sleep(10)  # the length of the cut
    frames = anna.do("frames")
    for process in (web.mcud, web.signald):
        os.kill(process.pid, signal.SIGCONT)

    # Within two seconds on a machine that does nothing else; here two browsers and two daemons wake up at once.
    until(lambda: anna.do("frames") > frames + 2, 5, "pictures come again")
    until(lambda: not anna.do("text", of=".stage-note.away"), 10, "the page says no more that it is cut off")
    assert people_of(anna) == before
