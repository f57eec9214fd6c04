#!/usr/bin/python3
"""Half as many people again as fit two cores (ten), each with a picture of their own: sound stays whole, and what the daemon gives up is
logged and taken back."""

import sys
import time

from measure import STAGGER, Table, meeting, percentile, prepare_clips, received, scenario

# What the daemon would say of a step of its ladder.
STEP_DOWN, STEP_UP = "load step down", "load step up"


def run(options):
    people = options.people
    prepare_clips(people)
    with meeting(room='layout = "grid"\nself_view = "hide"\n') as made:
        stay = people // 3
        stayers = made.join(1, stay, "--sound", "bursts", "--stagger", STAGGER)
        made.wait_for(stay)
        others = made.join(stay + 1, people - stay, "--no-analysis", "--sound", "silent", "--stagger", STAGGER)
        made.wait_for(people)
        made.watch(5)
        concealed_before = made.concealed_percent()
        figures = made.watch(options.seconds)
        concealed = made.concealed_percent()
        legs = made.end(others)
        made.wait_for(stay)
        relieved = time.monotonic()
        made.watch(options.seconds)
        # Each step is taken back after ten seconds with room for it, or twenty where that was too early.
        until = relieved + 120
        while (log := made.server.mcud.log()).count(STEP_UP) < log.count(STEP_DOWN) and time.monotonic() < until:
            made.watch(2)
        stayed = made.end(stayers)
    table = Table(f"overload {people}")
    table.most("sound made up, worst participant, above before", max(now - before for now, before in zip(concealed, concealed_before)), 0, "%", 13)
    down, up = log.count(STEP_DOWN), log.count(STEP_UP)
    table.add("steps of the ladder logged, and taken back", f"{down}, {up}", "", 13, "n, n", lambda _: down == up > 0)
    bursts = [burst["latency_ms"] for leg in stayed.values() for burst in leg["audio"]["bursts"]]
    for line in log.splitlines():
        if STEP_DOWN in line or STEP_UP in line:
            print(line)
    table.add("audio latency p95, all the time", percentile(bursts, 0.95), "ms")
    table.add("slowest leg under load, pictures that came",
              min(received(leg, figures["begin_s"], figures["end_s"])[0] for leg in legs.values()), "fps")
    table.use(figures, people)
    table.save(figures=figures, people=people, relieved=relieved)
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 15, 8, run))
