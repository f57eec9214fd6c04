#!/usr/bin/python3
"""The media daemon stands still for 500 ms (SIGSTOP, SIGCONT): how old sound is before, and from two seconds after on."""

import os
import signal
import statistics
import sys
import time

from measure import Table, endpoints, meeting, percentile, prepare_clips, scenario

STALL_S = 0.5
BACK_WITHIN_S = 2


def run(options):
    prepare_clips(options.people)
    with meeting(room='layout = "grid"\n') as made:
        callers = made.crowd(options.people, "--sound", "bursts")
        made.watch(options.seconds)
        stopped = time.monotonic()
        os.kill(made.mcud, signal.SIGSTOP)
        try:
            time.sleep(STALL_S)
        finally:
            os.kill(made.mcud, signal.SIGCONT)
        resumed = time.monotonic()
        made.watch(BACK_WITHIN_S + options.seconds)
        ended = time.monotonic()
        legs = list(made.end(*callers).values())
    bursts = [(endpoints.at(leg, b["at_s"]), b["latency_ms"]) for leg in legs for b in leg["audio"]["bursts"]]
    before = [ms for at, ms in bursts if stopped - options.seconds <= at < stopped]
    after = [ms for at, ms in bursts if resumed + BACK_WITHIN_S <= at < ended]
    table = Table(f"stall {options.people}")
    table.most("audio latency p95 before", percentile(before, 0.95), 40, "ms", 8)
    both = before and after
    table.most("audio latency p95 from 2 s after the stall on, above that before",
               percentile(after, 0.95) - percentile(before, 0.95) if both else None, 5, "ms", 8)
    table.add("median before", statistics.median(before) if before else None, "ms")
    table.add("median from 2 s after on", statistics.median(after) if after else None, "ms")
    table.add("bursts before, after", f"{len(before)}, {len(after)}")
    freezes = max((f["seconds"] for leg in legs for f in leg["video"]["freezes"]), default=0)
    table.add("longest freeze", freezes, "s")
    table.save(people=options.people, bursts=sorted(bursts), stopped=stopped, resumed=resumed)
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 4, 12, run))
