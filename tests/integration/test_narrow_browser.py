"""A browser that watches over a path that becomes narrow and wide again: what it is sent follows the path."""

import json
import shutil
import time
from pathlib import Path

import pytest

from support import endpoint as endpoints
from support.bad_link import FIGURES, listen
from support.browser import Browser
from support.endpoint import Endpoint
from support.ports import free_port
from support.relay import Relay
from support.wait import until
from test_narrow_path import CALL, CLIP, UP_S, Meter

PAGES = Path(__file__).parent / "pages"
WIDE, NARROW, PHONE = 2_000_000, 300_000, 150_000
DELAY_MS = 35  # each way


@pytest.fixture
def room(folder, make_tessera, clips):
    """A room with a sender of a moving picture, its page, and the link by which `watch` reaches it."""
    page = folder / "page"
    page.mkdir()
    shutil.copy(PAGES / "watch.html", page / "index.html")
    shutil.copy(PAGES / "watch.js", page)
    port = free_port()
    endpoints.prepare(clips, 1, 1, picture=CLIP)
    server = make_tessera(signald=f'https = "127.0.0.1:{port}"\npage = "{page}"\n')
    first, last = server.media_ports
    with Relay(first, last, seed=7) as link:
        sender = Endpoint(folder, clips, server.uri(), 1, 1, [*CALL, "--name", "Sender", "--sound", "speech"]).start()
        server.link, server.page = link, f"https://127.0.0.1:{port}/r/demo?via={Relay.ADDRESS}"
        yield server
        sender.stop()


class Watcher:
    def __init__(self, folder, room):
        self.room, self.browser = room, Browser(folder, room.page)
        until(self.rung_is("720p30"), 20, lambda: f"the browser is sent 720p30: {self.browser.said()[-2:]} {room.participants()}")
        until(lambda: (self.browser.last("seen") or {}).get("video", {}).get("frames", 0) > 30, 20, "the browser sees a picture")
        self.meter = Meter(room.link)

    def rung(self):
        return next((p["rung"] for p in self.room.participants() if p["name"] == "Watcher"), "")

    def rung_is(self, name):
        return lambda: self.rung() == name

    def between(self, begin, end):
        shift = time.time() - time.monotonic()
        return [s for s in self.browser.said() if s.get("kind") == "seen" and begin <= s["at"] - shift <= end]

    def figures(self, begin, end):
        seen = self.between(begin, end)
        first, last = seen[0], seen[-1]
        span = last["at"] - first["at"]
        video, before = last["video"], first["video"]
        return {"fps": round((video["frames"] - before["frames"]) / span, 1), "width": video["width"],
                "frozen_s": round(video["frozen_s"] - before["frozen_s"], 2),
                "kbps": round(8 * (video["bytes"] + last["audio"]["bytes"] - before["bytes"] - first["audio"]["bytes"]) / span / 1000),
                "rtt_p95_ms": round(sorted(s["rtt_ms"] for s in seen if "rtt_ms" in s)[int(0.95 * len(seen))])}

    def close(self):
        self.meter.stop()
        self.browser.close()


@pytest.fixture
def watcher(folder, room):
    room.link.both(delay_ms=DELAY_MS, rate_bps=WIDE)
    opened = Watcher(folder, room)
    yield opened
    opened.close()


def test_what_a_browser_is_sent_follows_its_path_down_and_up(watcher):
    listen(5)
    narrow = time.monotonic()
    watcher.meter.down(rate_bps=NARROW)
    listen(15)
    wide = time.monotonic()
    watcher.meter.down(rate_bps=WIDE)
    until(watcher.rung_is("720p30"), 40, "the browser is sent 720p30 again")
    up_s = round(time.monotonic() - wide, 1)
    listen(5)
    done = time.monotonic()
    figures = {"down_s": round(watcher.meter.last_above(1.2 * NARROW / 1000, narrow, narrow + 5), 1), "up_s": up_s,
               "before": watcher.figures(narrow - 4, narrow), "narrow": watcher.figures(narrow + 3, wide),
               "wide": watcher.figures(wide + up_s, done), "put_in_kbps": round(watcher.meter.kbps(narrow + 3, wide))}
    print(json.dumps(figures))
    assert figures["down_s"] <= 2, figures
    assert up_s <= UP_S, figures
    assert figures["narrow"]["rtt_p95_ms"] - 2 * DELAY_MS < 300, figures
    assert figures["narrow"]["fps"] >= 12, figures
    assert figures["narrow"]["frozen_s"] <= 1, figures


@pytest.mark.skipif(not FIGURES, reason="long; run with the figures")
def test_loss_by_chance_does_not_starve_a_browser(watcher):
    listen(10)
    lossy = time.monotonic()
    watcher.meter.down(loss=0.1)
    listen(40)
    figures = {"clean": watcher.figures(lossy - 8, lossy), "lossy": watcher.figures(lossy + 10, time.monotonic()),
               "rung": watcher.rung()}
    print(json.dumps(figures))
    assert figures["lossy"]["kbps"] >= 0.5 * figures["clean"]["kbps"], figures


@pytest.mark.skipif(not FIGURES, reason="long; run with the figures")
def test_a_phone_at_150_kbit_gets_a_steady_small_picture(watcher):
    listen(5)
    narrow = time.monotonic()
    watcher.meter.down(rate_bps=PHONE)
    listen(45)
    done = time.monotonic()
    seen = watcher.figures(narrow + 15, done)
    widths = {sample["video"]["width"] for sample in watcher.between(narrow + 15, done)}
    print(json.dumps({**seen, "widths": sorted(widths), "rung": watcher.rung(),
                      "put_in_kbps": round(watcher.meter.kbps(narrow + 15, done))}))
    assert widths == {320}, seen
    assert seen["fps"] >= 12, seen
    assert seen["frozen_s"] <= 1, seen
