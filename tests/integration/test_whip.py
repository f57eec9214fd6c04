"""WHIP and WHEP over HTTPS, as any client speaks them: every refusal is in words, and costs nobody else anything."""

import http.client
import json
import re
import ssl
from pathlib import Path

import pytest

from support.ports import free_port
from support.wait import until

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
def test_a_session_is_made_changed_and_ended(web, door):
    begun = ask(web, f"/v1/{door}/demo?name=Anna")
    assert (begun.status, begun.headers["Content-Type"]) == (201, "application/sdp")
    session, tag, sdp = begun.headers["Location"], begun.headers["ETag"], begun.content.decode()
    assert session.startswith(f"/v1/{door}/demo/")
    assert "a=ice-lite" in sdp and "a=group:BUNDLE 0 1" in sdp and "a=setup:passive" in sdp
    assert re.search(r"a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host", sdp)
    assert ("a=recvonly" if door == "whip" else "a=sendonly") in sdp
    assert [person["name"] for person in web.participants()] == ["Anna"]

    trickled = "a=ice-ufrag:xA9c\r\na=ice-pwd:Mdsg4VwF1nxjiGvexG5iiQgd\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
    patch = {"method": "PATCH", "Content-Type": "application/trickle-ice-sdpfrag"}
    assert ask(web, session, trickled, **patch, **{"If-Match": tag}).status == 204
    assert told(ask(web, session, trickled, **patch, **{"If-Match": '"x"'})) == (412, "wrong_etag")
    assert told(ask(web, session, trickled.replace("xA9c", "zzzz"), **patch)) == (422, "no_ice_restart")

    assert ask(web, session, method="DELETE", body=None).status == 200
    assert web.participants() == []
    assert told(ask(web, session, method="DELETE", body=None)) == (404, "not_found")


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
    answers = [ask(web, "/v1/whip/demo", source="127.0.0.9") for _ in range(100)]

    assert {answer.status for answer in answers} == {201, 429}
    assert len(web.participants()) == 32  # what one source may have
    assert ask(web, "/v1/whip/demo").status == 201
    assert web.ready()


def test_a_restart_of_the_media_daemon_ends_sessions_and_lets_new_ones_in(web):
    session = ask(web, "/v1/whip/demo").headers["Location"]

    web.mcud.kill()
    web.mcud.start()

    until(lambda: ask(web, "/v1/whip/demo").status == 201, 10, "somebody is let in again")
    until(lambda: ask(web, session, method="OPTIONS", body=None).status == 404, 10, "the old session is over")
