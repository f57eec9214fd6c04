#!/usr/bin/python3
"""Nine callers at 720p30 in one grid, a tenth who comes late, and the floor of the codecs in the same run.

usage: tools/bench/run.sh gate [--people 9] [--seconds 24] [--out FOLDER]

Prints a table, writes gate.json and the picture a caller saw into FOLDER; exits 1 when a gate is missed.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from measure import BUILD, PLAIN_SOUND, ROOT, Endpoint, Tessera, Usage, endpoints, memory_mib, spread, until

ROOM = '[[room]]\nid = "gate"\nlayout = "grid"\nmax_participants = 50\n' + PLAIN_SOUND
LATE_SECONDS = 8  # how long the last caller stays


def make_clips(folder, cache, people, size):
    """Clips are painted before anything is timed: a listener with nobody to call makes them and ends."""
    program = [endpoints.PROGRAM, "--listen", "--count", people, "--cache", cache, "--size", size]
    with open(folder / "clips.log", "ab") as log:
        child = subprocess.Popen([str(a) for a in program], cwd=folder, stdout=log, stderr=log)
    try:
        until(lambda: len(list(pathlib.Path(cache).glob(f"clip-*-{size}-*.tclip"))) >= people or child.poll() is not None,
              600, "clips are painted")
    finally:
        child.kill()
        child.wait()


def run_calls(folder, cache, people, seconds, size):
    server = Tessera(folder, rooms=ROOM).start()
    common = ["--size", size, "--sound", "bursts", "--psnr-every", "30"]
    old = late = None
    try:
        old = Endpoint(folder, cache, server.uri("gate"), 1, people, [
            *common, "--seconds", str(seconds + 4 + LATE_SECONDS + 2), "--png", folder / "seen.png",
            "--dump-stream", folder / "seen.h264"]).start()
        room = lambda: server.api("/v1/rooms/gate")  # noqa: E731
        until(lambda: room()["participant_count"] == people, 60, f"{people} people are in the room")
        time.sleep(4)  # the part of a call that the endpoints do not judge either

        pid = server.mcud.pid
        before, room_before = Usage(pid), room()["conference"]
        time.sleep(seconds)
        after, room_after = Usage(pid), room()["conference"]
        cores, threads = after.cores_since(before)
        figures = {
            "mcud_cores": cores,
            "mcud_threads": threads,
            "memory_mib": memory_mib(pid),
            "encoders": room_after["encoders"],
            "views": room_after["views"],
            "late_ticks": room_after["late_ticks"] - room_before["late_ticks"],
            "key_pictures": room_after["key_pictures"] - room_before["key_pictures"],
            "splice_pictures": room_after["splice_pictures"] - room_before["splice_pictures"],
            "loadavg": os.getloadavg()[0],
        }
        joined_at = time.monotonic()
        late = Endpoint(folder, cache, server.uri("gate"), people + 1, 1,
                        [*common, "--skip", "1", "--seconds", str(LATE_SECONDS)]).start()
        reports = old.reports(seconds + 600)
        return reports, late.reports(300)[people + 1], figures, joined_at
    finally:
        for each in (old, late):
            if each:
                each.stop()
        figures_of_end = server.stop()
        print(f"daemons ended with {figures_of_end}", file=sys.stderr)


def measure_floor(folder, cache, people):
    done = subprocess.run(
        [BUILD / "tools/bench/tessera-bench-floor", folder / "seen-1.h264", "--table", pathlib.Path(cache) / "table",
         "--people", str(people)], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise SystemExit(f"gate: {done.stderr}")
    return json.loads(done.stdout)


def gates(reports, late, figures, floor, joined_at):
    legs = list(reports.values())
    video = spread([leg["video"]["latency_ms"] for leg in legs])
    audio = spread([leg["audio"]["latency_ms"] for leg in legs if leg["audio"]["latency_ms"]["count"]])
    invited = endpoints.at(late, 0)
    late_keys = sum(1 for leg in legs for when in endpoints.key_frames(leg) if when >= joined_at)
    first = late["video"]["first_picture_s"]
    loss_db = floor["reference"]["psnr_db"]["mean"] - floor["received"]["psnr_db"]["mean"]
    return [
        # what, figure, unit, limit, is it kept
        ("slowest leg", min(leg["video"]["fps"] for leg in legs), "fps", ">= 29", lambda v: v >= 29),
        ("mean luma PSNR below x264 superfast on the ideal composite", loss_db, "dB", "<= 1", lambda v: v <= 1),
        ("video latency p50", video["p50"], "ms", "", None),
        ("video latency p95, worst leg", video["p95"], "ms", "<= 100", lambda v: v <= 100),
        ("audio latency p50", audio["p50"], "ms", "", None),
        ("audio latency p95, worst leg", audio["p95"], "ms", "<= 60", lambda v: v <= 60),
        ("bursts heard", audio["count"], "", "> 0", lambda v: v > 0),
        ("key frames on old legs after a late joiner", late_keys, "", "0", lambda v: v == 0),
        ("late joiner's INVITE to first picture", first, "s", "<= 1", lambda v: v is not None and v <= 1),
        ("encoders running", figures["encoders"], "", "1", lambda v: v == 1),
        ("freezes over 500 ms", sum(len(leg["video"]["freezes"]) for leg in legs), "", "0", lambda v: v == 0),
        ("decoder errors", sum(leg["video"]["decoder_errors"] for leg in legs), "", "0", lambda v: v == 0),
        ("video ticks skipped", figures["late_ticks"], "", "", None),
        ("CPU of mcud", figures["mcud_cores"], "cores", "", None),
        ("floor: decode and scale all, encode one", floor["floor_cores"], "cores", "", None),
        ("CPU of mcud / floor", figures["mcud_cores"] / floor["floor_cores"], "", "", None),
        ("memory of mcud", figures["memory_mib"]["VmRSS"], "MiB", "", None),
        ("received", floor["received"]["kbps"], "kbit/s", "", None),
        ("received, luma PSNR", floor["received"]["psnr_db"]["mean"], "dB", "", None),
        ("reference", floor["reference"]["kbps"], "kbit/s", "", None),
        ("reference, luma PSNR", floor["reference"]["psnr_db"]["mean"], "dB", "", None),
        ("late joiner after the old legs began", joined_at - min(endpoints.at(leg, 0) for leg in legs), "s", "", None),
        ("late joiner's process to INVITE", invited - joined_at, "s", "", None),
    ]


def tell(rows):
    """Prints the table; True when every gate is kept."""
    kept = True
    for what, value, unit, limit, is_kept in rows:
        good = is_kept is None or is_kept(value)
        kept = kept and good
        figure = "none" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
        verdict = "" if is_kept is None else ("kept" if good else "MISSED")
        print(f"{what:<62} {figure:>9} {unit:<7} {limit:<7} {verdict}")
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=24, help="in which CPU is counted")
    parser.add_argument("--size", default="1280x720", help="of the pictures sent")
    parser.add_argument("--cache", default=str(ROOT / "build-logs/clips"), help="folder of the senders' clips")
    parser.add_argument("--out", default=str(ROOT / "build-logs/gate"))
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    pathlib.Path(options.cache).mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tsr-"))  # short: Unix sockets live here
    try:
        make_clips(folder, options.cache, options.people + 1, options.size)
        load = os.getloadavg()[0]
        if load > 1:
            print(f"the machine is not quiet (load {load:.1f}): figures are taken under load", file=sys.stderr)
        reports, late, figures, joined_at = run_calls(folder, options.cache, options.people, options.seconds,
                                                      options.size)
        floor = measure_floor(folder, options.cache, options.people)
        rows = gates(reports, late, figures, floor, joined_at)
        kept = tell(rows)
        for report in (*reports.values(), late):
            report["video"].pop("sha1", None)
        (out / "gate.json").write_text(json.dumps(
            {"kept": kept, "load_before": load, "figures": figures, "floor": floor,
             "gates": [{"what": w, "value": v, "unit": u, "limit": limit} for w, v, u, limit, _ in rows],
             "legs": list(reports.values()), "late": late}, indent=1))
        shutil.copy(folder / "seen-1.png", out / "seen.png")
        print(f"{out}/gate.json, {out}/seen.png")
        return 0 if kept else 1
    finally:
        if os.environ.get("TESSERA_KEEP"):
            print(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
