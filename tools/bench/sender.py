#!/usr/bin/python3
"""What one synthetic sender costs: N of them dial a room, put the server on hold (it sends them nothing), and send
1280x720 at 30 pictures a second and sound. All CPU of their process counts: SIP, RTP, RTCP.

usage: tools/bench/run.sh sender [--people 9] [--seconds 20] [--gate 0.01]

Prints cores per sender; exits 1 when it is more than the gate.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time

from gate import ROOM, make_clips
from measure import STAGGER, Endpoint, Tessera, Usage, until


def held(server, people):
    participants = server.participants("gate")
    return len(participants) == people and all(p["on_hold"] for p in participants)


def measure(server, folder, cache, people, seconds):
    callers = Endpoint(folder, cache, server.uri("gate"), 1, people,
                       ["--seconds", "0", "--hold-at", "0.3", "--stagger", STAGGER, "--no-analysis"]).start()
    try:
        until(lambda: held(server, people), 60, "everybody holds")
        before = Usage(callers.process.pid)
        until(lambda: time.monotonic() - before.at >= seconds, seconds + 5, "time")
        return Usage(callers.process.pid).cores_since(before)
    finally:
        callers.process.stop()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--people", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--gate", type=float, default=0.01)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tsr-"))
    cache = folder / "cache"
    cache.mkdir()
    server = Tessera(folder, rooms=ROOM).start()
    try:
        make_clips(folder, cache, options.people, "1280x720")
        total, threads = measure(server, folder, cache, options.people, options.seconds)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    each = total / options.people
    print(f"{options.people} senders: {total:.4f} cores, {each:.4f} each (at most {options.gate}); by thread {threads}")
    return 0 if each <= options.gate else 1


if __name__ == "__main__":
    sys.exit(main())
