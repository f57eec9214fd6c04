"""What is kept of a meeting: events and call detail records, through kills and odd databases."""

import csv
import io
import json
import sqlite3
import stat
import subprocess
import urllib.request

import pytest

from support.caller import Caller
from support.postgres import Postgres
from support.tessera import BUILD
from support.wait import until


def events(server, room="demo"):
    """[(kind, participant, actor, detail)] as tesseractl prints them."""
    lines = [line.split("\t") for line in server.ctl("events", room).stdout.splitlines()]
    return [(kind, whom, by.removeprefix("by "), json.loads(detail)) for _, _, kind, whom, by, detail in lines]


def metrics(server):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.signald_metrics_port}/metrics", timeout=5) as reply:
        return dict(line.rsplit(" ", 1) for line in reply.read().decode().splitlines() if not line.startswith("#"))


def calls(server, *arguments):
    return list(csv.DictReader(io.StringIO(server.ctl("cdr", "export", "--csv", *arguments).stdout)))


@pytest.fixture
def anna(tessera, make_baresip):
    return make_baresip("Anna Berg", 440, "0x2050c0", audio_codec="PCMU/8000/1").dial(tessera.uri())


@pytest.fixture
def boris(tessera):
    caller = Caller(tessera, 700, video=True).dial(name='"Boris" ')
    yield caller
    caller.close()


def test_a_meeting_is_written_down_from_its_first_caller_to_its_last(tessera, anna, boris):
    who = {person["name"]: person["id"] for person in tessera.participants()}
    tessera.ctl("room", "mute", "demo", "-p", "Boris")
    tessera.ctl("room", "layout", "demo", "grid")
    follow = subprocess.Popen(
        [BUILD / "tools/ctl/tesseractl", "--url", f"http://127.0.0.1:{tessera.api_port}", "--token-file",
         tessera.folder / "api.token", "events", "demo", "--follow"], stdout=subprocess.PIPE, text=True)
    try:
        assert [follow.stdout.readline().split("\t")[2] for _ in range(5)] == ["began", "joined", "joined", "muted", "layout"]
        until(lambda: any(s["packets_received"] > 50 for p in tessera.participants() for s in p["streams"]), 10, "media came")
        boris.hang_up()
        left = follow.stdout.readline().split("\t")
        assert left[2:5] == ["left", who["Boris"], f"by participant:{who['Boris']}"]
    finally:
        follow.kill()
        follow.wait()
    tessera.ctl("room", "kick", "demo", "--reason", "over")

    told = until(lambda: (e := events(tessera)) and e[-1][0] == "ended" and e, 10, "the meeting ended")
    assert [kind for kind, *_ in told] == ["began", "joined", "joined", "muted", "layout", "left", "kicked", "left", "ended"]
    assert told[3][1:] == (who["Boris"], "api", {"audio": True})
    assert told[7][3] == {"cause": "kicked", "text": "over"}

    rows = {row["name"]: row for row in calls(tessera, "--room", "demo")}
    assert rows["Anna Berg"]["id"] == who["Anna Berg"]
    assert rows["Anna Berg"]["audio_codec"] == "PCMU"
    assert rows["Anna Berg"]["cause"] == "kicked"
    assert rows["Boris"]["cause"] == "peer_hung_up"
    assert rows["Boris"]["joined"] < rows["Boris"]["left"] <= rows["Anna Berg"]["left"]
    assert all(row["protocol"] == "sip" and row["remote_address"] == "127.0.0.1" for row in rows.values())
    assert sum(int(row["packets_received"]) for row in rows.values()) > 0
    assert calls(tessera, "--room", "other") == calls(tessera, "--since", "2100-01-01") == []
    assert stat.S_IMODE((tessera.folder / "tessera.db").stat().st_mode) == 0o600


def test_what_a_killed_server_wrote_is_there_and_the_meeting_goes_on(tessera, anna):
    until(lambda: len(calls(tessera)) == 1, 5, "the call is written")
    before = events(tessera)
    tessera.signald.kill()
    tessera.signald.start()
    tessera.wait_ready()

    told = until(lambda: (e := events(tessera))[-1][0] == "adopted" and e, 10, "the meeting is taken up")
    assert told[:-1] == before
    assert [person["name"] for person in told[-1][3]["people"]] == ["Anna Berg"]
    [call] = calls(tessera)
    assert call["left"] == ""


def test_calls_that_are_gone_after_both_daemons_were_killed_are_lost_in_the_records(tessera, anna):
    until(lambda: len(calls(tessera)) == 1, 5, "the call is written")
    tessera.signald.kill()
    tessera.mcud.kill()
    tessera.mcud.start()
    tessera.signald.start()
    tessera.wait_ready()

    call = until(lambda: (c := calls(tessera)[0])["left"] and c, 10, "the call is closed")
    assert call["cause"] == "lost"


def test_a_database_of_a_newer_version_is_refused_and_stays_as_it_is(tessera):
    tessera.signald.stop()
    with sqlite3.connect(tessera.folder / "tessera.db") as database:
        database.execute("INSERT INTO tessera_schema (version) VALUES (99)")

    refused = subprocess.run([BUILD / "signaling/tessera-signald", "--config", tessera.config],
                             cwd=tessera.folder, capture_output=True, text=True, timeout=20)

    assert refused.returncode == 1
    assert "is of version 99, this program knows versions up to" in refused.stderr
    with sqlite3.connect(tessera.folder / "tessera.db") as database:
        assert database.execute("SELECT max(version) FROM tessera_schema").fetchone() == (99,)


def test_a_disk_that_takes_no_more_records_costs_no_call(tessera, anna):
    """The writer is kept out by somebody's lock, as by a full disk; what waited is written once it is gone."""
    until(lambda: len(calls(tessera)) == 1, 5, "the call is written")
    told = metrics(tessera)
    assert float(told["tessera_records_written_total"]) == 5 and told["tessera_records_lost_total"] == "0"
    lock = sqlite3.connect(tessera.folder / "tessera.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    for layout in ("grid", "auto", "grid"):
        tessera.ctl("room", "layout", "demo", layout)
    assert [person["state"] for person in tessera.participants()] == ["joined"]
    lock.execute("ROLLBACK")
    lock.close()

    told = until(lambda: len(e := events(tessera)) == 5 and e, 15, "all is written")
    assert [kind for kind, *_ in told] == ["began", "joined", "layout", "layout", "layout"]


@pytest.fixture
def postgres(folder):
    server = Postgres(folder / "postgres").start()
    yield server
    server.stop()


def test_meetings_go_on_and_begin_while_postgresql_is_away_and_nothing_is_lost(postgres, make_tessera):
    tessera = make_tessera(signald=f'metadata = "{postgres.url}"\n', rooms="[template]\nauto_create = true\n")
    anna = Caller(tessera, 440).dial(name='"Anna" ')
    boris = Caller(tessera, 700)
    try:
        until(lambda: len(calls(tessera)) == 1, 10, "the first call is written")
        postgres.kill()
        tessera.ctl("room", "layout", "demo", "grid")
        boris.dial("made-up", name='"Boris" ')  # a room that nobody knew
        assert [person["name"] for person in tessera.participants("made-up")] == ["Boris"]
        assert tessera.ctl("cdr", "export", "--csv", check=False).returncode == 4
        spool = tessera.folder / "records.spool"
        until(lambda: spool.exists() and b"Boris" in spool.read_bytes(), 10, "the call waits on the disk")
        tessera.signald.kill()
        tessera.signald.start()  # without its database
        tessera.wait_ready()
        postgres.start()

        until(lambda: {row["name"] for row in calls(tessera)} == {"Anna", "Boris"}, 20, "all is written")
        until(lambda: spool.stat().st_size == 0, 10, "nothing waits")
        assert [kind for kind, *_ in events(tessera)] == ["began", "joined", "layout", "adopted"]
        assert [kind for kind, *_ in events(tessera, "made-up")] == ["began", "joined", "adopted"]
    finally:
        anna.close()
        boris.close()
