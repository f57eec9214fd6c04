"""Admission by measured load, and what the node says of itself."""

import json
import urllib.error
import urllib.request

from sip_peer import AUDIO, Peer, sdp
from support.api import Api
from support.endpoint import PATIENCE, Endpoint, prepare
from support.wait import until

# 720p, drawn and encoded: three of them take about a fifth of a core, ten percent of two.
PICTURE = ["--size", "1280x720", "--fps", "30", "--kbps", "1000", "--clip-seconds", "2", "--no-analysis", "--seconds", "0"]


def start_refusing(server):
    """As start(), but this one is never ready for newcomers."""
    server.mcud.start()
    server.mcud.wait_for_log("ready control=")
    server.signald.start()
    server.signald.wait_for_log("media daemon is there")


def readiness(server):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.api_port}/readyz", timeout=2) as reply:
            return reply.status, reply.headers, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)


def test_a_node_at_its_load_limit_refuses_newcomers_by_sip_and_by_rest(make_tessera):
    server = make_tessera(mcud="load_limit_percent = 0", start=False)
    start_refusing(server)
    until(lambda: readiness(server)[2].get("error", {}).get("code") == "overloaded", 5, "the load is known")

    peer = Peer(server)
    answer = peer.invite("demo", sdp(*AUDIO))
    peer.close()

    assert (answer.status, answer.get("Retry-After")) == (503, "10"), answer.first
    assert "the media daemon is loaded to" in answer.get("Warning")
    assert "its limit is 0 %" in answer.get("Warning")
    status, headers, body = readiness(server)
    assert (status, headers["Retry-After"]) == (503, "10")
    assert "its limit is 0 %" in body["error"]["message"]
    assert "newcomers are refused" in server.mcud.log()


def test_the_node_tells_its_load_its_step_and_the_capacity_left(make_tessera):
    server = make_tessera(mcud="max_sessions = 9")

    def load():
        return Api(server).call("GET", "/v1/node", 200)["load"]

    until(lambda: load()["cpu_share"] > 0, 5, "a second look at the load")
    told = load()
    assert told["step"] == 0 and told["step_name"] == "" and told["refusal"] == ""
    assert told["capacity_left"] == 9


def test_newcomers_are_refused_while_those_who_are_in_load_the_node_and_let_in_after_them(make_tessera, folder, clips):
    prepare(clips, 1, 3, picture=PICTURE)
    server = make_tessera(mcud="load_limit_percent = 4")
    caller = Endpoint(folder, clips, server.uri(), 1, 3, PICTURE).start()
    peer = Peer(server)
    try:
        until(lambda: len(server.participants()) == 3, 20, "all three are in")
        until(lambda: readiness(server)[0] == 503, 30, "their pictures are a load")
        answer = peer.invite("demo", sdp(*AUDIO))
        assert (answer.status, answer.get("Retry-After")) == (503, "10"), answer.first
        assert "its limit is 4 %" in answer.get("Warning")
        assert len(server.participants()) == 3, "who is in stays"

        caller.hang_up()
        caller.process.popen.wait(PATIENCE)
        until(lambda: readiness(server)[0] == 200, 40, "the load is gone")
        assert peer.invite("demo", sdp(*AUDIO)).status == 200
    finally:
        caller.stop()
        peer.close()
