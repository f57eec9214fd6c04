#!/usr/bin/python3
"""Nobody sees themselves: every picture is different, and encoded for one."""

import sys

from measure import Table, fps_within, measure_floor, meeting, prepare_clips, scenario


def measure(people, seconds):
    prepare_clips(people)
    with meeting(room='layout = "grid"\nself_view = "hide"\n') as made:
        judging, _ = made.crowd(people, people, "--sound", "bursts", judged_options=[
            "--dump-stream", made.folder / "seen.h264"])
        figures = made.watch(seconds)
        legs = made.end(judging)
        floor = measure_floor(made.folder, people - 1, people, [f"1280x720@1000*{people}"])
    return figures, legs, floor


def run(options):
    people = options.people
    figures, legs, floor = measure(people, options.seconds)
    table = Table(f"personal {people}")
    legs = list(legs.values())
    figures["fps"] = min(fps_within(leg, figures["begin_s"], figures["end_s"]) for leg in legs)
    table.least("slowest leg", figures["fps"], 29, "fps", 4 if people >= 10 else None)
    table.floor(figures, floor, 3 if people == 9 else None)
    table.latency(legs, 7 if people <= 9 else None)
    table.use(figures, people)
    table.save(figures=figures, floor=floor, people=people, latency=[leg["video"]["latency_ms"] for leg in legs])
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 9, 20, run))
