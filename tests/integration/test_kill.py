"""A daemon dies, or is told to go, while three callers talk."""

import re
import time

import pytest

from sip_peer import AUDIO, Peer, sdp
from support import picture
from support.meeting import CALLERS
from support.wait import until

BACK_WITHIN_S = 3


def three():
    return list(CALLERS)[:3]


def ports_told_to(caller):
    """The media ports of each description that we sent it, in order, without repetitions."""
    told, its_own = {}, None
    for session, version, body in re.findall(r"^v=0\no=\S+ (\d+) (\d+) (.*?)\n\n", caller.trace() + "\n\n", re.M | re.S):
        its_own = its_own or session  # it offered first
        if session != its_own:
            told[version] = [int(port) for port in re.findall(r"^m=\w+ (\d+)", body, re.M)]
    return list(told.values())


def test_after_kill_9_of_the_media_daemon_picture_and_sound_are_back_within_3_s(tessera, make_meeting):
    meeting = make_meeting(tessera, three())

    tessera.mcud.kill()
    tessera.mcud.start()
    restarted = time.monotonic()
    seen, heard = meeting.wait_all_meet(restarted, 15)

    print("back after", {n: f"picture {seen[n]:.2f} s, sound {heard[n]:.2f} s" for n in seen})
    assert max(*seen.values(), *heard.values()) <= BACK_WITHIN_S
    assert meeting.nobody_was_cut_off()
    for name, caller in meeting.callers.items():
        caller.hang_up()
        caller.stop()
        assert len(set(re.findall(r"^Call-ID: (\S+)", caller.trace(), re.M))) == 1, "another dialog"
        first, *_, last = ports_told_to(caller)
        assert not set(first) & set(last), f"{name} was told the old ports: {first}, {last}"
        for medium in ("audio", "video"):
            old, new = re.search(rf"stream: {medium}: SSRC changed (\w+) -> (\w+)", caller.trace()).groups()
            assert old != new


def test_while_the_media_daemon_is_away_callers_stay_and_new_ones_get_503(tessera, make_meeting):
    meeting = make_meeting(tessera, three()[:2])

    tessera.mcud.kill()
    until(lambda: not tessera.ready(), 5, "signald knows that the media daemon is away")
    peer = Peer(tessera)
    answer = peer.invite("demo", sdp(*AUDIO))
    peer.close()

    assert (answer.status, answer.get("Retry-After")) == (503, "2"), answer.first
    assert "media daemon is away" in answer.get("Warning")
    tessera.mcud.start()
    meeting.wait_all_meet(time.monotonic(), 15)
    assert meeting.nobody_was_cut_off()


def test_after_kill_9_of_the_signalling_daemon_the_meeting_goes_on_and_is_adopted(make_tessera, make_meeting):
    tessera = make_tessera(signald="media_timeout_s = 4")
    meeting = make_meeting(tessera, three())

    tessera.signald.kill()
    killed = time.monotonic()
    seconds_alone = 3
    before = {name: caller.snapshot() for name, caller in meeting.callers.items()}
    until(lambda: time.monotonic() > killed + seconds_alone, seconds_alone + 1, "they talk without signald")
    for name, caller in meeting.callers.items():
        now = caller.snapshot()
        assert meeting.sees_others(name, now)
        assert picture.share_changed(before[name], now) > 0.001, f"{name} sees a still picture"

    tessera.signald.start()
    tessera.wait_ready()
    shown = tessera.ctl("room", "show", "demo").stdout
    for name in meeting.callers:
        assert name in shown, shown
    gaps = {name: ear.longest_without(meeting.others(name, "hertz"), killed) for name, ear in meeting.ears.items()}
    print("longest time without a tone", {n: f"{gap:.2f} s" for n, gap in gaps.items()})
    assert max(gaps.values()) < 0.5

    meeting.join("Dora Lind")
    meeting.wait_all_meet(time.monotonic(), 15)
    assert meeting.nobody_was_cut_off()
    # Their goodbye is understood, though another process took their calls in.
    for caller in meeting.callers.values():
        caller.hang_up()
    until(lambda: not tessera.api("/v1/rooms/demo/participants")["participants"], 20, "all are gone")
    ended = re.findall(r"left conference=.* name=\"(.*?)\": (.*)", tessera.signald.log())
    assert {name: why for name, why in ended if name in meeting.callers} == dict.fromkeys(meeting.callers, "BYE")


@pytest.mark.parametrize("order", [("signald", "mcud"), ("mcud", "signald")])
def test_sigterm_ends_both_daemons_cleanly_and_says_goodbye(tessera, make_meeting, order):
    meeting = make_meeting(tessera, three())

    began = time.monotonic()
    for name in order:
        getattr(tessera, name).popen.terminate()
    codes = {name: getattr(tessera, name).popen.wait(10) for name in order}

    took = time.monotonic() - began
    print(f"ended after {took:.2f} s")
    assert codes == {"signald": 0, "mcud": 0}
    assert took < 10
    for caller in meeting.callers.values():
        until(lambda c=caller: c.saw("CALL_CLOSED"), 2, f"goodbye for {caller.name}")
        caller.stop()
        assert re.search(r"^BYE sip:", caller.trace(), re.M), f"no BYE for {caller.name}"
        assert 'text="server shuts down"' in caller.trace()
