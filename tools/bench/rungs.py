#!/usr/bin/python3
"""Everybody sees the same, a third each at 720p, 360p and 180p: one encoder a rung, whatever the number of people."""

import sys

from measure import STAGGER, Table, fps_within, measure_floor, meeting, prepare_clips, received, scenario

# What each third can decode (RFC 6184, profile-level-id): level 3.1 takes 720p30, level 3 360p30, level 1.3 180p15.
LEVELS = ["42e01f", "42e01e", "42e00d"]
# What that is on the ladder (mixer/encode/rung_ladder.cpp): kbit/s, and least pictures a second.
RUNGS = {"1280x720": (1000, 29), "640x360": (350, 29), "320x180": (70, 14.5)}
# Below, nobody can read the bar codes of nine people: pictures are counted, not what moves in them.
READABLE = ("1280x720", "640x360")


def tell_rung(table, size, legs, figures):
    """Each rung's slowest leg, and its bits."""
    begin, end = figures["begin_s"], figures["end_s"]
    kbps, least_fps = RUNGS[size]
    came = [received(leg, begin, end) for leg in legs]
    fps = [fps_within(leg, begin, end) for leg in legs] if size in READABLE else [fps for fps, _ in came]
    table.least(f"{size}: slowest leg", min(fps, default=0), least_fps, "fps")
    rates = [rate for _, rate in came] or [0]
    table.add(f"{size}: received, least and most", f"{min(rates):.0f}, {max(rates):.0f}", "kbit/s", None,
              f"{0.9 * kbps:.0f}..{1.1 * kbps:.0f}", lambda _: 0.9 * kbps <= min(rates) and max(rates) <= 1.1 * kbps)


def run(options):
    people = options.people
    prepare_clips(people)
    with meeting(room='layout = "grid"\n') as made:
        next_one, callers = 2, []
        for third, level in enumerate(LEVELS):
            # The first, who comes last and leaves its stream for the floor, is of the first third.
            count = (people + len(LEVELS) - 1 - third) // len(LEVELS) - (third == 0)
            if count > 0:
                callers.append(made.join(next_one, count, "--stagger", STAGGER, "--profile-level-id", level))
                made.wait_for(next_one + count - 2)
            next_one += count
        callers.append(made.join(1, 1, "--dump-stream", made.folder / "seen.h264", "--profile-level-id", LEVELS[0]))
        made.wait_for(people)
        made.watch(5)
        figures = made.watch(options.seconds)
        reports = made.end(*callers)
        encoders = [f"{size}@{kbps}*1" for size, (kbps, _) in RUNGS.items()]
        floor = measure_floor(made.folder, people, people, people, encoders, reports[1], figures)
    table = Table(f"rungs {people}")
    by_size = {size: [leg for leg in reports.values() if leg["video"]["sizes"][-1:] == [size]] for size in RUNGS}
    for size, legs in by_size.items():
        tell_rung(table, size, legs, figures)
    figures["fps"] = min(fps_within(leg, figures["begin_s"], figures["end_s"]) for leg in by_size["1280x720"])
    table.floor(figures, floor, None)
    table.most("encoders running, at most", figures["encoders"], 3, "", 6)
    sizes = sorted({leg["video"]["sizes"][-1] for leg in reports.values() if leg["video"]["sizes"]})
    table.add("sizes received at the end", " ".join(sizes), "", None, "three", lambda _: len(sizes) == len(LEVELS))
    table.use(figures, people)
    table.save(figures=figures, people=people, sizes=sizes)
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 9, 20, run))
