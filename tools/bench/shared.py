#!/usr/bin/python3
"""Everybody sees everybody in one picture of one rung."""

import sys

from measure import Table, arrival_fps, fps_within, measure_floor, meeting, prepare_clips, scenario


def measure(people, seconds, judged):
    prepare_clips(people)
    with meeting(room='layout = "grid"\n') as made:
        judging, others = made.crowd(people, judged, "--sound", "bursts", judged_options=[
            "--png", made.folder / "seen.png", "--dump-stream", made.folder / "seen.h264"])
        figures = made.watch(seconds)
        legs = made.end(judging, others)
        floor = measure_floor(made.folder, people, people, ["1280x720@1000*1"])
    return figures, legs, floor


def run(options):
    figures, legs, floor = measure(options.people, options.seconds, options.judged)
    table = Table(f"shared {options.people}")
    judged = [leg for leg in legs.values() if "advances_s" in leg["video"]]
    counted = [leg for leg in legs.values() if "advances_s" not in leg["video"]]
    slowest = min(fps_within(leg, figures["begin_s"], figures["end_s"]) for leg in judged)
    figures["fps"] = slowest
    table.least("slowest judged leg", slowest, 29, "fps", 2 if options.people >= 32 else None)
    if counted:
        table.least("slowest of the other legs, pictures that came", min(map(arrival_fps, counted)), 29, "fps")
    table.floor(figures, floor, 1 if options.people == 16 else None)
    table.latency(judged, 7 if options.people <= 9 else None)
    table.add("decoder errors", sum(leg["video"]["decoder_errors"] for leg in judged), "", None, "0", lambda v: v == 0)
    table.use(figures, options.people)
    table.save(figures=figures, floor=floor, people=options.people,
               latency=[leg["video"]["latency_ms"] for leg in judged])
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 16, 20, run, judged=(4, "legs that are decoded and judged; the others count pictures")))
