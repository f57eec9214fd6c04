"""A real browser publishes by WHIP and watches the room by WHEP: its own camera comes back to it, composed by us."""

import shutil
from pathlib import Path

import pytest

from support.browser import Browser
from support.firefox import Firefox
from support.own_network import own_network
from support.ports import free_port
from support.wait import until

PAGES = Path(__file__).parent / "pages"


def serve(folder, make_tessera, address="127.0.0.1"):
    page = folder / "page"
    page.mkdir()
    shutil.copy(PAGES / "whip.html", page / "index.html")
    shutil.copy(PAGES / "whip.js", page)
    port = free_port()
    server = make_tessera(signald=f'https = "{address}:{port}"\npage = "{page}"\n')
    server.url = f"https://{address}:{port}/r/demo"
    return server


@pytest.fixture
def web(folder, make_tessera):
    return serve(folder, make_tessera)


@pytest.fixture
def apart():
    with own_network() as address:
        yield address


@pytest.fixture
def web_apart(apart, folder, make_tessera):
    """Firefox does not talk from an address to loopback, nor from loopback alone."""
    return serve(folder, make_tessera, apart)


@pytest.fixture
def browse(folder):
    opened = []

    def browse(url, kind=Browser):
        opened.append(kind(folder, url))
        return opened[-1]

    yield browse
    for browser in opened:
        browser.close()


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_what_a_browser_publishes_is_seen_and_heard_by_who_watches(web, browse, protocol):
    browser = browse(f"{web.url}?{protocol}")
    until(lambda: browser.last("done") or browser.last("error"), 60, lambda: f"the browser has seen and heard itself: {browser.said()[-3:]}")

    assert browser.last("error") is None, browser.said()
    numbers = browser.last("numbers")
    assert numbers["sent"]["state"] == numbers["seen"]["state"] == "connected"
    assert numbers["sent"]["protocol"] == numbers["seen"]["protocol"] == protocol
    picture = browser.last("picture")
    red, green, blue = picture["colour"]
    assert (picture["width"], picture["height"]) == (1280, 720)
    assert green > 50 and green > 2 * max(red, blue), f"Chromium's fake camera is green with something dark that moves: {picture}"
    assert [each["status"] for each in browser.said() if each["kind"] == "deleted"] == [200, 200]
    until(lambda: not web.participants(), 5, "both have left")


def test_firefox_without_h264_meets_by_vp8(web_apart, browse):
    browser = browse(web_apart.url, Firefox)
    until(lambda: browser.last("done") or browser.last("error"), 60, lambda: f"Firefox has seen and heard itself: {browser.said()[-3:]}")

    assert browser.last("error") is None, browser.said()
    numbers = browser.last("numbers")
    assert numbers["sent"]["state"] == numbers["seen"]["state"] == "connected"
    assert numbers["sent"]["video"]["codec"] == numbers["seen"]["video"]["codec"] == "video/VP8"
    picture = browser.last("picture")
    assert (picture["width"], picture["height"]) == (1280, 720)
    assert max(picture["colour"]) > 60, f"Firefox's fake camera is of one bright colour: {picture}"
    until(lambda: not web_apart.participants(), 5, "both have left")
