#!/usr/bin/python3
"""Sweeps over the number of people, and pictures of them: cores with the floor, pictures a second, latency.

usage: tools/bench/run.sh plots [--shared 4,9,16,25,32] [--personal 2,4,6,8,10] [--seconds 12] [--draw]

`--draw` draws again what an earlier sweep left in build-logs/bench/plots.json.
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
# FreeSWITCH 1.11.2, quiet machine of this kind, same clips, x264 superfast: (people, cores).
OTHER = {"shared": [(9, 0.96), (16, 1.36)], "personal": [(4, 0.91), (5, 1.23)]}
FPS_WANTED = 29

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
        if floor is None:
            break
        fps = [fps_within(leg, figures["begin_s"], figures["end_s"]) for leg in legs]
        points.append({
            "people": n, "cores": figures["mcud_cores"], "floor": floor["floor_cores"], "machine": figures["machine_cores"],
            "fps": min(fps), "load": figures["loadavg"], "memory_mib": figures["memory_mib"],
            "video_ms": [ms for leg in legs for ms in leg["video"]["latency_percentiles_ms"]],
            "audio_ms": [b["latency_ms"] for leg in legs for b in leg["audio"]["bursts"]],
            "received_db": floor["received"]["psnr_db"]["mean"], "costs": floor["cpu_ms"],
        })
    return points


def finish(figure, axes, name, about, note):
    axes.set_title(about, pad=14)
    figure.text(0.01, 0.01, note, fontsize=8, color=GOAL)
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    INTO.mkdir(parents=True, exist_ok=True)
    figure.savefig(INTO / f"{name}.svg", metadata={"Date": None})
    if os.environ.get("TESSERA_PNG"):
        figure.savefig(pathlib.Path(os.environ["TESSERA_PNG"]) / f"{name}.png", dpi=110)
    plt.close(figure)


def draw_cores(kind, points, note):
    people = [p["people"] for p in points]
    cores, floor = [p["cores"] for p in points], [p["floor"] for p in points]
    figure, axes = plt.subplots()
    axes.fill_between(people, floor, cores, color=PALE, alpha=0.35, linewidth=0)
    axes.plot(people, cores, "o-", color=NODE, label="mcud")
    axes.plot(people, floor, "o--", color=FLOOR, label="floor: decode, scale, encode")
    axes.plot(people, [1.2 * f for f in floor], ":", color=GOAL, linewidth=1.2, label="floor × 1.2")
    known = OTHER[kind]
    axes.plot(*zip(*known), "D", color="#4b5563", markersize=6, linestyle="none", label="FreeSWITCH 1.11.2, measured elsewhere")
    for x, y, f in zip(people, cores, floor):
        axes.annotate(f"{y / f:.2f}×", (x, y), textcoords="offset points", xytext=(0, 8), ha="center", fontsize=9, color=NODE)
    axes.set(xlabel="people", ylabel="cores", ylim=(0, max(cores + [c for _, c in known]) * 1.18), xticks=people)
    axes.legend(loc="upper left")
    finish(figure, axes, f"cores-{kind}", {"shared": "CPU, everybody sees the same picture",
                                          "personal": "CPU, everybody sees a picture of their own"}[kind], note)


def draw_fps(sweeps, note):
    figure, axes = plt.subplots()
    for (kind, points), color in zip(sweeps.items(), (NODE, FLOOR)):
        axes.plot([p["people"] for p in points], [p["fps"] for p in points], "o-", color=color, label=kind)
    axes.axhline(FPS_WANTED, color=GOAL, linestyle=":", linewidth=1.2)
    axes.annotate("29 wanted", (1, FPS_WANTED), xycoords=("axes fraction", "data"), textcoords="offset points", xytext=(0, -12),
                  ha="right", fontsize=9, color=GOAL)
    every = sorted({p["people"] for points in sweeps.values() for p in points})
    axes.set(xlabel="people", ylabel="pictures a second, slowest leg", ylim=(0, 32), xticks=every)
    axes.legend(loc="lower left")
    finish(figure, axes, "fps", "Pictures in which everybody visible moved on", note)


def draw_latency(points, note):
    """Of the largest meeting of at most nine: sound by its bursts, pictures by the percentiles of the judged legs."""
    point = [p for p in points if p["people"] <= 9][-1]
    audio = sorted(point["audio_ms"])
    figure, axes = plt.subplots()
    curves = [(axes.plot(audio, [(i + 1) / len(audio) * 100 for i in range(len(audio))], color=FLOOR)[0], "sound, every burst")]
    video = sorted(point["video_ms"])
    if video:
        curves.append((axes.plot(video, [(i + 1) / len(video) * 100 for i in range(len(video))], color=NODE)[0], "pictures"))
    for share in (50, 95):
        axes.axhline(share, color=GOAL, linestyle=":", linewidth=1)
    for values, color in ((audio, FLOOR), (video, NODE)):
        for share in (0.5, 0.95):
            if not values:
                continue
            ms = values[min(len(values) - 1, int(share * len(values)))]
            axes.plot([ms], [share * 100], "o", color=color)
            axes.annotate(f"{ms:.0f} ms", (ms, share * 100), textcoords="offset points", xytext=(6, -12), fontsize=9, color=color)
    axes.set(xlabel="ms from the sender's packet to the receiver's", ylabel="share that came by then, %", ylim=(0, 101),
             xlim=(0, max([*audio, *video, 60]) * 1.05))
    axes.legend(*zip(*curves), loc="lower right")
    finish(figure, axes, "latency", f"Latency, {point['people']} people in one picture", note)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda text: [int(n) for n in text.split(",") if n]  # noqa: E731
    parser.add_argument("--shared", type=numbers, default=[4, 9, 16, 25, 32])
    parser.add_argument("--personal", type=numbers, default=[2, 4, 6, 8, 10])
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--draw", action="store_true")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    file = OUT / "plots.json"
    if not options.draw:
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
    for kind, points in sweeps.items():
        draw_cores(kind, points, note)
    draw_fps(sweeps, note)
    draw_latency(sweeps["shared"], note)
    print(INTO)
    return 0


if __name__ == "__main__":
    sys.exit(main())
