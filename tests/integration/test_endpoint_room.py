"""Synthetic participants in one room, judged by what they received. Function, not speed: deadlines are wide, for a
machine that does other things besides."""

import re

import pytest

from support import endpoint as endpoints
from support.endpoint import PATIENCE, gathering, tile_of, tone_of


@pytest.fixture(scope="module", params=[0, 1], ids=["mode 0", "mode 1"])
def meeting(request, clips):
    """Four meet, and a fifth comes late and leaves before them: (reports of the four, of the fifth)."""
    mode = ["--psnr-every", "0", "--mode", str(request.param)]
    endpoints.prepare(clips, 1, 5, mode)
    with gathering(clips) as room:
        # They stay until the fifth has gone, however long a busy machine takes to bring him in: a call of a fixed length
        # might end while he still listens.
        early = room.dial(1, 4, *mode, "--seconds", "0")
        room.wait_for_people(4)
        room.wait_until_settled()
        late = room.dial(5, 1, *mode, "--seconds", "8").reports(PATIENCE)[5]
        room.wait_until_settled(calm=9)
        early.hang_up()
        yield early.reports(PATIENCE), late


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
    # The last eight seconds: nobody came or went, and all share a View. Not the very end: they leave one by one.
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
def disorder(clips):
    """1 looks on; 2 holds and resumes; 3 stops its picture; 4 changes its codec; 5 has no picture, presses keys and falls
    silent: reports by identity, and what signald logged."""
    endpoints.prepare(clips, 1, 5)
    long = ["--psnr-every", "0", "--seconds", "26"]
    with gathering(clips) as room:
        together = {
            1: room.dial(1, 1, *long, "--dtmf-info", "4#", "--dtmf-at", "5", "--fast-update-at", "14"),
            2: room.dial(2, 1, *long, "--hold-at", "6", "--resume-at", "12", "--no-feedback"),
            3: room.dial(3, 1, *long, "--stop-video-at", "6"),
            4: room.dial(4, 1, *long, "--audio", "opus,pcmu", "--codec-change-at", "8"),
            5: room.dial(5, 1, *long, "--no-video", "--dtmf", "159A*#", "--dtmf-at", "5", "--stop-audio-at", "14"),
        }
        room.wait_for_people(5)
        reports = {identity: caller.reports(PATIENCE)[identity] for identity, caller in together.items()}
        yield reports, room.server.signald.log()


def answered(report, seconds):
    """Seconds after the answer, as the report counts them: after the INVITE."""
    return report["answered_s"] + seconds


def test_who_holds_gets_no_picture_until_it_resumes(disorder):
    report = disorder[0][2]
    pauses = [freeze for freeze in report["video"]["freezes"]
              if freeze["seconds"] > 4 and abs(freeze["begin_s"] - answered(report, 6)) < 4]

    assert len(pauses) == 1, report["video"]["freezes"]
    resumed = pauses[0]["begin_s"] + pauses[0]["seconds"]
    assert answered(report, 12) <= resumed < answered(report, 20)
    assert tile_of(report, 1)["last_s"] > answered(report, 22)


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


def test_keys_pressed_reach_the_room_once_each_and_in_order(disorder):
    pressed = {}
    for session, digit in re.findall(r"digit conference=\S+ session=(\S+) digit=(\S)", disorder[1]):
        pressed[session] = pressed.get(session, "") + digit

    assert sorted(pressed.values()) == ["159A*#", "4#"], pressed  # RFC 4733, and INFO


def test_who_falls_silent_is_no_longer_heard(disorder):
    reports = disorder[0]
    silent = endpoints.at(reports[5], answered(reports[5], 14))

    for identity in (2, 3):
        tone = tone_of(reports[identity], 5)
        assert abs(endpoints.at(reports[identity], tone["last_s"]) - silent) < 1, tone
        assert tone_of(reports[identity], 1)["last_s"] > answered(reports[identity], 22)


def test_a_key_frame_asked_for_by_info_comes_soon(disorder):
    report = disorder[0][1]
    asked = answered(report, 14)

    soon = [when for when in report["video"]["key_frames_s"] if asked <= when < asked + 2.5]
    assert soon, report["video"]["key_frames_s"]
    assert report["video"]["decoder_errors"] == 0


def test_who_offers_no_feedback_is_asked_for_key_frames_by_info(disorder):
    reports = disorder[0]

    assert reports[2]["fast_updates_received"] >= 1
    assert reports[2]["key_frame_requests_received"] == reports[2]["fast_updates_received"]
    assert [reports[identity]["fast_updates_received"] for identity in (1, 3, 4, 5)] == [0, 0, 0, 0]
