"""A small meeting with everything that people do in one, for the daemons built with sanitizers too.

tools/test.sh asan and tsan run it with TESSERA_BUILD=build-asan and build-tsan; deadlines are wide there."""

import json
import re
import time

from support.meeting import CALLERS
from support.tessera import BUILD
from support.wait import until

REPORT = re.compile(r"^.*(?:ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:).*$", re.M)


def sanitizers():
    options = json.loads((BUILD / "meson-info/intro-buildoptions.json").read_text())
    return next(option["value"] for option in options if option["name"] == "b_sanitize")


def participant(tessera, name):
    listed = tessera.api("/v1/rooms/demo/participants")["participants"]
    return next((p["id"] for p in listed if p["name"] == name), None)


def test_a_small_meeting_leaves_nothing_for_a_sanitizer_to_report(tessera, make_meeting):
    seconds = 20 if sanitizers() == "none" else 90
    anna, boris, clara, dora = CALLERS

    meeting = make_meeting(tessera, [anna, boris, clara], seconds)
    for layout in ("speaker", "1+5", "grid"):
        tessera.ctl("room", "layout", "demo", layout)
    tessera.ctl("room", "mute", "demo", "-p", participant(tessera, anna))
    tessera.ctl("room", "snapshot", "demo", "-o", tessera.folder / "room.png")
    tessera.ctl("room", "unmute", "demo", "-p", participant(tessera, anna))
    meeting.leave(clara)
    meeting.join(dora)
    meeting.wait_all_meet(time.monotonic(), seconds)
    until(lambda: participant(tessera, clara) is None, seconds, "Clara is gone")

    # With calls up, as at a restart of the machine.
    for daemon in (tessera.signald, tessera.mcud):
        daemon.popen.terminate()
    for daemon in (tessera.signald, tessera.mcud):
        assert daemon.popen.wait(seconds) == 0, daemon.log()[-6000:]
        reports = REPORT.findall(daemon.log())
        assert not reports, f"{reports}\n{daemon.log()[-6000:]}"
