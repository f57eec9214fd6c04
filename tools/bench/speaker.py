#!/usr/bin/python3
"""A large meeting that shows who speaks and five others, nobody themselves: pictures are shared though they are personal.
Three take turns to speak."""

import sys

from measure import STAGGER, Table, meeting, prepare_clips, scenario

SPEAKERS = 3


def run(options):
    people = options.people
    prepare_clips(people)
    with meeting(room='layout = "1+5"\nself_view = "hide"\n') as made:
        quiet = made.join(SPEAKERS + 1, people - SPEAKERS, "--no-analysis", "--sound", "silent", "--stagger", STAGGER)
        made.wait_for(people - SPEAKERS)
        speaking = made.join(1, SPEAKERS, "--no-analysis", "--sound", "bursts")
        made.wait_for(people)
        made.watch(5)
        figures = made.watch(options.seconds)
        made.end(quiet, speaking)
    table = Table(f"speaker {people}")
    table.most("encoders running, at most", figures["encoders"], 7, "", 5 if people >= 25 else None)
    table.use(figures, people)
    table.save(figures=figures, people=people)
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 25, 10, run))
