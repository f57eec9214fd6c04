"""Synthetic participants in one room, judged by what they received. Function, not speed: deadlines are wide, for a
machine that does other things besides."""

import contextlib
import pathlib
import shutil
import tempfile
import time

import pytest

from support import endpoint as endpoints
from support.endpoint import Endpoint
from support.tessera import Tessera
from support.wait import until

PICTURE = ["--size", "640x360", "--fps", "15", "--kbps", "300", "--clip-seconds", "6"]
# Enough after the call to decode and judge it on a busy machine.
PATIENCE = 240


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Clips of the senders, painted once, and the table of who sent what when."""
    return tmp_path_factory.mktemp("clips")


@contextlib.contextmanager
def a_room():
    """A server with one room; it must end cleanly."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tsr-"))  # short: Unix sockets live here
    server = Tessera(folder).start()
    callers = []
    try:
        yield server, callers
    finally:
        for caller in callers:
            caller.stop()
        codes = server.stop()
        logs = server.signald.log()[-2000:] + server.mcud.log()[-2000:]
        shutil.rmtree(folder, ignore_errors=True)
    assert codes == (0, 0), f"daemons ended with {codes}:\n{logs}"


def dial(server, callers, cache, identity, count=1, *options):
    caller = Endpoint(server.folder, cache, server.uri(), identity, count, [*PICTURE, *options]).start()
    callers.append(caller)
    return caller


def wait_for_people(server, count):
    # The first time, the callers paint their clips before they dial.
    until(lambda: server.api("/v1/rooms/demo")["participant_count"] == count, 120, f"{count} people are in the room")


def wait_until_settled(server):
    """Everybody has had a start, and Views that are equal have merged: no start was given for 3 s."""
    last = {"starts": None, "since": 0.0}

    def settled():
        conference = server.api("/v1/rooms/demo")["conference"]
        starts = (conference["key_pictures"], conference["splice_pictures"], conference["views"])
        if starts != last["starts"]:
            last.update(starts=starts, since=time.monotonic())
        return time.monotonic() - last["since"] > 3

    until(settled, 30, "nobody needs a start")


@pytest.fixture(scope="module", params=[0, 1], ids=["mode 0", "mode 1"])
def meeting(request, cache):
    """Four meet, and a fifth comes late: (reports of the four, of the fifth, when it was sent in)."""
    mode = ["--mode", str(request.param)]
    with a_room() as (server, callers):
        early = dial(server, callers, cache, 1, 4, *mode, "--seconds", "32")
        wait_for_people(server, 4)
        wait_until_settled(server)
        late = dial(server, callers, cache, 5, 1, *mode, "--seconds", "10")
        wait_for_people(server, 5)
        reports = early.reports(PATIENCE)
        yield reports, late.reports(PATIENCE)[5]


def test_everybody_sees_everybody(meeting):
    reports, late = meeting

    for identity, report in reports.items():
        assert endpoints.seen(report) == {1, 2, 3, 4, 5}, f"{identity} sees {endpoints.seen(report)}"
    assert endpoints.seen(late) == {1, 2, 3, 4, 5}


def test_everybody_hears_the_others_and_not_themselves(meeting):
    reports, late = meeting

    for identity, report in reports.items():
        others = {1, 2, 3, 4} - {identity}
        assert others <= endpoints.heard(report), f"{identity} hears {endpoints.heard(report)}"
        assert not report["audio"]["own_heard"], f"{identity} hears itself"
    assert {1, 2, 3, 4} <= endpoints.heard(late)
    assert not late["audio"]["own_heard"]


def test_those_who_see_the_same_get_the_very_same_pictures(meeting):
    reports, _ = meeting
    # The last eight seconds: everybody has been in long enough to share a View. Not the very end: they leave one by one.
    runs = {identity: report["video"]["sha1"][-130:-10] for identity, report in reports.items()}
    pictures = reports[1]["video"]["sha1"]

    for identity, run in runs.items():
        assert len(run) == 120 and run[0] in pictures, f"{identity} was sent other pictures than 1"
        begin = pictures.index(run[0])
        both = min(len(run), len(pictures) - begin)
        assert both > 100 and run[:both] == pictures[begin:begin + both], f"{identity} was sent other pictures than 1"


def test_a_late_joiner_costs_nobody_else_a_key_frame(meeting):
    reports, late = meeting
    invited = endpoints.at(late, 0)

    for identity, report in reports.items():
        after = [when for when in endpoints.key_frames(report) if when >= invited]
        assert after == [], f"{identity} got key frames {[when - invited for when in after]} s after the invitation"
    assert late["video"]["first_picture_s"] < 10


def test_pictures_decode_without_an_error(meeting):
    reports, late = meeting

    for report in (*reports.values(), late):
        lost = sum(stream["lost"] for stream in report["video"]["streams"])
        assert lost == 0 and report["video"]["decoder_errors"] == 0, report["identity"]


@pytest.fixture(scope="module")
def disorder(cache):
    """1 looks on; 2 holds and resumes; 3 stops its picture; 4 changes its codec: reports by identity."""
    with a_room() as (server, callers):
        together = {
            1: dial(server, callers, cache, 1, 1, "--seconds", "28"),
            2: dial(server, callers, cache, 2, 1, "--seconds", "28", "--hold-at", "6", "--resume-at", "12"),
            3: dial(server, callers, cache, 3, 1, "--seconds", "28", "--stop-video-at", "6"),
            4: dial(server, callers, cache, 4, 1, "--seconds", "28", "--audio", "opus,pcmu", "--codec-change-at", "8"),
        }
        wait_for_people(server, 4)
        reports = {identity: caller.reports(PATIENCE)[identity] for identity, caller in together.items()}
        yield reports, server.signald.log(), server.mcud.log()


def answered(report, seconds):
    """Seconds after the answer, as the report counts them: after the INVITE."""
    return report["answered_s"] + seconds


def tile_of(report, identity):
    return next(tile for tile in report["video"]["tiles"] if tile["identity"] == identity)


def test_who_holds_gets_no_picture_until_it_resumes(disorder):
    report = disorder[0][2]
    pauses = [freeze for freeze in report["video"]["freezes"]
              if freeze["seconds"] > 4 and abs(freeze["begin_s"] - answered(report, 6)) < 4]

    assert len(pauses) == 1, report["video"]["freezes"]
    resumed = pauses[0]["begin_s"] + pauses[0]["seconds"]
    assert answered(report, 12) <= resumed < answered(report, 20)
    assert tile_of(report, 1)["last_s"] > answered(report, 24)


def test_who_resumes_is_seen_again(disorder):
    reports = disorder[0]
    holder, viewer = reports[2], reports[1]
    resumed = endpoints.at(holder, answered(holder, 12))

    assert endpoints.at(viewer, tile_of(viewer, 2)["last_s"]) > resumed + 4


def test_a_picture_that_stopped_gives_way_to_the_avatar(disorder):
    reports = disorder[0]
    stopped = endpoints.at(reports[3], answered(reports[3], 6))

    for identity in (1, 2, 4):
        last = endpoints.at(reports[identity], tile_of(reports[identity], 3)["last_s"])
        assert last < stopped + 14, f"{identity} still sees 3 {last - stopped} s after it stopped"
        assert tile_of(reports[identity], 1)["last_s"] > answered(reports[identity], 20)


def test_who_stops_its_picture_is_still_heard_and_sees_the_others(disorder):
    reports = disorder[0]

    assert 3 in endpoints.heard(reports[1])
    assert {1, 2, 4} <= endpoints.seen(reports[3])
    assert tile_of(reports[3], 1)["last_s"] > answered(reports[3], 20)


def test_who_changes_its_codec_is_sent_the_new_one_and_heard_in_it(disorder):
    reports = disorder[0]

    assert set(reports[4]["audio"]["codecs"]) == {"opus", "PCMU"}
    assert {1, 3} <= endpoints.heard(reports[4])
    assert not reports[4]["audio"]["own_heard"]
    assert 4 in {tone["identity"] for tone in reports[1]["audio"]["tones"] if tone["present"] > 0.8}
