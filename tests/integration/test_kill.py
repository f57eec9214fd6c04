"""A daemon dies, or is told to go, while three callers talk."""

import re
import time

import pytest

from sip_peer import AUDIO, Peer, sdp
from support import picture
from support.ear import Ear
from support.linphone import Linphone
from support.meeting import CALLERS
from support.wait import until

BACK_WITHIN_S = 3
# signaling/conference/key_renewal.h
UNHEARD_AFTER_S, DEAF_AFTER_S = 10, 25


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


def streams_of(tessera):
    people = tessera.participants()
    return people[0]["streams"] if people else []


def reports(tessera):
    """The caller has told by RTCP of every stream that it is sent, since this media daemon runs."""
    streams = streams_of(tessera)
    return streams and all(stream["round_trip_ms"] > 0 for stream in streams)


def test_a_caller_with_sdes_that_takes_new_keys_goes_on_after_kill_9_of_the_media_daemon(tessera, folder, media):
    lina = Linphone(folder, "Lina", media.tone(440, 60), secure=True).start()
    try:
        lina.dial(tessera.uri(transport="tls"))
        until(lambda: reports(tessera), 15, "Lina hears us")
        tessera.mcud.kill()
        tessera.mcud.start()
        until(lambda: not tessera.ready(), 5, "signald knows that the media daemon is away")
        tessera.wait_ready()
        back = time.monotonic()
        until(lambda: reports(tessera), 20, "Lina hears us again, under new keys")
        until(lambda: time.monotonic() > back + DEAF_AFTER_S + 2, DEAF_AFTER_S + 4, "nobody calls her deaf")

        caller, = tessera.participants()
        assert caller["encryption"] == "sdes"
        assert caller["streams"][0]["packets_received"] > 1000
        assert tessera.mcud.log().count("SRTP, keys by SDES") == 2
        lina.hang_up()
    finally:
        lina.stop()


@pytest.mark.parametrize("transport, mediaenc, within_s", [("udp", "dtls_srtp", UNHEARD_AFTER_S),
                                                           ("tls", "srtp-mand", DEAF_AFTER_S)])
def test_a_caller_that_cannot_take_new_keys_is_told_so_and_not_left_deaf(tessera, make_baresip, transport, mediaenc, within_s):
    """baresip 1.0 shakes hands once in a call, and keeps the first SDES key that it was told."""
    anna = make_baresip("Anna Berg", 440, "0x2050c0", transport=transport, mediaenc=mediaenc, clip_seconds=60)
    anna.dial(tessera.uri(transport=transport))
    until(lambda: reports(tessera), 20, "Anna hears us")

    tessera.mcud.kill()
    tessera.mcud.start()
    restarted = time.monotonic()
    until(lambda: anna.saw("CALL_CLOSED"), within_s + 5, "goodbye")

    print(f"{mediaenc}: told after {time.monotonic() - restarted:.1f} s")
    anna.stop()
    assert 'text="media keys were not renewed, please call again"' in anna.trace()
    assert not tessera.participants()


def test_an_encrypted_call_over_udp_outlives_kill_9_of_the_signalling_daemon(tessera, make_baresip):
    anna = make_baresip("Anna Berg", 440, "0x2050c0", mediaenc="dtls_srtp", clip_seconds=60).dial(tessera.uri())
    until(lambda: reports(tessera), 20, "Anna hears us")
    ear = Ear(anna)
    before = streams_of(tessera)

    tessera.signald.kill()
    killed = time.monotonic()
    tessera.signald.start()
    tessera.wait_ready()
    until(lambda: streams_of(tessera), 5, "the call is restored")
    until(lambda: time.monotonic() > killed + 3, 4, "they talk on")

    after = until(lambda: streams_of(tessera), 5, "statistics")
    for old, new in zip(before, after):
        assert new["packets_received"] > old["packets_received"] + 20
        assert new["packets_lost"] == old["packets_lost"]
        assert new["dropped"]["not_authentic"] == old["dropped"]["not_authentic"]
    assert tessera.participants()[0]["encryption"] == "dtls"
    anna.hang_up()
    ear.stop()
    until(lambda: not tessera.participants(), 5, "her goodbye is understood")
    assert tessera.mcud.log().count("SRTP, keys by DTLS") == 2, "sound and picture shook hands once"


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


def test_a_meeting_outlives_kill_9_of_both_daemons_in_turn_twice_over(tessera, make_meeting):
    meeting = make_meeting(tessera, three()[:2])

    for _ in range(2):
        tessera.mcud.kill()
        tessera.mcud.start()
        meeting.wait_all_meet(time.monotonic(), 15)
        tessera.signald.kill()
        tessera.signald.start()
        tessera.wait_ready()
        until(lambda: [p["adopted"] for p in tessera.participants()] == [False, False], 5, "the dialogs are restored")

    meeting.wait_all_meet(time.monotonic(), 15)
    assert meeting.nobody_was_cut_off()
    for caller in meeting.callers.values():
        caller.hang_up()
    until(lambda: not tessera.participants(), 5, "all are gone")
    for caller in meeting.callers.values():
        caller.stop()
        assert len(set(re.findall(r"^Call-ID: (\S+)", caller.trace(), re.M))) == 1, "another dialog"


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
