"""tools/run.sh: what somebody sees who starts Tessera for the first time, and what it does when a daemon dies."""

import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest

from sip_peer import AUDIO, Peer, sdp
from support.ports import free_block, free_port
from support.process import Process
from support.tessera import BUILD, ROOT
from support.wait import until


class Run:
    """tools/run.sh in a session of its own, as in a terminal, with the programs of this build."""

    def __init__(self, folder, *arguments, hosts=("127.0.0.1",), signald="", extra="", rooms="[template]\nauto_create = true\n"):
        self.folder = folder
        self.address = "127.0.0.1"
        self.port = self.sip_port = free_port(also=1)
        self.api_port = free_port()
        self.media_port = free_block(100)
        self.config = folder / "tessera.toml"
        listeners = ", ".join(f'"udp:{host}:{self.sip_port}"' for host in hosts)
        self.config.write_text(
            f'[signald]\nsip = [{listeners}]\napi = "127.0.0.1:{self.api_port}"\n'
            f'token_file = "{folder}/api.token"\nmcud = "unix:{folder}/mcud.sock"\n{signald}'
            f'[mcud]\ncontrol = "unix:{folder}/mcud.sock"\n'
            f'media_ports = "{self.media_port}-{self.media_port + 99}"\n{extra}{rooms}'
        )
        self.arguments = arguments
        self.popen = None

    def start(self):
        self.log_file = self.folder / "run.log"
        with open(self.log_file, "wb") as log:
            self.popen = subprocess.Popen(
                [ROOT / "tools/run.sh", "--config", self.config, *self.arguments], cwd=self.folder,
                env={**os.environ, "TESSERA_BUILD": str(BUILD)}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
                # A test run in the background has SIGINT ignored, and a shell cannot trap what it inherited as ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        return self

    def log(self):
        return self.log_file.read_text(errors="replace")

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.api_port}/readyz", timeout=2) as reply:
                return reply.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def wait_ready(self):
        until(lambda: "Ctrl-C ends it" in self.log(), 20, f"run.sh says that it is ready:\n{self.log()}")
        until(self.ready, 10, f"the API is ready:\n{self.log()}")
        return self

    def daemon(self, name):
        """PID of a daemon that this run.sh started; nothing while it is away."""
        return self.process_with(str(self.config), name)

    @staticmethod
    def process_with(text, name="tessera-endpoint"):
        """PID of a program by its name and what stands in its arguments."""
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                program, *arguments = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if program.endswith(name) and any(text in argument for argument in arguments):
                return int(entry.name)
        return None

    def ctrl_c(self):
        os.killpg(self.popen.pid, signal.SIGINT)

    def wait_end(self, seconds=15):
        return self.popen.wait(seconds)

    def stop(self):
        """Whatever the test left, by its PID."""
        if self.popen is not None and self.popen.poll() is None:
            self.ctrl_c()
            try:
                self.wait_end()
            except subprocess.TimeoutExpired:
                os.killpg(self.popen.pid, signal.SIGKILL)
                self.popen.wait()
        for name in ("tessera-signald", "tessera-mcud"):
            if pid := self.daemon(name):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def make_run(folder):
    made = []

    def make(*arguments, **settings):
        made.append(Run(folder, *arguments, **settings))
        return made[-1].start()

    yield make
    for run in made:
        run.stop()


def test_it_says_what_to_dial_and_ctrl_c_ends_both_daemons_without_noise(make_run):
    run = make_run().wait_ready()
    assert f"sip:demo@127.0.0.1:{run.sip_port}\n" in run.log()
    command = re.search(r"^  (\S*tesseractl .*room list)$", run.log(), re.MULTILINE).group(1)
    listing = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True, check=True, timeout=20)
    assert listing.stdout.startswith("ROOM\t")

    run.ctrl_c()

    assert run.wait_end() == 0, run.log()
    assert run.daemon("tessera-mcud") is None and run.daemon("tessera-signald") is None
    for ugly in ("Killed", "Terminated", "line ", " warning ", " error ", "No such"):
        assert ugly not in run.log(), run.log()


def test_the_demo_has_three_people_to_meet_and_leaves_no_one_behind(make_run, folder):
    run = make_run("--demo", hosts=("127.0.0.1", "[::1]")).wait_ready()
    list_people = [BUILD / "tools/ctl/tesseractl", "--url", f"http://127.0.0.1:{run.api_port}", "--token-file",
                   folder / "api.token", "room", "show", "demo"]

    def joined():
        shown = subprocess.run(list_people, capture_output=True, text=True, timeout=20).stdout
        return shown.count("\tjoined\t") == 3

    until(joined, 40, f"three people in room demo:\n{run.log()}")
    run.ctrl_c()
    assert run.wait_end() == 0, run.log()
    assert run.process_with(f":{run.sip_port}") is None, "the synthetic participants have gone"


def test_the_rooms_of_a_file_are_all_there_are(make_run):
    run = make_run(rooms='[[room]]\nid = "board"\n').wait_ready()

    assert f"Dial a room of the file, for example:\n  sip:board@127.0.0.1:{run.sip_port}\n" in run.log()
    for room, status in (("board", 200), ("demo", 404)):
        peer = Peer(run)
        assert peer.invite(room, sdp(*AUDIO)).status == status, room
        if status == 200:
            peer.ack()
            assert peer.bye().status == 200
        peer.close()


def test_a_file_without_rooms_is_told_of(make_run):
    run = make_run(rooms="").wait_ready()
    assert "there is no room to dial" in run.log()


@pytest.mark.skipif(not (BUILD / "signaling/web/page").is_dir(), reason="this build has no page")
def test_it_says_where_a_browser_comes_in_and_the_page_is_there(make_run):
    port = free_port()

    run = make_run(signald=f'https = "127.0.0.1:{port}"\n').wait_ready()

    url = f"https://127.0.0.1:{port}/r/demo"
    assert f"  {url}\n" in run.log()
    with urllib.request.urlopen(url, timeout=5, context=ssl._create_unverified_context()) as reply:
        assert b"<title>Tessera</title>" in reply.read()
        assert "script-src 'self'" in reply.headers["Content-Security-Policy"]


def test_it_listens_to_both_families_on_one_port(make_run):
    run = make_run(hosts=("127.0.0.1", "[::1]")).wait_ready()
    assert f"sip:demo@[::1]:{run.sip_port}\n" in run.log()
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as phone:
            phone.bind((host, 0))
            phone.settimeout(5)
            name = f"[{host}]" if ":" in host else host
            mine = f"{name}:{phone.getsockname()[1]}"
            phone.sendto(
                f"OPTIONS sip:demo@{name}:{run.sip_port} SIP/2.0\r\nVia: SIP/2.0/UDP {mine};branch=z9hG4bK-1\r\n"
                f"From: <sip:phone@{mine}>;tag=1\r\nTo: <sip:demo@{name}>\r\nCall-ID: {family.name}\r\n"
                f"CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n".encode(),
                (host, run.sip_port))
            assert phone.recv(65536).startswith(b"SIP/2.0 200"), host


@pytest.mark.parametrize("name", ["tessera-mcud", "tessera-signald"])
def test_a_daemon_that_is_killed_comes_back(make_run, name):
    run = make_run().wait_ready()
    for _ in range(2):
        victim = run.daemon(name)

        os.kill(victim, signal.SIGKILL)

        until(lambda: run.daemon(name) not in (None, victim), 10, f"another {name}:\n{run.log()}")
        until(run.ready, 10, f"the API is ready again:\n{run.log()}")
    assert f"{name} ended with status 137; again in 0.1 s" in run.log()
    assert f"{name} ended with status 137; again in 0.2 s" in run.log(), "the back-off grows"
    run.ctrl_c()
    assert run.wait_end() == 0
    assert "Killed" not in run.log(), "bash told of it"


def test_a_port_that_is_taken_is_named_and_ends_all(make_run, folder):
    taken = free_port(also=1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", taken))
        run = Run(folder)
        run.config.write_text(run.config.read_text().replace(str(run.sip_port), str(taken)))
        try:
            assert run.start().wait_end() == 1
        finally:
            run.stop()
    assert f"listen for SIP on 127.0.0.1:{taken}: Address already in use" in run.log()
    assert "tessera-signald cannot start" in run.log()
    assert "again in" not in run.log(), run.log()
    assert "is ready" not in run.log(), run.log()


@pytest.mark.parametrize("extra, place", [("colour = 3\n", "9:1"), ('[[room]]\nid = "a b"\n', "10:6")])
def test_a_mistake_in_the_file_of_either_daemon_is_named_and_ends_all(make_run, extra, place):
    run = make_run(extra=extra)
    assert run.wait_end() != 0
    assert f"tessera.toml:{place}: " in run.log(), run.log()
    assert "is ready" not in run.log() and "again in" not in run.log(), run.log()


def test_a_relative_file_is_looked_for_where_the_caller_stands(folder):
    seen = subprocess.run([ROOT / "tools/run.sh", "--config", "no-such.toml"], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "TESSERA_BUILD": str(BUILD)}, timeout=20)
    assert seen.returncode != 0
    assert f"{folder}/no-such.toml" in seen.stderr


@pytest.mark.parametrize("arguments", [["--deno"], ["--config"]])
def test_wrong_usage_is_told(folder, arguments):
    seen = subprocess.run([ROOT / "tools/run.sh", *arguments], cwd=folder, capture_output=True, text=True, timeout=20)
    assert seen.returncode == 2
    assert seen.stderr.startswith("usage: tools/run.sh")
