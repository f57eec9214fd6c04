#!/usr/bin/python3
"""Sixteen people join within a second a meeting of four: what those who were there see of it."""

import sys
import time

from measure import Table, endpoints, meeting, prepare_clips, scenario, worst_second

OLD = 4
AFTER_S = 6


def run(options):
    prepare_clips(OLD + options.people)
    with meeting(room='layout = "grid"\n') as made:
        old = made.crowd(OLD, "--sound", "bursts")
        began = time.monotonic()
        storm = made.join(OLD + 1, options.people, "--stagger", f"{1 / options.people:.4f}", "--no-analysis",
                          "--sound", "silent")
        made.wait_for(OLD + options.people)
        seated = time.monotonic()
        figures = made.watch(AFTER_S)
        ended = time.monotonic()
        made.callers.remove(storm)
        legs = list(made.end(*old).values())
        storm.stop()
    table = Table(f"join-storm {options.people}")
    worst = min(worst_second(leg, began - 1, ended) for leg in legs)
    keys = sum(began <= when < ended for leg in legs for when in endpoints.key_frames(leg))
    goal = 11 if options.people >= 16 else None
    table.least("worst second of any old leg", worst, 25, "fps", goal)
    table.add("key frames that old legs received", keys, "", goal, "0", lambda v: v == 0)
    table.most("all were in after", seated - began, 3, "s")
    table.latency(legs)
    table.add("CPU of mcud afterwards", figures["mcud_cores"], "cores")
    table.add("splice pictures since all were in", figures["splice_pictures"])
    table.save(figures=figures, people=options.people)
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 16, AFTER_S, run))
