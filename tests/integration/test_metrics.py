"""What a monitoring system is told of a running meeting."""

import json
import pathlib
import re
import urllib.error
import urllib.request

import pytest

from support.caller import Caller
from support.endpoint import gathering, prepare
from support.wait import until

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$')


def page(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return reply.read().decode()


def scrape(port):
    """(name, labels) -> value."""
    text = page(port)
    samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = SAMPLE.match(line).groups()
        samples[name, labels or ""] = float(value)
    return samples


@pytest.fixture
def meeting(tessera):
    callers = [Caller(tessera, hertz, video=True).dial(name=f'"{name}" ') for name, hertz in (("Anna", 440), ("Boris", 700))]
    yield tessera
    for caller in callers:
        caller.close()


def test_the_media_daemon_tells_what_a_meeting_costs_and_names_nobody(meeting):
    def busy():
        samples = scrape(meeting.metrics_port)
        audio = samples.get(("tessera_conference_cpu_seconds_total", '{room="demo",stage="audio"}'), 0)
        return samples if audio > 0 and samples["tessera_participants", ""] == 2 else None

    samples = until(busy, 10, "two people are in and cost something")
    assert samples["tessera_conferences", ""] == 1
    assert samples["tessera_conference_participants", '{room="demo"}'] == 2
    assert samples["process_cpu_seconds_total", ""] > 0
    assert samples["tessera_load_step", ""] == 0
    assert samples["tessera_participants_capacity_left", ""] > 0
    stages = {labels for name, labels in samples if name == "tessera_conference_cpu_seconds_total"}
    assert stages == {f'{{room="demo",stage="{stage}"}}' for stage in ("decode", "scale", "compose", "encode", "audio")}
    assert not [labels for _, labels in samples if "Anna" in labels or "Boris" in labels]


def test_decoding_has_its_share_of_what_a_meeting_with_pictures_costs(clips):
    """Two endpoints that send real pictures: each is decoded, scaled, drawn and encoded."""
    def stages():
        samples = scrape(room.server.metrics_port)
        name = "tessera_conference_cpu_seconds_total"
        cpu = {stage: samples.get((name, f'{{room="demo",stage="{stage}"}}'), 0)
               for stage in ("decode", "scale", "compose", "encode")}
        return cpu if all(seconds > 0.01 for seconds in cpu.values()) else None

    prepare(clips, 1, 2)
    with gathering(clips) as room:
        room.dial(1, 2, "--seconds", "30")
        room.wait_for_people(2)
        cpu = until(stages, 20, "every stage of pictures costs something")
        rows = room.server.ctl("top", "--once").stdout.splitlines()
    assert cpu["encode"] > cpu["scale"], cpu
    row = dict(zip(rows[0].split(), rows[1].split()))
    assert float(row["DECOD"]) > 0 and float(row["SCALE"]) > 0, rows


def test_the_signalling_daemon_tells_of_calls_messages_and_refusals_and_names_nobody(meeting):
    def settled():
        samples = scrape(meeting.signald_metrics_port)
        return samples if samples["tessera_calls", '{state="joined",transport="udp"}'] == 2 else None

    samples = until(settled, 10, "two callers are in")
    assert samples["tessera_calls_admitted_total", '{transport="udp"}'] == 2
    assert samples["tessera_sip_dialogs", '{state="answered"}'] == 2
    assert samples["tessera_sip_requests_received_total", '{method="INVITE"}'] >= 2
    assert samples["tessera_sip_responses_sent_total", '{class="2xx"}'] >= 2
    assert samples["tessera_media_daemon_connected", ""] == 1
    assert samples["tessera_newcomers_taken", ""] == 1
    assert samples["tessera_dialog_journal_calls", ""] == 2

    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://127.0.0.1:{meeting.api_port}/v1/rooms", timeout=5)
    stranger = Caller(meeting, 500)
    assert stranger.peer.invite("nowhere", stranger.sdp()).status == 404
    stranger.close()

    after = scrape(meeting.signald_metrics_port)
    assert after["tessera_calls_refused_total", '{reason="unknown_room"}'] == 1
    assert after["tessera_sip_responses_sent_total", '{class="4xx"}'] >= 1
    assert after["tessera_api_answers_total", '{code="401"}'] == 1
    assert not [labels for _, labels in after if "Anna" in labels or "demo" in labels or "nowhere" in labels]


def test_calls_that_end_are_told_by_cause_and_leave_the_gauges(meeting):
    until(lambda: scrape(meeting.signald_metrics_port)["tessera_sip_dialogs", '{state="answered"}'] == 2, 10, "both are in")
    anna = next(one["id"] for one in meeting.participants() if one["name"] == "Anna")
    meeting.api(f"/v1/rooms/demo/participants/{anna}/kick", "POST")

    def left():
        samples = scrape(meeting.signald_metrics_port)
        return samples["tessera_calls_ended_total", '{cause="removed"}'] == 1 and \
            samples["tessera_calls", '{state="joined",transport="udp"}'] == 1 and samples
    samples = until(left, 10, "the one who was removed is counted")
    assert samples["tessera_sip_requests_sent_total", '{method="BYE"}'] >= 1


@pytest.mark.parametrize("daemon", ["mcud", "signald"])
def test_names_and_help_are_as_prometheus_wants_them(meeting, daemon):
    port = meeting.metrics_port if daemon == "mcud" else meeting.signald_metrics_port
    for line in page(port).splitlines():
        if line.startswith("# HELP"):
            assert line.endswith("."), line
            name, text = line.split(" ", 3)[2:]
            assert "_seconds" not in name or re.search(r"second|time", text.lower()), line
            assert "_ratio" not in name or "0 to 1" in text, line
            assert not re.search(r"_(ms|percent|kb|mb|milliseconds)(_|$)", name), line
        elif line.startswith("# TYPE"):
            name, kind = line.split()[2:]
            assert name.endswith("_total") == (kind == "counter"), line


@pytest.mark.parametrize("daemon", ["mcud", "signald"])
def test_health_is_told_without_a_token_and_nothing_else_is_there(tessera, daemon):
    base = f"http://127.0.0.1:{tessera.metrics_port if daemon == 'mcud' else tessera.signald_metrics_port}"
    for path in ("/healthz", "/readyz"):
        assert urllib.request.urlopen(base + path, timeout=5).status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(base + "/", timeout=5)
    assert refused.value.code == 404


def test_a_signalling_daemon_whose_media_daemon_is_gone_is_not_ready_and_says_why(tessera):
    tessera.mcud.stop()

    def refused():
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{tessera.signald_metrics_port}/readyz", timeout=5)
        except urllib.error.HTTPError as error:
            return error.code == 503 and json.loads(error.read())["reason"]
    assert "media daemon" in until(refused, 10, "it is not ready")
    samples = scrape(tessera.signald_metrics_port)
    assert samples["tessera_media_daemon_connected", ""] == 0
    assert samples["tessera_media_daemon_losses_total", ""] == 1


DASHBOARD = pathlib.Path(__file__).resolve().parents[2] / "tools/deploy/grafana/tessera.json"
NAME = re.compile(r"\b(?:tessera|process)_[a-z_]+\b")


def queries():
    dashboard = json.loads(DASHBOARD.read_text())
    yield from (variable["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query")
    yield from (target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", []))


def test_every_metric_that_the_dashboard_asks_for_is_there_with_its_labels(meeting):
    def missing():
        exported = {}
        for name, labels in [*scrape(meeting.metrics_port), *scrape(meeting.signald_metrics_port)]:
            exported.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
        wrong = [query for query in queries() if not NAME.findall(query) or
                 any(name not in exported for name in NAME.findall(query)) or
                 any(label not in set().union(*(exported[name] for name in NAME.findall(query)))
                     for label in re.findall(r'(\w+)=~', query) + re.findall(r"by \((\w+)\)", query))]
        return wrong

    until(lambda: not missing(), 10, "every query of the dashboard is answered")


def test_tesseractl_shows_the_node_and_its_meetings_on_80_columns(meeting):
    def costs():
        rows = meeting.ctl("top", "--once").stdout.splitlines()
        row = next((line.split() for line in rows if line.startswith("demo ")), None)
        return rows if row and row[1] == "2" and float(row[3]) > 0 else None

    rows = until(costs, 15, "the meeting costs something")
    assert rows[0].split() == ["ROOM", "IN", "ENCS", "CPU%", "DECOD", "SCALE", "DRAW", "ENCOD", "AUDIO", "LATE", "SKIP",
                               "LOSS%", "FROZE"]
    assert max(map(len, rows)) <= 80
    node = meeting.ctl("node").stdout
    for what in ("cpu", "capacity left", "ladder", "newcomers"):
        assert what in node
