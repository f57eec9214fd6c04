"""A thousand calls at a hundred a second, twice, a fifth of them with a picture, and cameras of several sizes beside them:
nothing of them is left behind in either daemon."""

import os
import threading
import time

from support import camera, sipp
from support.phone import Phone
from support.wait import until

ROOMS = ["red", "green", "blue", "white"]
CALLS = 1000
PER_SECOND = 100
SETTLED_WITHIN_S = 60
# SIP transactions outlive their calls by 32 s, and the daemons rest for good 10 s after the last of them (common/heap_rest.h).
AT_REST_S = 50
# What stays of a load depends on how much of it ran at once, not on how many there were: the first thousand sets the
# measure for the two others, at rest. A call that left so much behind (signald, mcud) would show in their slope; the pools
# of mcud vary by some megabytes either way between runs.
BYTES_OF_A_CALL = (1024, 6 * 1024)
# What a daemon that has once drawn, coded and decoded pictures may keep of it: pools and tables of libraries, not pictures.
HEAP_OF_EXPERIENCE_KIB = 48 * 1024
SIZES = ["640x360", "854x480", "960x540", "1280x720"]


def configuration():
    return "".join(f'\n[[room]]\nid = "{room}"\nmax_participants = 300\n' for room in [*ROOMS, "film"])


def udp_sockets(process):
    """Local UDP ports that the process holds."""
    inodes = set()
    for name in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            target = os.readlink(f"/proc/{process.pid}/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = []
    for table in ("udp", "udp6"):
        with open(f"/proc/net/{table}") as lines:
            for line in list(lines)[1:]:
                fields = line.split()
                if fields[9] in inodes:
                    ports.append(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


def threads(process):
    return len(os.listdir(f"/proc/{process.pid}/task"))


class Figures:
    def __init__(self, server):
        self.media_ports = len(udp_sockets(server.mcud))
        # First the descriptors: asking the API opens one.
        self.descriptors = (server.signald.open_files(), server.mcud.open_files())
        rooms = server.api("/v1/rooms")["rooms"]
        self.participants = sum(room["participant_count"] for room in rooms)
        self.conferences = sum(room["conference"] is not None for room in rooms)
        self.threads = (threads(server.signald), threads(server.mcud))
        self.heap_kib = (server.signald.heap_kib(), server.mcud.heap_kib())

    def counts(self):
        return (self.participants, self.conferences, self.media_ports, self.descriptors, self.threads)

    def __str__(self):
        return (f"participants={self.participants} conferences={self.conferences} media_ports={self.media_ports} "
                f"descriptors(signald,mcud)={self.descriptors} threads={self.threads} heap_kib={self.heap_kib}")


def load(server, folder, calls):
    """All rooms at once, together PER_SECOND."""
    outcomes = {}

    def dial(room, scenario, fifths):
        share = (calls * fifths // 5 // len(ROOMS), PER_SECOND * fifths // 5 // len(ROOMS))
        outcomes[room, scenario] = share[0], sipp.run(server, scenario, folder, room, *share)

    diallers = [threading.Thread(target=dial, args=(room, *kind)) for room in ROOMS
                for kind in (("short_call", 4), ("short_video_call", 1))]
    diallers.append(threading.Thread(target=film, args=(server,)))
    most = 0
    for dialler in diallers:
        dialler.start()
    while any(dialler.is_alive() for dialler in diallers):
        most = max(most, len(udp_sockets(server.mcud)))
        time.sleep(0.2)
    assert len(outcomes) == 2 * len(ROOMS), "sipp did not run"
    for who, (wanted, (good, failed, words)) in outcomes.items():
        assert (good, failed) == (wanted, 0), f"{who}: {good} good, {failed} failed: {words}"
    return most


def film(server):
    """A camera of every size, in a room of their own, that is seen and goes."""
    phones = [Phone(server, 300 + 100 * index, "film") for index in range(len(SIZES))]
    clips = [camera.clip(size) for size in SIZES]
    due = time.monotonic()
    for pictures in zip(*clips):
        for phone, nals in zip(phones, pictures):
            phone.send_picture(nals)
        due += 1 / 15
        time.sleep(max(0, due - time.monotonic()))
    widths = {stream["width"] for person in server.participants("film") for stream in person["streams"]}
    for phone in phones:
        phone.stop()
    assert len(widths - {0}) > 1, f"pictures were decoded: {widths}"


def at_rest(server):
    """The figures when all that outlives a call is gone."""
    began = time.monotonic()
    until(lambda: time.monotonic() - began > AT_REST_S, AT_REST_S + 5, "time passes")
    return Figures(server)


def settle(server, before):
    """The figures once they are what they were, and in how many seconds."""
    began = time.monotonic()
    last = None

    def same():
        nonlocal last
        last = Figures(server)
        return last.counts() == before.counts()

    until(same, SETTLED_WITHIN_S, lambda: f"\nbefore {before}\nnow    {last}", every_s=1)
    return last, time.monotonic() - began


def test_a_thousand_calls_leave_nothing_behind(make_tessera, folder):
    server = make_tessera(rooms=configuration(), mcud="max_sessions = 500", media_ports=2000)
    fresh = Figures(server)
    print(f"\nfresh      {fresh}")
    load(server, folder, CALLS)
    before = at_rest(server)
    print(f"warmed up  {before}")
    assert (before.participants, before.conferences, before.media_ports) == (0, 0, 0)
    assert before.heap_kib[1] - fresh.heap_kib[1] < HEAP_OF_EXPERIENCE_KIB, "pictures are given back"
    for run in (1, 2):
        most = load(server, folder, CALLS)
        busy = Figures(server)
        after, seconds = settle(server, before)
        print(f"after {run}    {busy}\nat rest    {after}: {seconds:.1f} s later; most media ports at once {most}")
    after = at_rest(server)
    left = [(now - then) * 1024 / (2 * CALLS) for now, then in zip(after.heap_kib, before.heap_kib)]
    print(f"at last    {after}: bytes that a call left (signald, mcud) {[round(each) for each in left]}")
    assert after.counts() == before.counts()
    for each, most in zip(left, BYTES_OF_A_CALL):
        assert each < most, f"a call left {left} bytes behind, in signald and mcud"
