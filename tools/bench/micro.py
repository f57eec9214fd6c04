#!/usr/bin/python3
"""What each step of the packet's and of the frame's walk costs: tools/bench/run.sh micro [WORD...]

Runs the micro-benchmarks (tests/bench) three times and shows the least, which others on the machine disturbed least, with
the heap allocations of a step. WORD: only benchmarks whose name holds it. Writes build-logs/micro.json; exits 1 when
a step allocates that should not, or takes more than docs/flow.md allows it.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TESSERA_BUILD", ROOT / "build-release"))
PROGRAMS = ["packet_walk", "frame_walk", "voice_treatment", "encoder_stage"]
TIMES = 3
# libavcodec makes a buffer reference for each picture, on the media pool.
MAY_ALLOCATE = "frame_walk: decode"
BUDGET = re.compile(r"\| `(.+?)` \| ([0-9.]+) \| `(.+?)` \|")
IN_NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def run(program, words):
    command = [BUILD / f"tests/bench/{program}_bench", "--benchmark_format=json", "--benchmark_min_time=0.05",
               f"--benchmark_repetitions={TIMES}"]
    if words:
        command.append(f"--benchmark_filter={'|'.join(words)}")
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    steps = {}
    if not done.stdout:
        return steps
    for row in json.loads(done.stdout)["benchmarks"]:
        if row["run_type"] != "iteration":
            continue
        name = f"{program}: " + "/".join(p for p in row["name"].split("/")
                                         if p != "manual_time" and not p.startswith(("min_time", "iterations", "repeats")))
        step = {"ns": row.get("ns_each", row["real_time"] * IN_NS[row["time_unit"]]),
                "allocations": row.get("allocations_each", row.get("allocations"))}
        if name not in steps or step["ns"] < steps[name]["ns"]:
            steps[name] = step
    return steps


def text_of(ns):
    return f"{ns:.0f} ns" if ns < 1e3 else f"{ns / 1e3:.1f} µs" if ns < 1e6 else f"{ns / 1e6:.2f} ms"


def budgets():
    """(step, share, of what) as docs/flow.md has them."""
    lines = (ROOT / "docs/flow.md").read_text().splitlines()
    return [(found[1], float(found[2]), found[3]) for found in map(BUDGET.fullmatch, lines) if found]


def over_budget(steps, all_ran):
    """What is wrong with the steps that were measured, in words."""
    wrong = []
    for name, share, of in budgets():
        if name not in steps or of not in steps:
            if all_ran:
                wrong.append(f"{name}: docs/flow.md has a budget for it, but it or {of} was not measured")
            continue
        taken = steps[name]["ns"] / steps[of]["ns"]
        steps[name]["of_budget"] = taken / share
        if taken > share:
            wrong.append(f"{name} takes {taken:.3g} of {of}, {share:g} at most")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    today = datetime.datetime.now(datetime.timezone.utc).date()
    print(f"{today}, {os.cpu_count()} cores of {model}, load average {os.getloadavg()[0]:.1f}; least of {TIMES}\n")
    steps = {}
    for program in PROGRAMS:
        for name, step in run(program, options.words).items():
            steps[name] = step
            allocations = "" if step["allocations"] is None else f"{step['allocations']:g}"
            print(f"  {name:<48} {text_of(step['ns']):>10} {allocations:>6}", flush=True)
    wrong = over_budget(steps, not options.words)
    out = ROOT / "build-logs/micro.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"date": str(today), "machine": model, "steps": steps}, indent=1))
    wrong += [f"{name} allocates" for name, step in steps.items() if step["allocations"] and not name.startswith(MAY_ALLOCATE)]
    print("\n" + ("\n".join(wrong) if wrong else "all within the budgets of docs/flow.md"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
