"""What a monitoring system is told of a running meeting."""

import json
import pathlib
import re
import urllib.error
import urllib.request

import pytest

from support.caller import Caller
from support.wait import until

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$')


def scrape(url):
    """(name, labels) -> value, and the text."""
    with urllib.request.urlopen(url, timeout=5) as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = reply.read().decode()
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
    url = f"http://127.0.0.1:{meeting.metrics_port}/metrics"

    def busy():
        samples = scrape(url)
        audio = samples.get(("tessera_conference_cpu_seconds_total", '{room="demo",stage="audio"}'), 0)
        return samples if audio > 0 and samples["tessera_participants", ""] == 2 else None

    samples = until(busy, 10, "two people are in and cost something")
    assert samples["tessera_conferences", ""] == 1
    assert samples["tessera_conference_participants", '{room="demo"}'] == 2
    assert samples["process_cpu_seconds_total", ""] > 0
    stages = {labels for name, labels in samples if name == "tessera_conference_cpu_seconds_total"}
    assert stages == {f'{{room="demo",stage="{stage}"}}' for stage in ("decode", "scale", "compose", "encode", "audio")}
    assert not [labels for _, labels in samples if "Anna" in labels or "Boris" in labels]


def test_health_is_told_without_a_token_and_nothing_else_is_there(tessera):
    base = f"http://127.0.0.1:{tessera.metrics_port}"
    for path in ("/healthz", "/readyz"):
        assert urllib.request.urlopen(base + path, timeout=5).status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(base + "/", timeout=5)
    assert refused.value.code == 404


DASHBOARD = pathlib.Path(__file__).resolve().parents[2] / "tools/deploy/grafana/tessera.json"
NAME = re.compile(r"\b(?:tessera|process)_[a-z_]+\b")


def queries():
    dashboard = json.loads(DASHBOARD.read_text())
    yield from (variable["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query")
    yield from (target["expr"] for panel in dashboard["panels"] for target in panel["targets"])


def test_every_metric_that_the_dashboard_asks_for_is_there_with_its_labels(meeting):
    url = f"http://127.0.0.1:{meeting.metrics_port}/metrics"

    def missing():
        exported = {}
        for name, labels in scrape(url):
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
