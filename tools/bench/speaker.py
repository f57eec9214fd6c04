#!/usr/bin/python3
"""A large meeting that shows who speaks and five others, nobody themselves: pictures are shared though they are personal.
Three take turns to speak."""

import sys

from measure import SETTLE_S, STAGGER, Table, measure_floor, meeting, prepare_clips, scenario

SPEAKERS = 3
SHOWN = 6


def run(options):
    people = options.people
    prepare_clips(people)
    with meeting(room='layout = "1+5"\nself_view = "hide"\n') as made:
        quiet = made.join(SPEAKERS + 1, people - SPEAKERS, "--sound", "silent", "--stagger", STAGGER)
        made.wait_for(people - SPEAKERS)
        speaking = made.join(2, SPEAKERS - 1, "--sound", "bursts")
        made.wait_for(people - 1)
        first = made.join(1, 1, "--dump-stream", made.folder / "seen.h264", "--sound", "bursts")
        made.wait_for(people)
        made.watch(SETTLE_S)
        figures = made.watch(options.seconds)
        legs = made.end(quiet, speaking, first)
        # Nobody sees himself, so seven are decoded: six that the others see, and the next for each of those.
        floor = measure_floor(made.folder, SHOWN, SHOWN + 1, people, [f"1280x720@1000*{SHOWN + 1}"], legs[1], figures)
    table = Table(f"speaker {people}")
    table.rates(list(legs.values()), figures)
    table.floor(figures, floor, None, tiles_stay=False)
    table.latency(list(legs.values()))
    table.most("encoders running, at most", figures["encoders"], 7, "", 5 if people >= 25 else None)
    table.use(figures, people)
    table.save(figures=figures, people=people)
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 25, 20, run))
