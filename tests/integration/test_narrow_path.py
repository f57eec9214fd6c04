"""A viewer whose path becomes narrow and wide again: it gets the picture that fits, soon, and nobody else pays for it.

CI runs the middle of the road. `tools/bench/run.sh network` runs all losses and prints the figures.
"""

import contextlib
import json
import threading
import time

import pytest

from support import endpoint as endpoints
from support.bad_link import FIGURES, FREEZES_A_MINUTE, listen
from support.endpoint import PATIENCE, Endpoint, tile_of, tone_of
from support.relay import BadNetwork
from support.wait import until

SENDER, VIEWER, WITNESS = 1, 2, 3
CLIP = ["--size", "1280x720", "--fps", "30", "--kbps", "1000", "--clip-seconds", "6"]
CALL = [*CLIP, "--seconds", "0"]
# --report-ms: as often as a browser (1000), or as RFC 3550 has it, every 5 s (0).
ASKING = ["--avpf", "--nack", "--playout-ms", "400", "--announce", "127.0.0.9", "--opus-fec", "--report-ms"]
WIDE, NARROW, LEAST = 2_000_000, 300_000, 128_000
# The goal is 15 s. A probe that fails by a machine's hiccup is made again some seconds later: one run in a few dozen takes 19.
UP_S = 15 if FIGURES else 25
HEADERS = 28  # IPv4 and UDP, which the relay counts only when told


class Meter:
    """What is put into the link towards the callers, ten times a second."""

    def __init__(self, link):
        self.link, self.samples, self.open = link, [], True
        self.lock = threading.Lock()  # the relay answers one at a time
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self):
        while self.open:
            with self.lock:
                down = self.link.counts()["down"]
            self.samples.append((time.monotonic(), 8 * (down["sent_bytes"] + HEADERS * down["sent"])))
            time.sleep(0.1)

    def down(self, **conditions):
        with self.lock:
            self.link.down(**conditions)

    def kbps(self, begin, end):
        inside = [s for s in self.samples if begin <= s[0] <= end]
        return (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0]) / 1000 if len(inside) > 1 else 0.0

    def last_above(self, kbps, begin, end, span=0.5):
        """Seconds from `begin` to the middle of the last `span` in which more was put in; 0: none."""
        ends = [at for at, _ in self.samples if begin + span <= at <= end and self.kbps(at - span, at) > kbps]
        return max(ends, default=begin + span / 2) - span / 2 - begin

    def stop(self):
        self.open = False
        self.thread.join()


@contextlib.contextmanager
def meeting(make_tessera, folder, clips, report_ms=1000, skip_s=0, **conditions):
    """A sender and a witness on a clean wire, and a viewer behind the link. Hung up by `end`, which reads their reports.
    What the viewer sees is judged from `skip_s` after its first picture on."""
    endpoints.prepare(clips, 1, 3, picture=CLIP)
    tessera = make_tessera(behind=BadNetwork.BEHIND)
    callers = {}
    with BadNetwork(tessera, seed=7) as network:
        network.link.both(**conditions)

        def dial(identity, uri, *options, skip_s=0):
            name = ["--name", f"Endpoint {identity}", "--skip", str(skip_s)]
            callers[identity] = Endpoint(folder, clips, uri, identity, 1, [*CALL, *name, *options]).start()

        def end():
            for caller in callers.values():
                caller.hang_up()
            return {identity: caller.reports(PATIENCE)[identity] for identity, caller in callers.items()}

        dial(SENDER, tessera.uri(), "--psnr-every", "0", "--sound", "speech")
        dial(WITNESS, tessera.uri(), "--psnr-every", "0", "--sound", "noise")
        dial(VIEWER, network.uri(tessera, "udp"), "--sound", "speech", *ASKING, str(report_ms), skip_s=skip_s)
        until(lambda: len(tessera.participants()) == 3 and rung_of(tessera) == "720p30", 20, "the viewer sees 720p30")
        meter = Meter(network.link)
        try:
            yield tessera, meter, end
        finally:
            meter.stop()
            for caller in callers.values():
                caller.stop()


def rung_of(tessera):
    return next((p["rung"] for p in tessera.participants() if p["name"] == f"Endpoint {VIEWER}"), "")


def freezes(report, begin, end):
    spans = tile_of(report, SENDER)["freezes"]
    return [span["seconds"] for span in spans if begin <= endpoints.at(report, span["begin_s"]) <= end]


def concealed_percent(report, begin, end):
    concealed = [at for at in report["audio"]["concealed_s"] if begin <= endpoints.at(report, at) <= end]
    return round(100 * len(concealed) / (50 * (end - begin)), 2)


CASES = [(0, 1000), (0.01, 1000), (0.05, 1000), (0.10, 1000), (0, 0), (0.05, 0)] if FIGURES else [(0.01, 1000)]


@pytest.mark.parametrize("loss, report_ms", CASES)
def test_a_viewer_gets_the_picture_that_its_path_carries(make_tessera, folder, clips, loss, report_ms):
    with meeting(make_tessera, folder, clips, report_ms, delay_ms=35, jitter_ms=30 if loss else 0, loss=loss,
                 rate_bps=WIDE) as (tessera, meter, end):
        listen(6)
        narrow = time.monotonic()
        meter.down(rate_bps=NARROW)
        listen(12)
        kept = rung_of(tessera)
        wide = time.monotonic()
        meter.down(rate_bps=WIDE)
        up_s = None
        with contextlib.suppress(AssertionError):
            until(lambda: rung_of(tessera) == "720p30", 40, "the viewer sees 720p30 again")
            up_s = round(time.monotonic() - wide, 1)
        listen(30 if FIGURES else 6)
        done = time.monotonic()
        reports = end()
    down_s = round(meter.last_above(1.2 * NARROW / 1000, narrow, narrow + 4), 1)  # then the path is tried
    viewer, witness = reports[VIEWER], reports[WITNESS]
    figures = {"loss": loss, "report_ms": report_ms, "down_s": down_s, "rung": kept, "up_s": up_s,
               "kbps_when_narrow": round(meter.kbps(narrow + 3, wide)),
               "freezes_when_wide": freezes(viewer, up_s + wide if up_s else done, done),
               "freezes_narrow": freezes(viewer, narrow, wide),
               "concealed_when_wide": concealed_percent(viewer, up_s + wide if up_s else done - 1, done),
               "key_frames_of_witness": sum(at > narrow for at in endpoints.key_frames(witness)),
               "sizes": viewer["video"]["sizes"]}
    print(json.dumps(figures))
    assert down_s <= 2, figures
    assert up_s is not None and up_s <= UP_S, figures
    assert kept != "720p30", figures
    assert figures["key_frames_of_witness"] == 0, figures
    if loss <= 0.05:
        assert len(figures["freezes_when_wide"]) <= max(1, FREEZES_A_MINUTE * (done - wide - up_s) / 60), figures
        # The goal is 1 %; of 300 packets by chance a few more are lost in a row.
        assert figures["concealed_when_wide"] <= (1 if FIGURES else 3), figures


@pytest.mark.skipif(not FIGURES, reason="long; run with the figures")
def test_a_viewer_at_128_kbit_gets_a_small_picture_that_moves_and_all_sound(make_tessera, folder, clips):
    """The narrowest link that is still to carry a picture, everything on the wire counted."""
    settled_s = 26
    with meeting(make_tessera, folder, clips, skip_s=settled_s, delay_ms=35, rate_bps=WIDE,
                 header_bytes=HEADERS) as (tessera, meter, end):
        listen(6)
        began = time.monotonic()
        meter.down(rate_bps=LEAST)
        until(lambda: rung_of(tessera) == "180p15", 15, "the viewer sees 180p15")
        listen(max(0.0, began + settled_s - 6 - time.monotonic()))
        begin = time.monotonic()
        listen(20)
        done = time.monotonic()
        kept = rung_of(tessera)
        reports = end()
    viewer = reports[VIEWER]
    moved = [at for at in viewer["video"]["advances_s"] if begin <= endpoints.at(viewer, at) < done]
    figures = {"kbps_put_in": round(meter.kbps(begin, done)), "rung": kept, "fps": round(len(moved) / (done - begin), 1),
               "psnr_db": viewer["video"].get("psnr_db"), "concealed": concealed_percent(viewer, begin, done),
               "freezes": freezes(viewer, begin, done),
               "key_frames_of_witness": sum(at > began for at in endpoints.key_frames(reports[WITNESS]))}
    print(json.dumps(figures))
    assert kept == "180p15", figures
    assert figures["fps"] >= 12, figures
    assert figures["psnr_db"]["mean"] >= 32, figures
    assert figures["concealed"] <= 1, figures
    assert figures["key_frames_of_witness"] == 0, figures
