#!/usr/bin/python3
"""Sweeps over the number of people, and pictures of them: cores with the floor, pictures a second, latency.

usage: tools/bench/run.sh plots [--shared 4,9,16,25,32] [--personal 2,4,6,8,10] [--seconds 12] [--draw [FILE]] [--into FOLDER]

`--draw` draws again what an earlier sweep left in build-logs/bench/plots.json, or in FILE.
"""

import argparse
import json
import os
import pathlib
import sys
import time

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402
from measure import OUT, ROOT, fps_within  # noqa: E402

INTO = ROOT / "docs/performance"
NODE, FLOOR, GOAL, PALE = "#1f5fa8", "#d1495b", "#6b7280", "#9db8d9"
# FreeSWITCH 1.11.2, quiet machine of this kind, clips of the same kind, x264 superfast: (people, cores).
OTHER = {"shared": [(9, 0.96), (16, 1.36)], "personal": [(4, 0.91), (5, 1.23)]}
FPS_WANTED = 29
TITLES = {"shared": "everybody sees the same picture", "personal": "everybody a picture of their own"}

plt.rcParams.update({
    "figure.figsize": (7.2, 4.2), "font.size": 11, "font.family": "DejaVu Sans", "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": "#e5e7eb", "axes.edgecolor": "#9ca3af",
    "axes.titleweight": "bold", "axes.titlesize": 12, "axes.titlelocation": "left", "legend.frameon": False,
    "lines.linewidth": 2, "lines.markersize": 6, "svg.hashsalt": "tessera", "axes.axisbelow": True,
})


def sweep(kind, people, seconds):
    import personal
    import shared

    points = []
    for n in people:
        print(f"{kind} {n}", file=sys.stderr)
        try:
            figures, legs, floor = (shared if kind == "shared" else personal).measure(n, seconds)
        except (AssertionError, SystemExit) as error:
            print(f"{kind} {n}: {error}", file=sys.stderr)
            break
        fps = [fps_within(leg, figures["begin_s"], figures["end_s"]) for leg in legs]
        points.append({
            "people": n, "cores": figures["mcud_cores"], "floor": floor and floor["floor_cores"], "machine": figures["machine_cores"],
            "fps": min(fps), "load": figures["loadavg"], "memory_mib": figures["memory_mib"],
            "video_ms": [ms for leg in legs for ms in leg["video"]["latency_percentiles_ms"]],
            "audio_ms": [b["latency_ms"] for leg in legs for b in leg["audio"]["bursts"]],
            "drawn_fps": figures["drawn_fps"], "received_db": floor and floor["received"]["psnr_db"]["mean"],
            "costs": floor and floor["cpu_ms"],
        })
    return points


def finish(figure, axes, into, name, about, note):
    axes.set_title(about, pad=14)
    figure.text(0.01, 0.01, note, fontsize=8, color=GOAL)
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    into.mkdir(parents=True, exist_ok=True)
    figure.savefig(into / f"{name}.svg", metadata={"Date": None})
    if os.environ.get("TESSERA_PNG"):
        figure.savefig(pathlib.Path(os.environ["TESSERA_PNG"]) / f"{name}.png", dpi=110)
    plt.close(figure)


def draw_cores(into, kind, points, note):
    people, cores = [p["people"] for p in points], [p["cores"] for p in points]
    with_floor = [p for p in points if p["floor"] is not None]
    floor = [(p["people"], p["floor"]) for p in with_floor]
    figure, axes = plt.subplots()
    axes.plot(people, cores, "o-", color=NODE, label="mcud")
    if floor:
        axes.fill_between([n for n, _ in floor], [f for _, f in floor], [p["cores"] for p in with_floor], color=PALE, alpha=0.35,
                          linewidth=0)
        axes.plot(*zip(*floor), "o--", color=FLOOR, label="floor: decode, scale, encode")
        axes.plot(*zip(*((n, 1.2 * f) for n, f in floor)), ":", color=GOAL, linewidth=1.2, label="floor × 1.2")
    known = OTHER[kind]
    axes.plot(*zip(*known), "D", color="#4b5563", markersize=6, linestyle="none", label="FreeSWITCH 1.11.2, measured elsewhere")
    for p in with_floor:
        axes.annotate(f"{p['cores'] / p['floor']:.2f}×", (p["people"], p["cores"]), textcoords="offset points", xytext=(0, 8),
                      ha="center", fontsize=9, color=NODE)
    axes.set(xlabel="people", ylabel="cores", ylim=(0, max(cores + [c for _, c in known]) * 1.25),
             xticks=sorted({*people, *(n for n, _ in known)}))
    axes.legend(loc="upper left", fontsize=9)
    finish(figure, axes, into, f"cores-{kind}", f"CPU, {TITLES[kind]}", note)


def draw_fps(into, sweeps, note):
    figure, axes = plt.subplots()
    for (kind, points), color in zip(sweeps.items(), (NODE, FLOOR)):
        axes.plot([p["people"] for p in points], [p["fps"] for p in points], "o-", color=color, label=TITLES[kind])
    axes.axhline(FPS_WANTED, color=GOAL, linestyle=":", linewidth=1.2)
    axes.annotate("29 wanted", (1, FPS_WANTED), xycoords=("axes fraction", "data"), textcoords="offset points", xytext=(0, -12),
                  ha="right", fontsize=9, color=GOAL)
    every = sorted({p["people"] for points in sweeps.values() for p in points})
    axes.set(xlabel="people", ylabel="pictures a second, slowest leg", ylim=(0, 32), xticks=every)
    axes.legend(loc="lower left")
    finish(figure, axes, into, "fps", "Pictures in which everybody visible moved on", note)


def draw_latency(into, sweeps, note):
    """Of the largest meetings of at most nine: sound by its bursts, pictures by the percentiles of all legs."""
    figure, axes = plt.subplots()
    right = 60
    for (kind, points), line in zip(sweeps.items(), ("-", "--")):
        point = [p for p in points if p["people"] <= 9][-1]
        for what, values, color in (("sound", point["audio_ms"], FLOOR), ("pictures", point["video_ms"], NODE)):
            values = sorted(values)
            if not values:
                continue
            share = [(i + 1) / len(values) * 100 for i in range(len(values))]
            axes.plot(values, share, line, color=color, label=f"{what}, {point['people']} people, {kind}")
            for part in (0.5, 0.95):
                ms = values[min(len(values) - 1, int(part * len(values)))]
                axes.plot([ms], [part * 100], "o", color=color)
                axes.annotate(f"{ms:.0f}", (ms, part * 100), textcoords="offset points", xytext=(6, -12), fontsize=9, color=color)
            right = max(right, 1.1 * values[int(0.99 * (len(values) - 1))])
    for share in (50, 95):
        axes.axhline(share, color=GOAL, linestyle=":", linewidth=1)
    axes.set(xlabel="ms from the sender's packet to the receiver's", ylabel="share that came by then, %", ylim=(0, 101),
             xlim=(0, right))
    axes.legend(loc="lower right", fontsize=9)
    finish(figure, axes, into, "latency", "Latency, half and 95 % marked", note)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda text: [int(n) for n in text.split(",") if n]  # noqa: E731
    parser.add_argument("--shared", type=numbers, default=[4, 9, 16, 25, 32])
    parser.add_argument("--personal", type=numbers, default=[2, 4, 6, 8, 10])
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--draw", type=pathlib.Path, nargs="?", const=OUT / "plots.json")
    parser.add_argument("--into", type=pathlib.Path, default=INTO)
    options = parser.parse_args()
    file = options.draw or OUT / "plots.json"
    if not options.draw:
        OUT.mkdir(parents=True, exist_ok=True)
        from measure import prepare_clips

        prepare_clips(max(options.shared + options.personal))
        began = time.strftime("%Y-%m-%d")
        sweeps = {kind: sweep(kind, people, options.seconds)
                  for kind, people in (("shared", options.shared), ("personal", options.personal))}
        file.write_text(json.dumps({"date": began, "sweeps": sweeps}, indent=1))
    kept = json.loads(file.read_text())
    sweeps = kept["sweeps"]
    loads = [p["load"] for points in sweeps.values() for p in points]
    note = f"720p30, 1 Mbit/s, x264 superfast; {os.cpu_count()} cores; {kept['date']}; load average {min(loads):.1f} to {max(loads):.1f}"
    sweeps = {kind: points for kind, points in sweeps.items() if points}
    for kind, points in sweeps.items():
        draw_cores(options.into, kind, points, note)
    draw_fps(options.into, sweeps, note)
    draw_latency(options.into, sweeps, note)
    print(options.into)
    return 0


if __name__ == "__main__":
    sys.exit(main())
