#!/usr/bin/python3
"""A thousand people join and leave; what stays in the media daemon of each, after a warm-up of as many."""

import sys
import threading
import time

from measure import SETTLE_S, Table, meeting, scenario
from support import sipp

PER_SECOND = 100
VIDEO_SHARE = 5  # every fifth with a picture
# SIP transactions and the heap's rest outlive their calls (common/heap_rest.h).
AT_REST_S = 50


def come_and_go(made, people):
    """Two kinds of callers at once; how many failed."""
    kinds = {"short_call": people - people // VIDEO_SHARE, "short_video_call": people // VIDEO_SHARE}
    failed = {}

    def dial(kind, count):
        _, failed[kind], _ = sipp.run(made.server, kind, made.folder, "bench", count, max(1, PER_SECOND * count // people))

    diallers = [threading.Thread(target=dial, args=item) for item in kinds.items()]
    for each in diallers:
        each.start()
    for each in diallers:
        each.join()
    return sum(failed.get(kind, count) for kind, count in kinds.items())


def at_rest(made):
    made.wait_for(0)
    time.sleep(AT_REST_S)
    return made.server.mcud.heap_kib()


def run(options):
    people = options.people
    with meeting() as made:
        failed = come_and_go(made, people)
        warm = at_rest(made)
        failed += come_and_go(made, people)
        kept = at_rest(made)
    table = Table(f"soak {people}")
    table.most("memory kept of each who came and went", (kept - warm) / people, 1, "KiB", 9 if people >= 1000 else None)
    table.add("calls that failed", failed, "", None, "0", lambda v: v == 0)
    table.add("heap of mcud, warm", warm / 1024, "MiB")
    table.add("heap of mcud, afterwards", kept / 1024, "MiB")
    table.save(people=people)
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 1000, SETTLE_S, run))
