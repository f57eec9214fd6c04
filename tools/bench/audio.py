#!/usr/bin/python3
"""Two hundred Opus participants in one room: three take turns to talk, the others send the noise of a quiet room."""

import sys
import time

from measure import SETTLE_S, Table, meeting, percentile, scenario

TALKERS = 3
# As many as have an identity in one process.
AT_ONCE = 60


def run(options):
    people = options.people
    with meeting() as made:
        quiet = people - TALKERS
        while quiet > 0:
            count = min(quiet, AT_ONCE)
            made.join(1, count, "--no-video", "--audio", "opus", "--sound", "noise", "--no-analysis", "--stagger", "0.02")
            quiet -= count
            made.wait_for(people - TALKERS - quiet)
        talkers = made.join(1, TALKERS, "--no-video", "--audio", "opus", "--sound", "bursts")
        made.wait_for(people)
        time.sleep(SETTLE_S)
        figures = made.watch(options.seconds)
        concealed = max(made.concealed_percent())
        legs = made.end(talkers)
    table = Table(f"audio {people}")
    table.most("CPU of mcud", figures["mcud_cores"], 0.5, "cores", 10 if people >= 200 else None)
    bursts = [burst["latency_ms"] for leg in legs.values() for burst in leg["audio"]["bursts"]]
    table.add("audio latency p50", percentile(bursts, 0.5), "ms")
    table.add("audio latency p95", percentile(bursts, 0.95), "ms")
    table.add("bursts heard", len(bursts), "", None, "> 0", lambda v: v > 0)
    table.add("sound made up, worst participant", concealed, "%")
    table.add("CPU of the whole machine", figures["machine_cores"], "cores")
    table.add("memory of mcud", figures["memory_mib"], "MiB")
    for name, cores in sorted(figures["mcud_threads"].items(), key=lambda item: -item[1])[:5]:
        table.add(f"of it, threads {name}", cores, "cores")
    table.save(figures=figures, people=people)
    return table


if __name__ == "__main__":
    sys.exit(scenario(__doc__, 200, 20, run))
