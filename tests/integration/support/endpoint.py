"""tessera-endpoint: synthetic participants that judge what they get after the call."""

import contextlib
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from .process import Process
from .tessera import BUILD, Tessera
from .wait import until

PROGRAM = BUILD / "tools/endpoint/tessera-endpoint"
PICTURE = ["--size", "640x360", "--fps", "15", "--kbps", "300", "--clip-seconds", "6"]
# Enough after the call to decode and judge it on a busy machine.
PATIENCE = 240


def prepare(cache, identity, count, options=(), picture=None):
    """Paints clips before anybody dials: how long it takes depends on what else the machine does, and a meeting whose
    guests come while others still paint is another meeting each time."""
    subprocess.run([str(a) for a in (PROGRAM, "--prepare", "--identity", identity, "--count", count, "--cache", cache,
                                     *(picture or PICTURE), *options)], check=True, capture_output=True, timeout=PATIENCE)


class Endpoint:
    """One process: `count` participants from `identity` on. All that share a `cache` know when the others sent what."""

    def __init__(self, folder, cache, uri, identity=1, count=1, options=()):
        self.identity = identity
        self.report_path = folder / f"endpoint-{identity}.json"
        self.process = Process(
            f"endpoint-{identity}",
            [PROGRAM, uri, "--identity", identity, "--count", count, "--cache", cache, "--report", self.report_path,
             *options],
            folder,
        )

    def start(self):
        self.process.start()
        return self

    def reports(self, seconds):
        """Waits for the end of the calls and of their analysis: identity -> report."""
        self.process.popen.wait(seconds)
        if self.process.popen.returncode != 0:
            raise AssertionError(f"endpoint {self.identity} ended with {self.process.popen.returncode}:\n"
                                 + self.process.log()[-3000:])
        return {report["identity"]: report for report in json.loads(self.report_path.read_text())}

    def hang_up(self):
        """All calls of this process end now; their reports follow."""
        self.process.popen.send_signal(signal.SIGTERM)

    def stop(self):
        if self.process.running():
            self.process.kill()


class Gathering:
    """A server with one room, and endpoints in it."""

    def __init__(self, folder, cache, **settings):
        self.server = Tessera(folder, **settings)
        self.cache = cache
        self.callers = []

    def dial(self, identity, count=1, *options, address=None):
        caller = Endpoint(self.server.folder, self.cache, self.server.uri(address=address), identity, count,
                          [*PICTURE, *options])
        self.callers.append(caller)
        return caller.start()

    def wait_for_people(self, count):
        until(lambda: self.server.api("/v1/rooms/demo")["participant_count"] == count, 30, f"{count} people are in the room")

    def wait_until_settled(self, calm=3.0):
        """Everybody has had a start, and Views that are equal have merged: no start was given for `calm` seconds."""
        last = {"starts": None, "since": 0.0}

        def settled():
            conference = self.server.api("/v1/rooms/demo")["conference"]
            starts = (conference["key_pictures"], conference["splice_pictures"], conference["views"])
            if starts != last["starts"]:
                last.update(starts=starts, since=time.monotonic())
            return time.monotonic() - last["since"] > calm

        until(settled, 30 + calm, "nobody needs a start")


@contextlib.contextmanager
def gathering(cache, **settings):
    """A server that must end cleanly, whoever was in its room."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tsr-"))  # short: Unix sockets live here
    room = Gathering(folder, cache, **settings)
    room.server.start()
    try:
        yield room
    finally:
        for caller in room.callers:
            caller.stop()
        codes = room.server.stop()
        logs = room.server.signald.log()[-2000:] + room.server.mcud.log()[-2000:]
        shutil.rmtree(folder, ignore_errors=True)
    assert codes == (0, 0), f"daemons ended with {codes}:\n{logs}"


def at(report, seconds_after_invite):
    """A moment of a report on the clock that all processes share, in seconds."""
    return report["invited_monotonic_ns"] / 1e9 + seconds_after_invite


def key_frames(report):
    """When key frames came, on the common clock."""
    return [at(report, seconds) for seconds in report["video"]["key_frames_s"]]


def seen(report):
    """Who was seen in at least one judged picture."""
    return {tile["identity"] for tile in report["video"]["tiles"]}


def tone_of(report, identity):
    return next(tone for tone in report["audio"]["tones"] if tone["identity"] == identity)


def tile_of(report, identity):
    return next(tile for tile in report["video"]["tiles"] if tile["identity"] == identity)


def heard(report, share=0.5):
    """Whose tone was heard in at least this share of the time."""
    return {tone["identity"] for tone in report["audio"]["tones"] if tone["present"] >= share}
