#!/usr/bin/python3
"""The standard set, in at most ten minutes, and the table of goals that follows from it.

usage: tools/bench/run.sh [--only goals]    --only goals: of what earlier runs left in build-logs/bench

Exits 1 when a goal is missed.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

from measure import BUILD, OUT, ROOT

HERE = pathlib.Path(__file__).resolve().parent
# In the order of the goals, and so that what matters most is measured before time runs out.
SET = [
    ("shared", "--people", "16"), ("shared", "--people", "9"), ("shared", "--people", "32"),
    ("personal", "--people", "9", "--seconds", "20"), ("personal", "--people", "10", "--seconds", "10"),
    ("speaker",), ("rungs",), ("stall", "--seconds", "10"), ("audio",), ("join_storm",), ("overload", "--seconds", "20"), ("soak",),
]
GOALS = {
    1: "shared, N = 16: CPU of mcud / codec floor",
    2: "shared: 32 people or more at 29 fps on every leg",
    3: "personal, N = 9: CPU of mcud / floor of N decodes and N encodes",
    4: "personal: 10 people or more at 29 fps",
    5: "speaker, 25 people: encoders running",
    6: "rungs: encoders running",
    7: "video latency, N <= 9",
    8: "audio latency, and 2 s after a stall of 500 ms",
    9: "memory, and what each who leaves leaves behind",
    10: "audio of 200 participants",
    11: "join-storm: worst second and key frames of old legs",
    12: "allocations and mutex waits in a steady tick",
    13: "overload: sound whole, steps logged and taken back",
}
# Program of tests, and the tests in it that count what a steady tick allocates, and the locks it takes or waits for.
STEADY = [
    ("tests/unit/mcu/bridge/bridge_test", "A steady video tick allocates nothing and takes no lock"),
    ("tests/unit/mcu/bridge/bridge_test", "A steady audio tick allocates nothing and takes no lock"),
    ("tests/unit/mixer/audio/mixer_audio_test", "Mixing 50 sources allocates nothing"),
]


def steady_ticks():
    """Goal 12, as tests show it."""
    rows = []
    for program, test in STEADY:
        path = BUILD / program
        good = path.exists() and subprocess.run([path, "-w", "NoTests", test], capture_output=True, check=False).returncode == 0
        rows.append({"what": test, "value": int(good), "unit": "", "goal": 12, "limit": "passes", "kept": good})
    return rows


def figure(row):
    value = row["value"]
    text = "none" if value is None else value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{text} {row['unit']}".strip()


def tell_goals(tables):
    """Prints every goal with its figures, and what makes them worthless; True when all are kept and none is worthless."""
    kept_all = True
    print("\ngoals of a node: 2 cores, 720p30 canvas, 1 Mbit/s, x264 superfast")
    for number, what in GOALS.items():
        rows = [(name, row) for name, rows in tables for row in rows if row["goal"] == number]
        kept = bool(rows) and all(row["kept"] for _, row in rows)
        kept_all = kept_all and kept
        print(f"  {number:>2}  {what:<66} {'kept' if kept else 'MISSED' if rows else 'NOT MEASURED'}")
        for name, row in rows:
            print(f"        {name + ': ' + row['what']:<74} {figure(row):>14} {row['limit']:<9} {'' if row['kept'] else 'MISSED'}")
    failed = [(name, row) for name, rows in tables for row in rows if row["goal"] is None and row["kept"] is False]
    if failed:
        print("  what the figures above presuppose, and was not so")
    for name, row in failed:
        print(f"        {name + ': ' + row['what']:<74} {figure(row):>14} {row['limit']:<9}")
    return kept_all and not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["goals"])
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    complete = True
    if not options.only:
        for old in OUT.glob("*.json"):
            old.unlink()
        print(f"load average before: {os.getloadavg()[0]:.1f}")
        for scenario in SET:
            from_s = time.monotonic()
            try:
                done = subprocess.run([sys.executable, HERE / f"{scenario[0]}.py", *scenario[1:]], check=False,
                                      timeout=300).returncode
            except subprocess.TimeoutExpired:
                done = "no end after 300 s"
            print(f"  ({' '.join(scenario)}: {time.monotonic() - from_s:.0f} s)", flush=True)
            if done not in (0, 1):
                print(f"{scenario[0]} could not be measured: {done}")
                complete = False
    tables = []
    for file in sorted(OUT.glob("*.json")):
        if file.name in ("goals.json", "plots.json"):
            continue
        content = json.loads(file.read_text())
        tables.append((content["name"], content["rows"]))
    tables.append(("tests", steady_ticks()))
    kept = tell_goals(tables)
    (OUT / "goals.json").write_text(json.dumps({"kept": kept, "tables": dict(tables)}, indent=1))
    print(f"{(time.monotonic() - began) / 60:.1f} minutes; {OUT.relative_to(ROOT)}/*.json")
    return 0 if kept and complete else 1


if __name__ == "__main__":
    sys.exit(main())
