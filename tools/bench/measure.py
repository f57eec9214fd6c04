"""What the scenarios share: a meeting of synthetic participants, what the media daemon uses meanwhile, the floor of the
codecs measured in the same run, and the table and JSON that come of it."""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("TESSERA_BUILD", str(ROOT / "build-release"))
sys.path.insert(0, str(ROOT / "tests/integration"))

from support import endpoint as endpoints  # noqa: E402
from support.endpoint import Endpoint  # noqa: E402
from support.tessera import BUILD, PLAIN_SOUND, Tessera  # noqa: E402
from support.wait import until  # noqa: E402

ROOM = "bench"
SIZE = "1280x720"
FPS = 30
CLIPS = pathlib.Path(os.environ.get("TESSERA_CLIPS", ROOT / "build-logs/clips"))
OUT = ROOT / "build-logs/bench"
TICKS = os.sysconf("SC_CLK_TCK")
# A call's first seconds: Views merge, rate control and playout find their level.
SETTLE_S = 5
# Between two calls, in s: not a multiple of 1/30, or all would send their pictures at one phase, and the latency of the whole
# run would be that phase's.
STAGGER = "0.1037"
# Legs that judge what they hear, beside the first: it costs a second for each, and all legs what they see next to nothing.
HEARING = 8
# What the codecs cost on the machine of the goals, in ms: outside of it ratios say less.
REFERENCE_MS = {"decode of 720p": (0.94 * 0.8, 1.1 * 1.2), "encode of 720p": (4.1 * 0.8, 4.1 * 1.2)}
MEMORY_MIB = {"mcud": 60, "participant": 10, "encoder": 16}


class Usage:
    """CPU time of a process and of each kind of its threads, from /proc."""

    def __init__(self, pid):
        self.at = time.monotonic()
        self.total = self._seconds(pathlib.Path(f"/proc/{pid}/stat"))[1]
        self.threads = {}
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            name, seconds = self._seconds(task / "stat")
            self.threads[name] = self.threads.get(name, 0) + seconds

    @staticmethod
    def _seconds(stat):
        text = stat.read_text()
        name = text[text.index("(") + 1:text.rindex(")")]
        fields = text[text.rindex(")") + 2:].split()
        return name, (int(fields[11]) + int(fields[12])) / TICKS

    def cores_since(self, before):
        seconds = self.at - before.at
        threads = {name: (value - before.threads.get(name, 0)) / seconds for name, value in self.threads.items()}
        return (self.total - before.total) / seconds, {name: round(v, 3) for name, v in threads.items() if v > 0.0005}


def memory_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: int(line.split()[1]) / 1024 for line in status.splitlines()
            for key in ("VmRSS", "VmHWM") if line.startswith(key + ":")}


def machine_used():
    """Seconds of CPU that the whole machine has spent, idling and waiting left out."""
    fields = [int(f) for f in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS


def spread(values):
    """p50 and p95 of a list of the legs' own p50 and p95: the median leg's, and the worst leg's."""
    values = [v for v in values if v["count"]]
    if not values:
        return {"p50": None, "p95": None, "count": 0}
    return {"p50": statistics.median(v["p50"] for v in values), "p95": max(v["p95"] for v in values),
            "count": sum(v["count"] for v in values)}


def percentile(values, share):
    """Of any values; None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def prepare_clips(people, cache=CLIPS):
    """Painted and encoded before anything is timed; those of an earlier run are kept."""
    cache = pathlib.Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    painted = lambda: all(any(cache.glob(f"clip-*-{who}-{SIZE}-30fps-*.tclip")) for who in range(1, people + 1))  # noqa: E731
    if painted():
        return
    done = subprocess.run([str(a) for a in (endpoints.PROGRAM, "--prepare", "--identity", 1, "--count", people, "--cache", cache,
                                            "--size", SIZE)], check=False, timeout=1200, capture_output=True, text=True)
    if not painted():
        raise SystemExit(f"clips: {done.stderr}")


class Meeting:
    """Both daemons with one room, and synthetic participants in it."""

    def __init__(self, folder, room="", mcud=""):
        self.folder = folder
        rooms = f'[[room]]\nid = "{ROOM}"\nmax_participants = 300\n{room}{PLAIN_SOUND}'
        self.server = Tessera(folder, rooms=rooms, mcud=f"max_sessions = 400\n{mcud}", media_ports=1600)
        self.callers = []
        self.names = 0

    @property
    def mcud(self):
        return self.server.mcud.pid

    def join(self, first, count, *options):
        """Participants `first` to `first + count - 1`, who stay until told to hang up."""
        caller = Endpoint(self.folder, CLIPS, self.server.uri(ROOM), first, count,
                          ["--size", SIZE, "--psnr-every", "0", "--seconds", "0", *options])
        # Sound alone may use an identity twice: each process reports to a file of its own.
        self.names += 1
        caller.report_path = self.folder / f"endpoint-{self.names}.json"
        argv = caller.process.argv
        argv[argv.index("--report") + 1] = str(caller.report_path)
        self.callers.append(caller)
        return caller.start()

    def crowd(self, count, *options):
        """`count` people who judge what they get; the first, who comes last, leaves its stream in seen.h264, for the floor.
        Returns what `end` wants."""
        others = []
        if count > 1:
            others.append(self.join(2, count - 1, "--stagger", STAGGER, "--judge-sound", str(HEARING), *options))
            self.wait_for(count - 1)
        first = self.join(1, 1, "--dump-stream", self.folder / "seen.h264", *options)
        self.wait_for(count)
        time.sleep(SETTLE_S)
        self.wait_for_full_pictures()
        return [*others, first]

    def wait_for_full_pictures(self, seconds=30):
        """What the node gave up while all of them came is taken back after 10 s each; what stays given up is measured."""
        end = time.monotonic() + seconds
        while self.ladder_step() > 0 and time.monotonic() < end:
            time.sleep(0.2)

    def room(self):
        return self.server.api(f"/v1/rooms/{ROOM}")

    def ladder_step(self):
        return self.server.api("/v1/node")["load"]["step"]

    def wait_for(self, people, seconds=90):
        until(lambda: self.room()["participant_count"] == people, seconds, f"{people} people are in the room", every_s=0.1)

    def watch(self, seconds):
        """What the media daemon uses in that time, in which nothing else is asked of it but its figures."""
        before, room_before = Usage(self.mcud), self.room()["conference"]
        machine_before = machine_used()
        running = lambda room: room["encoders"] + room["splice_contexts"]  # noqa: E731
        encoders = running(room_before)
        steps = [self.ladder_step()]
        while time.monotonic() - before.at < seconds:
            time.sleep(min(1, max(0.01, seconds - (time.monotonic() - before.at))))
            encoders = max(encoders, running(self.room()["conference"]))
            steps.append(self.ladder_step())
        after, room_after = Usage(self.mcud), self.room()["conference"]
        cores, threads = after.cores_since(before)
        machine = (machine_used() - machine_before) / (after.at - before.at)
        return {
            "begin_s": before.at, "end_s": after.at,
            "mcud_cores": cores, "mcud_threads": threads, "machine_cores": machine,
            "memory_mib": memory_mib(self.mcud)["VmRSS"],
            "encoders": encoders, "views": room_after["views"], "loadavg": os.getloadavg()[0],
            "ladder_steps": steps, "drawn_fps": drawn_fps(steps),
            **{name: room_after[name] - room_before[name]
               for name in ("late_ticks", "key_pictures", "splice_pictures", "encoders_opened", "sounds_encoded")},
        }

    def end(self, *callers, seconds=300):
        """They hang up; reports of all of them by identity."""
        callers = [caller for caller in callers if caller]
        for caller in callers:
            caller.hang_up()
        reports = {}
        for caller in callers:
            reports.update(caller.reports(seconds))
        return reports

    def concealed_percent(self):
        """Of each participant: the share of its sound that was made up."""
        return [stream["concealed_percent"] for person in self.server.participants(ROOM) for stream in person["streams"]]


@contextlib.contextmanager
def meeting(**settings):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tsr-"))  # short: Unix sockets live here
    made = Meeting(folder, **settings)
    try:
        made.server.start()
        yield made
    finally:
        for caller in made.callers:
            caller.stop()
        codes = made.server.stop()
        if codes != (0, 0):
            print(f"daemons ended with {codes}\n{made.server.mcud.log()[-1500:]}", file=sys.stderr)
        if os.environ.get("TESSERA_KEEP"):
            print(folder, file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def fps_within(leg, begin_s, end_s):
    """Pictures a second in which at least 95 % of the visible people advanced, of a judged leg."""
    moments = [endpoints.at(leg, s) for s in leg["video"]["advances_s"]]
    return sum(begin_s <= m < end_s for m in moments) / (end_s - begin_s)


def worst_second(leg, begin_s, end_s):
    """The fewest such pictures in any whole second of that time."""
    moments = [m for m in (endpoints.at(leg, s) for s in leg["video"]["advances_s"]) if begin_s <= m < end_s]
    starts = [begin_s, *(m + 1e-6 for m in moments if m + 1 < end_s)]
    return min(sum(s <= m < s + 1 for m in moments) for s in starts)


def received(leg, begin_s, end_s):
    """Pictures that came, advanced or not, and kbit/s, of the time that a leg really had: (fps, kbps)."""
    came = [bytes_ for s, bytes_ in zip(leg["video"]["arrivals_s"], leg["video"]["arrivals_bytes"])
            if begin_s <= endpoints.at(leg, s) < end_s]
    return len(came) / (end_s - begin_s), sum(came) * 8 / 1000 / (end_s - begin_s)


def drawn_fps(ladder_steps):
    """What the daemon set out to draw most of the time: the first step of the ladder halves it."""
    halved = sum(step > 0 for step in ladder_steps)
    return FPS // 2 if 2 * halved > len(ladder_steps) else FPS


def floor_options(leg, figures):
    """Where the measured time begins in what the leg recorded, and the rate that it had in it."""
    begin, end = figures["begin_s"], figures["end_s"]
    before = sum(endpoints.at(leg, s) < begin for s in leg["video"]["arrivals_s"])
    return ["--from", before, "--drawn-fps", figures["drawn_fps"], "--received-fps", f"{received(leg, begin, end)[0]:.3f}"]


def measure_floor(folder, people, senders, voices, encoders, leg, figures):
    """One thread's best of three: decode and scale `senders`, make the `encoders` ("1280x720@1000*9") of what the run showed
    the first participant, whose `leg` it is and who saw `people`; decode `voices` and encode as many packets of sound as the
    run did. None when too few pictures showed them all: a daemon far beyond its load."""
    sounds = figures["sounds_encoded"] / (figures["end_s"] - figures["begin_s"])
    done = subprocess.run(
        [str(a) for a in (BUILD / "tools/bench/tessera-bench-floor", folder / "seen.h264", "--table", CLIPS / "table",
                          "--people", people, "--senders", senders, "--voices", voices, "--sounds-per-second", f"{sounds:.1f}",
                          "--encoders", *encoders, *floor_options(leg, figures))],
        capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        print(f"floor: {done.stderr}", file=sys.stderr)
        return None
    floor = json.loads(done.stdout)
    encode = [r["encode_ms"] for r in floor["rungs"] if r["width"] == 1280]
    costs = {"decode of 720p": floor["cpu_ms"]["decode_one"], "encode of 720p": encode[0] if encode else None}
    floor["in_reference_range"] = all(low <= costs[what] <= high for what, (low, high) in REFERENCE_MS.items() if costs[what])
    return floor


class Table:
    """Figures, each with the number of the goal that it answers to, if any."""

    def __init__(self, name):
        self.name = name
        self.rows = []
        self.notes = []

    def add(self, what, value, unit="", goal=None, limit="", kept=None):
        row = {"what": what, "value": value, "unit": unit, "goal": goal, "limit": limit,
               "kept": None if kept is None else value is not None and bool(kept(value))}
        self.rows.append(row)

    def most(self, what, value, limit, unit="", goal=None):
        self.add(what, value, unit, goal, f"<= {limit:g}", lambda v: v <= limit)

    def least(self, what, value, limit, unit="", goal=None):
        self.add(what, value, unit, goal, f">= {limit:g}", lambda v: v >= limit)

    def use(self, figures, people):
        """What every scenario tells of the daemon."""
        self.add("CPU of mcud", figures["mcud_cores"], "cores")
        self.add("CPU of the whole machine", figures["machine_cores"], "cores")
        limit = (MEMORY_MIB["mcud"] + MEMORY_MIB["participant"] * people + MEMORY_MIB["encoder"] * figures["encoders"])
        self.most("memory of mcud", figures["memory_mib"], limit, "MiB", 9)
        self.add("encoders and splice contexts running, at most", figures["encoders"])
        for name in ("late_ticks", "key_pictures", "splice_pictures", "encoders_opened"):
            self.add(name.replace("_", " "), figures[name])

    def floor(self, figures, floor, goal, tiles_stay=True):
        """What codecs alone cost and make of the same pictures; where people change places, those cannot be made again."""
        if floor is None:
            self.add("CPU of mcud / floor", None, "", goal, "<= 1.2", (lambda _: False) if goal else None)
            return
        costs = floor["cpu_ms"]
        self.add("floor: decode one, round-robin", costs["decode_one"], "ms")
        self.add("floor: scale one to its tiles", costs["scale_one"], "ms")
        for rung in floor["rungs"]:
            self.add(f"floor: encode one {rung['width']}x{rung['height']}, of {rung['encoders']}", rung["encode_ms"], "ms")
        self.add("floor: decode one sound", costs["decode_one_sound"], "ms")
        self.add("floor: encode one sound", costs["encode_one_sound"], "ms")
        self.add("floor of pictures alone", floor["picture_floor_cores"], "cores")
        self.add("floor", floor["floor_cores"], "cores")
        self.add("CPU of mcud / floor of pictures alone", figures["mcud_cores"] / floor["picture_floor_cores"])
        ratio = figures["mcud_cores"] / floor["floor_cores"]
        # A daemon that drops pictures pays for fewer than the floor.
        self.add("CPU of mcud / floor, at 29 fps or more", ratio, "", goal, "<= 1.2" if goal else "",
                 (lambda v: v <= 1.2 and figures["fps"] >= 29) if goal else None)
        # No verdict: a quicker machine is no fault. Ratios of machines on which codecs cost less are harder to keep.
        self.add("codecs cost what they do on the reference machine", "yes" if floor["in_reference_range"] else "NO")
        if not tiles_stay:
            return
        seen, own = floor["received"], floor["own_encoder"]
        self.most("luma PSNR below the encoder's on ideal pictures", own["psnr_db"]["mean"] - seen["psnr_db"]["mean"],
                  0.7, "dB")
        self.most("the same, worst picture", floor["worst_loss_db"], 4, "dB")
        self.add("received, luma PSNR", seen["psnr_db"]["mean"], "dB")

    def rates(self, legs, figures, goal=None):
        """Every leg by its bar codes, and its bits of the time that it took."""
        begin, end = figures["begin_s"], figures["end_s"]
        figures["fps"] = min(fps_within(leg, begin, end) for leg in legs)
        self.least("slowest leg", figures["fps"], 29, "fps", goal)
        self.add("pictures a second that the ladder left", figures["drawn_fps"], "fps")
        kbps = [received(leg, begin, end)[1] for leg in legs]
        figures["kbps"] = [min(kbps), max(kbps)]
        self.add("received, least and most of any leg", f"{min(kbps):.0f}, {max(kbps):.0f}", "kbit/s", None, "900..1100",
                 lambda _: 900 <= min(kbps) and max(kbps) <= 1100)

    def latency(self, legs, goal=None):
        video = spread([leg["video"]["latency_ms"] for leg in legs])
        audio = spread([leg["audio"]["latency_ms"] for leg in legs])
        if goal:
            self.most("video latency p50", video["p50"], 40, "ms", goal)
            self.most("video latency p95, worst leg", video["p95"], 60, "ms", goal)
        else:
            self.add("video latency p50", video["p50"], "ms")
            self.add("video latency p95, worst leg", video["p95"], "ms")
        self.add("audio latency p50", audio["p50"], "ms")
        if goal:
            self.most("audio latency p95, worst leg", audio["p95"], 40, "ms", 8)
        else:
            self.add("audio latency p95, worst leg", audio["p95"], "ms")

    def kept(self):
        return all(row["kept"] is not False for row in self.rows)

    def show(self):
        print(f"\n{self.name}")
        for row in self.rows:
            value = row["value"]
            text = "none" if value is None else value if isinstance(value, str) else f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
            verdict = "" if row["kept"] is None else "kept" if row["kept"] else "MISSED"
            goal = "" if row["goal"] is None else f"#{row['goal']}"
            print(f"  {goal:<4} {row['what']:<56} {text:>9} {row['unit']:<7} {row['limit']:<10} {verdict}")
        for note in self.notes:
            print(f"  {note}")

    def save(self, **more):
        OUT.mkdir(parents=True, exist_ok=True)
        file = OUT / f"{self.name.replace(' ', '-')}.json"
        file.write_text(json.dumps({"name": self.name, "kept": self.kept(), "load": os.getloadavg()[0], "rows": self.rows,
                                    "notes": self.notes, **more}, indent=1))


def scenario(about, people, seconds, run, **more):
    """The main program of a scenario: `run(options)` returns a Table that was saved."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=people)
    parser.add_argument("--seconds", type=float, default=seconds, help="in which CPU is counted")
    for name, (default, text) in more.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default, help=text)
    table = run(parser.parse_args())
    table.show()
    return 0 if table.kept() else 1
