"""tessera-endpoint: synthetic participants that judge what they get after the call."""

import json

from .process import Process
from .tessera import BUILD

PROGRAM = BUILD / "tools/endpoint/tessera-endpoint"


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

    def stop(self):
        if self.process.running():
            self.process.kill()


def at(report, seconds_after_invite):
    """A moment of a report on the clock that all processes share, in seconds."""
    return report["invited_monotonic_ns"] / 1e9 + seconds_after_invite


def key_frames(report):
    """When key frames came, on the common clock."""
    return [at(report, seconds) for seconds in report["video"]["key_frames_s"]]


def seen(report):
    """Who was seen in at least one judged picture."""
    return {tile["identity"] for tile in report["video"]["tiles"]}


def heard(report, share=0.5):
    """Whose tone was heard in at least this share of the time."""
    return {tone["identity"] for tone in report["audio"]["tones"] if tone["present"] >= share}
