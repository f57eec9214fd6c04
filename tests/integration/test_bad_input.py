"""What is wrong is named, where it stands; the rest goes on."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess

import pytest

from sip_peer import AUDIO, Peer, sdp
from support.ports import free_block
from support.tessera import BUILD, Tessera
from support.wait import until

MCUD, SIGNALD = BUILD / "mcu/tessera-mcud", BUILD / "signaling/tessera-signald"


# ---- session descriptions


@pytest.mark.parametrize("body, status, warning", [
    ("not a session description\r\n", 400, "line 1"),
    ("v=0\r\n", 400, "line"),
    (sdp("m=audio", *AUDIO), 400, "line 6"),
    (sdp("m=audio 99999 RTP/AVP 0"), 400, "line 6"),
    (sdp(*AUDIO) + "a" * 5000 + "\r\n", 400, "line 8"),
    (sdp("m=audio 4000 RTP/AVP 18", "a=rtpmap:18 G729/8000"), 488, "codec"),
    (sdp("m=audio 4000 RTP/SAVP 0"), 488, "no usable encryption"),
], ids=["text", "empty", "half-an-m-line", "port", "long-line", "codec", "encrypted"])
def test_a_broken_description_is_refused_with_its_place(tessera, body, status, warning):
    peer = Peer(tessera)
    answer = peer.invite("demo", body)

    assert answer.status == status, answer.first
    assert warning in answer.get("Warning")
    assert tessera.api("/v1/rooms/demo/participants") == {"participants": []}
    other = Peer(tessera)
    assert other.invite("demo", sdp(*AUDIO)).status == 200
    other.ack()
    other.bye()
    peer.close()
    other.close()


# ---- configuration


def run(program, config, seconds=20):
    """A daemon that should not start."""
    return subprocess.run([program, "--config", config], capture_output=True, text=True, timeout=seconds, check=False,
                          cwd=config.parent)


@pytest.mark.parametrize("program, settings, place, message", [
    (SIGNALD, {"rooms": '[[room]]\nid = "a"\n[[room]]\nid = "a"\n'}, 'id = "a"', 'found "a" a second time'),
    (SIGNALD, {"signald": "sipp = 5060"}, "sipp", "unknown key 'sipp'"),
    (SIGNALD, {"rooms": '[[room]]\nid = "a"\nlayuot = "grid"\n'}, "layuot", "unknown key 'layuot'"),
    (SIGNALD, {"extra": "[signalled]\n"}, "[signalled]", "unknown key 'signalled'"),
    (SIGNALD, {"signald": "log_level = info"}, "log_level", ""),
    (MCUD, {"mcud": "net_thread = 2"}, "net_thread", "unknown key 'net_thread'"),
    (MCUD, {"mcud": "net_threads = 0"}, "net_threads", "expected an integer from 1 to 64"),
    (MCUD, {"mcud": "log_level = info"}, "log_level", ""),
], ids=["duplicate-room", "unknown-key", "unknown-room-key", "unknown-table", "syntax", "mcud-unknown-key", "mcud-range",
        "mcud-syntax"])
def test_a_mistake_in_the_configuration_is_named_with_file_and_line(folder, program, settings, place, message):
    config = Tessera(folder, **settings).config
    lines = config.read_text().splitlines()
    line = max(number for number, text in enumerate(lines, 1) if text.startswith(place))

    ended = run(program, config)

    assert ended.returncode == 2, ended.stderr
    assert f"{config}:{line}:" in ended.stderr and message in ended.stderr, ended.stderr


def test_a_configuration_that_is_not_there_is_named(folder):
    for program in (SIGNALD, MCUD):
        ended = run(program, folder / "none.toml")
        assert ended.returncode == 2
        assert f"{folder}/none.toml" in ended.stderr




def test_a_layout_that_nobody_knows_is_named_with_its_room_and_refused_by_the_api(make_tessera):
    server = make_tessera(rooms='[[room]]\nid = "demo"\nlayout = "gird"\n')
    server.signald.wait_for_log('room demo: no layout "gird", drawn as auto; there are auto, ')
    peer = Peer(server)
    assert peer.invite("demo", sdp(*AUDIO)).status == 200
    peer.ack()

    status, error = ask(server, "POST", "/v1/rooms/demo/layout", '{"layout": "gird"}')

    assert (status, error["code"]) == (400, "unknown_layout")
    assert "gird" in error["message"]
    server.config.write_text(server.config.read_text().replace("gird", "speeker"))
    server.signald.popen.send_signal(signal.SIGHUP)
    server.signald.wait_for_log('room demo: no layout "speeker"')
    peer.bye()
    peer.close()


# ---- what others have taken


@contextlib.contextmanager
def taken(port, kind, address="127.0.0.1"):
    with socket.socket(socket.AF_INET, kind) as holder:
        if kind == socket.SOCK_STREAM:
            # As servers do: the rest of an ended connection is no obstacle.
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((address, port))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        yield


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
def test_a_sip_port_already_taken_is_named(folder, kind):
    server = Tessera(folder)
    with taken(server.sip_port, kind):
        ended = run(SIGNALD, server.config)
    assert ended.returncode == 1
    assert f"127.0.0.1:{server.sip_port}: Address already in use" in ended.stderr + ended.stdout


def test_an_api_port_already_taken_is_named(folder):
    server = Tessera(folder)
    with taken(server.api_port, socket.SOCK_STREAM):
        ended = run(SIGNALD, server.config)
    assert ended.returncode == 1
    assert re.search(rf"API: 127\.0\.0\.1:{server.api_port}: .*in use", ended.stderr + ended.stdout)


def test_a_control_socket_already_taken_is_named_and_its_owner_goes_on(tessera):
    ended = run(MCUD, tessera.config)

    assert ended.returncode == 1
    assert f"control socket '{tessera.folder}/mcud.sock': another process already answers there" in (
        ended.stderr + ended.stdout)
    assert tessera.ready()


def test_media_ports_that_others_took_are_passed_over_and_when_none_is_left_the_caller_hears_why(folder, make_tessera):
    first = free_block(8)
    server = make_tessera()
    text = server.config.read_text()
    server.config.write_text(re.sub(r'media_ports = ".*"', f'media_ports = "{first}-{first + 7}"', text))
    assert server.mcud.stop() == 0
    with contextlib.ExitStack() as others:
        for port in range(first, first + 6):
            others.enter_context(taken(port, socket.SOCK_DGRAM, "0.0.0.0"))
        server.mcud.start()
        until(server.ready, 10, "mcud is back")
        one, two = Peer(server), Peer(server)
        answer = one.invite("demo", sdp(*AUDIO))
        assert answer.status == 200
        assert f"m=audio {first + 6} " in answer.body
        one.ack()
        refused = two.invite("demo", sdp(*AUDIO))

        assert refused.status >= 400
        assert f"no free RTP port in {first}-{first + 7}" in refused.get("Warning")
        one.bye()
        one.close()
        two.close()


# ---- the API


def ask(tessera, method, path, body=None, token=True, host=None):
    """(status, error) of a request that is built by hand."""
    connection = http.client.HTTPConnection("127.0.0.1", tessera.api_port, timeout=10)
    headers = {"Host": host} if host else {}
    if token:
        given = (tessera.folder / "api.token").read_text().strip()
        headers["Authorization"] = "Bearer " + (given if token is True else token)
    connection.request(method, path, body=body, headers=headers)
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    assert reply.getheader("Content-Type") == "application/json", content
    return reply.status, json.loads(content)["error"]


@pytest.mark.parametrize("request_, status, code, message", [
    (("GET", "/v1/rooms/nowhere"), 404, "not_found", "no room 'nowhere'"),
    (("GET", "/v1/nothing"), 404, "not_found", "/v1/nothing"),
    (("DELETE", "/v1/rooms/demo"), 405, "method_not_allowed", "GET"),
    (("POST", "/v1/rooms/demo/mute", "{"), 400, "invalid_body", "not a JSON object"),
    (("POST", "/v1/rooms/demo/mute", "[1]"), 400, "invalid_body", "not a JSON object"),
    (("POST", "/v1/rooms/demo/mute", '{"media": "smell"}'), 400, "invalid_argument", "expected audio, video or both"),
    (("POST", "/v1/rooms/demo/layout", '{"layout": 7}'), 409, "room_empty", "nobody is in room 'demo'"),
    (("POST", "/v1/rooms/demo/mute", "x" * 70_000), 413, "too_large", "64 KiB"),
    (("GET", "/v1/rooms", None, False), 401, "unauthorized", "Authorization: Bearer"),
    (("GET", "/v1/rooms", None, "wrong"), 401, "unauthorized", "Authorization: Bearer"),
    (("GET", "/v1/rooms", None, True, "tessera.example.org"), 421, "wrong_host", "127.0.0.1"),
], ids=lambda value: " ".join(str(part)[:20] for part in value) if isinstance(value, tuple) else None)
def test_a_bad_api_request_gets_a_clear_error(tessera, request_, status, code, message):
    got, error = ask(tessera, *request_)

    assert (got, error["code"]) == (status, code), error
    assert message in error["message"]
    assert tessera.ready()


def test_http_that_is_none_does_not_hurt(tessera):
    for noise in (b"\x00" * 100, b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00" + bytes(50), b"GET / HTTP/1.1\r\nHost"):
        with socket.create_connection(("127.0.0.1", tessera.api_port), timeout=5) as connection:
            connection.sendall(noise)
    assert tessera.ready()


def test_clients_that_say_nothing_are_dropped_and_do_not_keep_others_out(tessera):
    open_files = tessera.signald.open_files()
    silent = [socket.create_connection(("127.0.0.1", tessera.api_port), timeout=10) for _ in range(300)]

    assert tessera.ready()
    assert tessera.signald.open_files() < open_files + 80
    for connection in silent:
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        connection.close()
    until(lambda: tessera.signald.open_files() <= open_files + 1, 10, "the descriptors are given back")
