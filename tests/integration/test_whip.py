"""WHIP and WHEP over HTTPS, as any client speaks them: every refusal is in words, and costs nobody else anything."""

import http.client
import json
import re
import signal
import ssl
import subprocess
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


GUARDED = """
[[room]]
id = "open"
[[room]]
id = "board"
token_required = true
[[room]]
id = "school"
pin = "471100"
"""


@pytest.fixture
def guarded(make_tessera):
    port = free_port()
    server = make_tessera(rooms=GUARDED, signald=f'https = "127.0.0.1:{port}"\n')
    server.https_port = port
    return server


def bearer(server, *arguments):
    return "Bearer " + server.ctl("token", *arguments).stdout.strip()


def test_a_join_token_lets_in_under_its_name_and_nothing_else_does(guarded):
    room = "/v1/whip/board"
    without = ask(guarded, room)
    assert told(without) == (401, "need_token") and without.headers["WWW-Authenticate"] == "Bearer"
    assert told(ask(guarded, room, Authorization="Bearer 471100")) == (401, "need_token")
    of_another_room = bearer(guarded, "school")
    assert told(ask(guarded, room, Authorization=of_another_room)) == (401, "bad_token")
    good = bearer(guarded, "board", "--name", "Petra")
    head, claims, signature = good.split(".")
    forged = ".".join([head, of_another_room.split(".")[1], signature])
    assert told(ask(guarded, "/v1/whip/school", Authorization=forged)) == (401, "bad_token")
    assert guarded.participants("board") == []

    assert ask(guarded, room + "?name=Mallory", Authorization=good).status == 201
    assert [person["name"] for person in guarded.participants("board")] == ["Petra"]
    watcher = bearer(guarded, "board", "--role", "viewer")
    assert told(ask(guarded, room, Authorization=watcher)) == (403, "forbidden")
    assert ask(guarded, "/v1/whep/board", Authorization=watcher).status == 201


def test_who_guesses_pins_is_stopped_and_others_come_in(guarded):
    room = "/v1/whip/school"
    assert told(ask(guarded, room)) == (401, "need_pin")
    guesses = [told(ask(guarded, room, Authorization=f"Bearer {i:06}", source="127.0.0.9")) for i in range(7)]
    assert guesses == 5 * [(401, "bad_pin")] + 2 * [(429, "too_many")]
    assert told(ask(guarded, room, Authorization="Bearer 471100", source="127.0.0.9")) == (429, "too_many")

    assert ask(guarded, room, Authorization="Bearer 471100").status == 201
    assert ask(guarded, "/v1/whip/open", source="127.0.0.9").status == 201


def test_keys_are_changed_without_a_restart(guarded, folder):
    old = bearer(guarded, "board")
    key = guarded.folder / "join_key.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    guarded.config.write_text(guarded.config.read_text().replace(
        "[signald]\n", f'[signald]\njoin_keys = "{guarded.folder}/portal.pem"\n', 1))
    guarded.signald.popen.send_signal(signal.SIGHUP)
    guarded.signald.wait_for_log("join keys are not read again, the old ones stay")
    assert ask(guarded, "/v1/whip/board", Authorization=old).status == 201

    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "portal.key"],
                   check=True)
    (folder / "portal.key").chmod(0o600)
    subprocess.run(["openssl", "pkey", "-in", folder / "portal.key", "-pubout", "-out", guarded.folder / "portal.pem"],
                   check=True)
    guarded.signald.popen.send_signal(signal.SIGHUP)
    until(lambda: told(ask(guarded, "/v1/whip/board", Authorization=old)) == (401, "bad_token"), 5, "the key is void")
    new = bearer(guarded, "board", "--key", folder / "portal.key")
    assert ask(guarded, "/v1/whip/board", Authorization=new).status == 201
