"""An administrator at the keyboard: tesseractl against a running server with callers in a room."""

import http.server
import subprocess
import threading

import PIL.Image
import pytest

from support.caller import Caller
from support.tessera import BUILD, PLAIN_SOUND
from support.wait import until

ROOMS = f"""
[[room]]
id = "demo"
name = "Demo"
{PLAIN_SOUND}[[room]]
id = "empty"
"""


@pytest.fixture
def server(make_tessera):
    return make_tessera(rooms=ROOMS)


@pytest.fixture
def anna(server, make_baresip):
    return make_baresip("Anna Berg", 440, "0x2050c0", audio_codec="PCMU/8000/1").dial(server.uri())


@pytest.fixture
def boris(server):
    """Has ears whose tones we can measure and sees Anna (who is seen by nobody is not decoded); shows nothing."""
    caller = Caller(server, 700, video=True).dial(name='"Boris" ')
    yield caller
    caller.close()


def row(text, first):
    return next((line.split("\t") for line in text.splitlines() if first in line.split("\t")), None)


def test_rooms_and_participants_are_listed(server, anna, boris):
    listed = server.ctl("room", "list").stdout
    assert row(listed, "demo") == ["demo", "2/50", "auto", "Demo"]
    assert row(listed, "empty") == ["empty", "0/50", "auto", "empty"]

    shown = server.ctl("room", "show", "demo").stdout
    assert row(shown, "participants")[1] == "2/50"
    assert row(shown, "Anna Berg")[2] == row(shown, "Boris")[2] == "joined"


def test_a_snapshot_is_the_picture_of_the_room(server, anna, boris, folder):
    png = folder / "room.png"

    def picture_of_anna():
        server.ctl("room", "snapshot", "demo", "-o", png)
        picture = PIL.Image.open(png).convert("RGB")
        assert picture.size == (1280, 720)
        blue = sum(1 for r, g, b in picture.resize((160, 90)).getdata() if b > 150 and r < 90 and g < 130)
        return blue > 0.1 * 160 * 90

    until(picture_of_anna, 10, "Anna's clip is in the snapshot")
    own = folder / "boris.png"
    server.ctl("room", "snapshot", "demo", "-p", "Anna Berg", "-o", own)
    assert PIL.Image.open(own).size == (1280, 720)


def test_a_layout_is_chosen_by_name(server, anna, boris):
    server.ctl("room", "layout", "demo", "1+5")
    assert row(server.ctl("room", "list").stdout, "demo")[2] == "1+5"

    server.ctl("room", "layout", "demo", "grid", "-p", "Boris")
    assert [p["layout"] for p in server.participants() if p["name"] == "Boris"] == ["grid"]

    wrong = server.ctl("room", "layout", "demo", "nonsense", check=False)
    assert wrong.returncode == 1
    assert "no layout 'nonsense'; there are auto" in wrong.stderr


def test_who_is_muted_is_not_heard_until_unmuted(server, anna, boris):
    until(lambda: boris.audio.hears(440), 10, lambda: f"Boris hears Anna: {boris.audio.level_dbfs(440)}")

    server.ctl("room", "mute", "demo", "-p", "Anna Berg")
    until(lambda: boris.audio.level_dbfs(440) < -60, 5, "Anna is silent")
    assert "audio_muted" in row(server.ctl("room", "show", "demo").stdout, "Anna Berg")[4]

    server.ctl("room", "unmute", "demo", "-p", "Anna Berg")
    until(lambda: boris.audio.hears(440), 5, "Anna is heard again")


def test_who_is_kicked_gets_a_bye_and_is_gone(server, anna, boris):
    server.ctl("room", "kick", "demo", "-p", "Anna Berg", "--reason", "lunch")
    until(lambda: anna.saw("CALL_CLOSED"), 5, "Anna's call ended")
    until(lambda: len(server.participants()) == 1, 5, "Boris alone")

    server.ctl("room", "kick", "demo")
    bye = boris.peer.incoming("BYE")
    boris.peer.respond(bye)
    until(lambda: row(server.ctl("room", "list").stdout, "demo")[1] == "0/50", 5, "nobody is there")


def test_mistakes_have_exit_codes_and_words(server, anna):
    unknown = server.ctl("room", "show", "nowhere", check=False)
    assert (unknown.returncode, unknown.stderr) == (3, "tesseractl: no room 'nowhere'\n")
    nobody = server.ctl("room", "mute", "demo", "-p", "Zoe", check=False)
    assert (nobody.returncode, nobody.stderr) == (3, "tesseractl: no participant 'Zoe' in room 'demo'\n")
    assert "nobody is in room 'empty'" in server.ctl("room", "snapshot", "empty", "-o", "x.png", check=False).stderr
    assert server.ctl("room", "dance", check=False).returncode == 2


@pytest.mark.parametrize("body", ['{"rooms": 5}', '{"rooms": [{"id": 7}]}', "[]", '{"error": "no"}', "nonsense"])
def test_a_server_that_answers_something_else_is_named_and_not_crashed_on(folder, body):
    class Odd(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Odd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    token = folder / "token"
    token.write_text("x" * 32 + "\n")
    token.chmod(0o600)
    try:
        ended = subprocess.run(
            [BUILD / "tools/ctl/tesseractl", "--url", f"http://127.0.0.1:{server.server_port}",
             "--token-file", token, "room", "list"], capture_output=True, text=True, timeout=30)
    finally:
        server.shutdown()
        server.server_close()
    assert ended.returncode == 1, ended
    assert ended.stderr.startswith("tesseractl: /v1/rooms: the answer is not "), ended.stderr
