"""WHIP and WHEP over HTTPS, as any client speaks them: every refusal is in words, and costs nobody else anything."""

import http.client
import json
import re
import ssl
from pathlib import Path

import pytest

from support.ports import free_port

ANYBODY = ssl._create_unverified_context()  # the certificate is self-signed
OFFERS = Path(__file__).parents[1] / "unit/signaling/sdp/browser_offers.h"
OFFER = re.search(r'kChromium = R"sdp\((.*?)\)sdp"', OFFERS.read_text(), re.S)[1]


@pytest.fixture
def web(make_tessera):
    port = free_port()
    server = make_tessera(signald=f'https = "127.0.0.1:{port}"\n')
    server.https_port = port
    return server


def ask(server, path, body=OFFER, method="POST", source="127.0.0.1", **headers):
    client = http.client.HTTPSConnection("127.0.0.1", server.https_port, timeout=10, context=ANYBODY,
                                         source_address=(source, 0))
    client.request(method, path, body=body, headers={"Content-Type": "application/sdp", **headers})
    answer = client.getresponse()
    answer.content = answer.read()
    client.close()
    return answer


def told(answer):
    problem = json.loads(answer.content)
    assert answer.headers["Content-Type"] == "application/problem+json" and problem["status"] == answer.status
    return answer.status, problem["code"]


@pytest.mark.parametrize("door", ["whip", "whep"])
def test_a_media_daemon_without_ice_lets_nobody_in_and_says_so(web, door):
    answer = ask(web, f"/v1/{door}/demo?name=Anna")

    assert told(answer) == (503, "media_away")
    assert "takes no media by ICE" in json.loads(answer.content)["detail"]


def test_what_cannot_be_taken_is_refused_in_words(web):
    room = "/v1/whip/demo"
    assert told(ask(web, room, body="v=0\r\n")) == (400, "bad_sdp")
    assert told(ask(web, room, body=OFFER.replace("a=fingerprint", "a=x"))) == (400, "no_fingerprint")
    assert told(ask(web, room, body=OFFER.replace("a=ice-pwd", "a=x"))) == (400, "no_ice")
    assert told(ask(web, room, body=OFFER.replace("a=sendrecv", "a=recvonly"))) == (400, "wrong_direction")
    assert told(ask(web, room, **{"Content-Type": "text/plain"})) == (415, "wrong_type")
    assert told(ask(web, room, Accept="text/html")) == (406, "not_acceptable")
    assert told(ask(web, room, method="GET", body=None)) == (405, "method_not_allowed")
    assert told(ask(web, "/v1/whip/no%20room")) == (404, "not_found")
    assert told(ask(web, room + "/" + "0" * 32, method="DELETE", body=None)) == (404, "not_found")
    assert ask(web, room, method="OPTIONS", body=None).headers["Accept-Post"] == "application/sdp"


def test_a_flood_of_offers_is_told_to_wait_and_costs_nobody_else(web):
    statuses = {ask(web, "/v1/whip/demo", source="127.0.0.9").status for _ in range(100)}

    assert statuses == {503, 429}
    assert ask(web, "/v1/whip/demo").status == 503
    assert web.ready()
