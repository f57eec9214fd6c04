"""The HTTP API of the running server, with people in the room, against docs/openapi.yaml."""

import io
import os
import signal

import PIL.Image
import pytest

from support.api import ROUTES, Api
from support.tessera import ROOMS
from support.wait import until

ROOM = "/v1/rooms/{room}"
PERSON = "/v1/rooms/{room}/participants/{participant}"


@pytest.fixture
def api(tessera):
    return Api(tessera)


def people(api, room="demo"):
    listed = api.call("GET", ROOM + "/participants", 200, room=room)["participants"]
    return {person["name"]: person for person in listed}


def wait_for_media(api, names, room="demo"):
    """Everybody's sound and picture arrive, and the statistics tell."""
    def look():
        there = people(api, room)
        return set(there) == set(names) and all(
            len(p["streams"]) == 2 and all(s["packets_received"] > 0 and s["packets_sent"] > 0 for s in p["streams"])
            for p in there.values()) and there
    return until(look, 15, f"media of {names}: {people(api, room)}")


def test_every_route_answers_as_the_document_says(tessera, api, make_baresip):
    anna = make_baresip("Anna Berg", 440, "0x2050c0").dial(tessera.uri())
    make_baresip("Boris Klein", 700, "0x20a040").dial(tessera.uri())
    there = wait_for_media(api, ["Anna Berg", "Boris Klein"])
    who = {"room": "demo", "participant": there["Anna Berg"]["id"]}

    assert api.call("GET", "/healthz", 200, headers={"Authorization": None}) == {"status": "ok"}
    assert api.call("GET", "/readyz", 200, headers={"Authorization": None}) == {"status": "ready"}
    assert "h264" in [codec.lower() for codec in api.call("GET", "/v1/node", 200)["video_codecs"]]
    assert {"grid", "1+5", "1+7", "side-by-side", "speaker"} <= set(api.call("GET", "/v1/layouts", 200)["layouts"])
    assert [room["id"] for room in api.call("GET", "/v1/rooms", 200)["rooms"]] == ["demo"]
    room = api.call("GET", ROOM, 200, room="demo")
    assert room["participant_count"] == 2 and room["conference"]["encoders"] > 0
    png = api.call("GET", ROOM + "/snapshot.png", 200, room="demo")
    assert PIL.Image.open(io.BytesIO(png)).size == (1280, 720)
    png = api.call("GET", ROOM + "/snapshot.png", 200, room="demo", query="?participant=" + who["participant"])
    assert PIL.Image.open(io.BytesIO(png)).size == (1280, 720)

    for path in (ROOM, PERSON):
        api.call("POST", path + "/layout", 200, {"layout": "grid"}, **who)
        api.call("POST", path + "/self-view", 200, {"self_view": "show"}, **who)
        api.call("POST", path + "/pin", 200, {"participants": [who["participant"]]}, **who)
        api.call("POST", path + "/mute", 200, {"media": "both"}, **who)
        assert all(p["audio_muted"] and p["video_muted"] for name, p in people(api).items()
                   if path == ROOM or name == "Anna Berg")
        api.call("POST", path + "/unmute", 200, {"media": "both"}, **who)
        assert not any(p["audio_muted"] or p["video_muted"] for p in people(api).values())
    assert api.call("GET", ROOM, 200, room="demo")["layout"] == "grid"
    assert people(api)["Anna Berg"]["self_view"] == "show"
    assert api.call("GET", ROOM, 200, room="demo")["pinned"] == [who["participant"]]
    assert people(api)["Anna Berg"]["pinned"] == [who["participant"]]
    api.call("POST", PERSON + "/roles", 200, {"roles": ["host"]}, **who)
    assert people(api)["Anna Berg"]["roles"] == ["host"]
    api.call("POST", PERSON + "/layout", 200, {"layout": ""}, **who)
    assert people(api)["Anna Berg"]["layout"] == ""

    api.call("POST", PERSON + "/kick", 200, {"reason": "a test"}, **who)
    until(lambda: anna.saw("CALL_CLOSED"), 10, "the call of the one who was kicked has ended")
    until(lambda: list(people(api)) == ["Boris Klein"], 10, "the other one stays")
    api.call("POST", ROOM + "/kick", 200, **who)
    until(lambda: not people(api), 10, "nobody is left")
    kinds = [event["kind"] for event in api.call("GET", ROOM + "/events", 200, room="demo")["events"]]
    assert kinds[:3] == ["began", "joined", "joined"] and kinds[-1] == "ended"
    assert {call["name"] for call in api.call("GET", "/v1/calls", 200)["calls"]} == {"Anna Berg", "Boris Klein"}

    assert api.succeeded == ROUTES, f"not called: {sorted(ROUTES - api.succeeded)}"


def test_what_is_wrong_is_answered_in_the_shape_of_the_document(tessera, api, make_baresip):
    def code(*arguments, **settings):
        return api.call(*arguments, **settings)["error"]["code"]

    for token in (None, "Bearer wrong", f"Basic {api.token}", f"Bearer {api.token}x"):
        assert code("GET", "/v1/rooms", 401, headers={"Authorization": token}) == "unauthorized"
    assert code("GET", "/v1/rooms", 421, headers={"Host": "rebound.example:8060"}) == "wrong_host"
    assert code("GET", "/healthz", 421, headers={"Host": "rebound.example"}) == "wrong_host"
    assert code("POST", ROOM + "/layout", 413, b"{" + b" " * 65536, room="demo") == "too_large"
    assert code("POST", ROOM + "/layout", 411, b"0\r\n\r\n", room="demo",
                headers={"Content-Length": None, "Transfer-Encoding": "chunked"}) == "length_required"
    assert code("GET", "/v1/nothing", 404) == "not_found"
    assert code("DELETE", ROOM, 405, room="demo") == "method_not_allowed"
    for path in ("", "/participants", "/snapshot.png"):
        assert code("GET", ROOM + path, 404, room="nowhere") == "not_found"
    assert code("POST", ROOM + "/mute", 409, room="demo") == "room_empty"
    assert code("GET", ROOM + "/snapshot.png", 409, room="demo") == "room_empty"

    make_baresip("Anna Berg", 440, "0x2050c0").dial(tessera.uri())
    wait_for_media(api, ["Anna Berg"])
    for body in (b"{", b"[1]", b"\xff\xfe", b'"text"', b"[" * 60000):
        assert code("POST", ROOM + "/layout", 400, body, room="demo") == "invalid_body"
    assert code("POST", ROOM + "/layout", 400, {"layout": "no-such"}, room="demo") == "unknown_layout"
    for path, body in (("/layout", {}), ("/layout", {"layout": 5}), ("/self-view", {"self_view": "perhaps"}),
                       ("/mute", {"media": "smell"}), ("/kick", {"reason": []})):
        assert code("POST", ROOM + path, 400, body, room="demo") == "invalid_argument"
    for verb in ("mute", "unmute", "kick"):
        assert code("POST", PERSON + "/" + verb, 404, room="demo", participant="nobody") == "not_found"
    assert code("GET", ROOM + "/snapshot.png", 404, room="demo", query="?participant=nobody") == "not_found"
    assert list(people(api)) == ["Anna Berg"], "and she never noticed"


def test_without_the_media_daemon_it_says_so(tessera, api):
    tessera.mcud.stop()
    until(lambda: not tessera.ready(), 10, "signald notices")

    for path in ("/readyz", "/v1/node", "/v1/layouts"):
        assert api.call("GET", path, 503)["error"]["message"]
    assert api.call("GET", "/healthz", 200) == {"status": "ok"}


def test_sighup_brings_rooms_limits_and_the_log_level_into_force(tessera, api, make_baresip):
    make_baresip("Anna Berg", 440, "0x2050c0").dial(tessera.uri())
    boris = make_baresip("Boris Klein", 700, "0x20a040")
    with pytest.raises(AssertionError, match="404"):
        boris.dial(tessera.uri("board"))
    before = tessera.config.read_text()

    def reload(text):
        tessera.config.write_text(text)
        os.kill(tessera.signald.pid, signal.SIGHUP)

    reload(before.replace(ROOMS, ROOMS + 'max_participants = 1\nlayout = "speaker"\n[[room]]\nid = "board"\n')
           .replace("[signald]\n", '[signald]\nlog_level = "warning"\npublic_address = "127.0.0.1"\n'))

    until(lambda: api.call("GET", ROOM, 200, room="demo")["layout"] == "speaker", 10, "the file is read again")
    assert "warning signald signald.public_address changed: needs a restart" in tessera.signald.log()
    boris.events.clear()
    with pytest.raises(AssertionError, match="486"):
        boris.dial(tessera.uri("demo"))
    boris.events.clear()
    boris.dial(tessera.uri("board"))
    assert list(people(api)) == ["Anna Berg"], "who was in stays in"
    assert list(people(api, "board")) == ["Boris Klein"]
    assert "invite room=board" in tessera.signald.log(), "the call that got 404"
    assert tessera.signald.log().count("invite room=board") == 1, "info lines are not wanted any more"

    reload(before + "[[room]]\nid = 5\n")

    until(lambda: "not reloaded, all stays as it was" in tessera.signald.log(), 10, "the mistake is told")
    assert api.call("GET", ROOM, 200, room="demo")["max_participants"] == 1
