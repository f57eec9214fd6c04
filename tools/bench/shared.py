#!/usr/bin/python3
"""Everybody sees everybody in one picture of one rung."""

import sys

from measure import Table, measure_floor, meeting, prepare_clips, scenario


def measure(people, seconds):
    prepare_clips(people)
    with meeting(room='layout = "grid"\n') as made:
        callers = made.crowd(people, "--sound", "bursts")
        figures = made.watch(seconds)
        legs = made.end(*callers)
        floor = measure_floor(made.folder, people, people, people, ["1280x720@1000*1"], legs[1], figures)
    return figures, list(legs.values()), floor


def run(options):
    people = options.people
    figures, legs, floor = measure(people, options.seconds)
    table = Table(f"shared {people}")
    table.rates(legs, figures, 2 if people >= 32 else None)
    table.floor(figures, floor, 1 if people == 16 else None)
    table.latency(legs, 7 if people <= 9 else None)
    table.add("decoder errors", sum(leg["video"]["decoder_errors"] for leg in legs), "", None, "0", lambda v: v == 0)
    table.use(figures, people)
    table.save(figures=figures, floor=floor, people=people, latency=[leg["video"]["latency_ms"] for leg in legs])
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 16, 20, run))
