#!/usr/bin/python3
"""Everybody sees the same, a third each at 720p, 360p and 180p: one encoder a rung, whatever the number of people."""

import sys

from measure import STAGGER, Table, meeting, prepare_clips, scenario

# What each third can decode (RFC 6184, profile-level-id): level 3.1 takes 720p30, level 3 360p30, level 1.3 180p15.
LEVELS = ["42e01f", "42e01e", "42e00d"]


def run(options):
    people = options.people
    prepare_clips(people)
    with meeting(room='layout = "grid"\n') as made:
        first, callers = 1, []
        for third, level in enumerate(LEVELS):
            count = (people + len(LEVELS) - 1 - third) // len(LEVELS)
            callers.append(made.join(first, count, "--stagger", STAGGER, "--profile-level-id", level))
            first += count
        made.wait_for(people)
        made.watch(5)
        figures = made.watch(options.seconds)
        reports = made.end(*callers)
    table = Table(f"rungs {people}")
    table.most("encoders running, at most", figures["encoders"], 3, "", 6)
    sizes = sorted({leg["video"]["sizes"][-1] for leg in reports.values() if leg["video"]["sizes"]})
    table.add("sizes received at the end", " ".join(sizes), "", None, "three", lambda _: len(sizes) == len(LEVELS))
    table.use(figures, people)
    table.save(figures=figures, people=people, sizes=sizes)
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 9, 10, run))
