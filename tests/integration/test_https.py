"""Browsers come by HTTPS: the page, and nothing of the API; whoever holds connections open keeps nobody out."""

import http.client
import json
import signal
import socket
import ssl
import time

import pytest

from support.ports import free_port
from support.wait import until

ANYBODY = ssl._create_unverified_context()  # the certificate is self-signed


@pytest.fixture
def web(folder, make_tessera):
    page = folder / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>Tessera</title>")
    (page / "assets/main-1a2b.js").write_text("let a = 1;")
    port = free_port()
    server = make_tessera(signald=f'https = "127.0.0.1:{port}"\npage = "{page}"\n')
    server.https_port, server.page = port, page
    return server


def ask(server, path, method="GET", source="127.0.0.1", body=None, headers=None):
    client = http.client.HTTPSConnection("127.0.0.1", server.https_port, timeout=10, context=ANYBODY,
                                         source_address=(source, 0))
    client.request(method, path, body=body, headers=headers or {})
    answer = client.getresponse()
    answer.content = answer.read()
    client.close()
    return answer


def test_the_page_is_served_and_read_again_at_a_reload(web):
    first = ask(web, "/r/demo")
    assert (first.status, first.content) == (200, b"<!doctype html><title>Tessera</title>")
    assert "default-src 'none'" in first.headers["Content-Security-Policy"]
    assert ask(web, "/assets/main-1a2b.js").headers["Content-Type"] == "text/javascript; charset=utf-8"

    (web.page / "index.html").write_text("new")
    web.signald.popen.send_signal(signal.SIGHUP)

    until(lambda: ask(web, "/", source="127.0.0.2").content == b"new", 5, "the new page is served")


def test_what_is_for_administrators_is_not_there(web):
    token = (web.folder / "api.token").read_text().strip()
    for path in ("/v1/rooms", "/metrics", "/healthz", "/api.token", "/%2e%2e/server-0/api.token"):
        answer = ask(web, path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status in (400, 404), path


def test_ten_thousand_headers_and_endless_ones_are_refused_and_cost_nobody_else(web):
    with socket.create_connection(("127.0.0.1", web.https_port), timeout=10) as plain:
        with ANYBODY.wrap_socket(plain) as client:
            try:
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
                for number in range(10_000):
                    client.sendall(f"X-{number}: {'x' * 50}\r\n".encode())
                client.sendall(b"\r\n")
                said = client.recv(4096)
            except (ConnectionError, ssl.SSLError):
                said = b""  # closed while we were speaking
    assert said == b"" or said.startswith(b"HTTP/1.1 4")
    assert ask(web, "/").status == 200


def test_a_thousand_silent_connections_keep_nobody_out(web):
    held = []
    for number in range(1000):
        client = socket.socket()
        client.bind((f"127.0.1.{number % 20 + 1}", 0))
        client.connect(("127.0.0.1", web.https_port))
        held.append(client)
        if number % 2:
            client.sendall(b"\x16\x03\x01")  # the beginning of a handshake

    taken = []
    for number in range(100):
        begin = time.monotonic()
        assert ask(web, "/", source=f"127.0.2.{number % 10 + 1}").status == 200
        taken.append(time.monotonic() - begin)

    for client in held:
        client.close()
    assert sorted(taken)[98] < 0.3, f"p99 {sorted(taken)[98]:.3f} s"
    assert web.ready()


def test_a_body_that_is_too_large_is_refused_in_words(web):
    answer = ask(web, "/", method="POST", body=b"x" * 1_000_001)
    assert (answer.status, json.loads(answer.content)["code"]) == (413, "too_large")
