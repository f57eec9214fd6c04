#!/usr/bin/python3
"""Nobody sees themselves: every picture is different, and encoded for one."""

import sys

from measure import Table, measure_floor, meeting, prepare_clips, scenario


def measure(people, seconds):
    prepare_clips(people)
    with meeting(room='layout = "grid"\nself_view = "hide"\n') as made:
        callers = made.crowd(people, "--sound", "bursts")
        figures = made.watch(seconds)
        legs = made.end(*callers)
        floor = measure_floor(made.folder, people - 1, people, people, [f"1280x720@1000*{people}"], legs[1], figures)
    return figures, list(legs.values()), floor


def run(options):
    people = options.people
    figures, legs, floor = measure(people, options.seconds)
    table = Table(f"personal {people}")
    table.rates(legs, figures, 4 if people >= 10 else None)
    table.floor(figures, floor, 3 if people == 9 else None)
    table.latency(legs, 7 if people <= 9 else None)
    table.use(figures, people)
    table.save(figures=figures, floor=floor, people=people, latency=[leg["video"]["latency_ms"] for leg in legs])
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 9, 20, run))
