"""Both daemons on free ports of 127.0.0.1, with a configuration of their own."""

import json
import os
import pathlib
import socket
import subprocess
import urllib.error
import urllib.request

from .ports import free_block, free_port
from .process import Process
from .wait import until

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("TESSERA_BUILD", ROOT / "build-release")).resolve()

# Test callers hum steady tones, which are noise to a noise suppressor and of no level it should keep.
PLAIN_SOUND = "noise_suppression = false\nlevel_voices = false\n"

# All callers of a test are one source: 127.0.0.1.
RAISED = "requests_per_second = 100000\nrequest_burst = 100000\nmax_unadmitted_calls = 10000\n"

ROOMS = f"""
[[room]]
id = "demo"
name = "Demo"
{PLAIN_SOUND}"""


class Tessera:
    def __init__(self, folder, rooms=ROOMS, mcud="", signald="", extra="", address="127.0.0.1", media_ports=400,
                 also_at=(), behind=None, limits=RAISED):
        """`behind`: (address, public address) of listeners more, as behind a 1:1 NAT; the same ports."""
        self.folder = folder
        self.address = address
        hosts = [f"[{one}]" if ":" in one else one for one in (address, *also_at)]
        self.port = self.sip_port = free_port(also=1)
        self.tls_port = self.sip_port + 1
        self.api_port = free_port()
        self.metrics_port = free_port()
        self.signald_metrics_port = free_port()
        media = free_block(media_ports)
        self.media_ports = (media, media + media_ports - 1)
        self.config = folder / "tessera.toml"
        ports = {"udp": self.sip_port, "tcp": self.sip_port, "tls": self.tls_port}
        listens = ", ".join(f'"{kind}:{host}:{port}"' for host in hosts for kind, port in ports.items())
        self.config.write_text(
            f"{extra}\n[signald]\n"
            f'sip = [{listens}]\n'
            f'api = "127.0.0.1:{self.api_port}"\n'
            f'metrics = "127.0.0.1:{self.signald_metrics_port}"\n'
            f'token_file = "{folder}/api.token"\n'
            f'mcud = "unix:{folder}/mcud.sock"\n{limits}{signald}\n'
            f'[mcud]\ncontrol = "unix:{folder}/mcud.sock"\n'
            f'metrics = "127.0.0.1:{self.metrics_port}"\n'
            f'media_ports = "{media}-{media + media_ports - 1}"\n{mcud}\n{rooms}{self._listeners(*behind) if behind else ""}'
        )
        self.mcud = Process("mcud", [BUILD / "mcu/tessera-mcud", "--config", self.config], folder)
        self.signald = Process("signald", [BUILD / "signaling/tessera-signald", "--config", self.config], folder)

    def _listeners(self, address, public_address):
        return "".join(
            f'\n[[signald.listener]]\ntransport = {transport}\naddress = "{address}"\nport = {port}\n'
            f'public_address = "{public_address}"\n'
            for transport, port in (('["udp", "tcp"]', self.sip_port), ('"tls"', self.tls_port))
        )

    def start(self):
        self.mcud.start()
        self.mcud.wait_for_log("ready control=")
        self.signald.start()
        self.wait_ready()
        return self

    def wait_ready(self, seconds=15):
        until(self.ready, seconds, "signald is ready:\n" + self.signald.log()[-2000:])

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.api_port}/readyz", timeout=2) as reply:
                return reply.status == 200
        except (urllib.error.URLError, ConnectionError, socket.timeout, TimeoutError):
            return False

    def stop(self):
        codes = (self.signald.stop(), self.mcud.stop())
        return codes

    def participants(self, room="demo"):
        return self.api(f"/v1/rooms/{room}/participants")["participants"]

    def uri(self, room="demo", transport="udp", address=None):
        address = address or self.address
        host = f"[{address}]" if ":" in address else address
        port = self.tls_port if transport == "tls" else self.sip_port
        return f"sip:{room}@{host}:{port};transport={transport}"

    def api(self, path, method="GET", body=None, raw=False):
        request = urllib.request.Request(f"http://127.0.0.1:{self.api_port}{path}", method=method)
        request.add_header("Authorization", "Bearer " + (self.folder / "api.token").read_text().strip())
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, data=data, timeout=10) as reply:
            content = reply.read()
        return content if raw else (json.loads(content) if content else None)

    def ctl(self, *arguments, check=True):
        """tesseractl against this server."""
        return subprocess.run(
            [BUILD / "tools/ctl/tesseractl", "--url", f"http://127.0.0.1:{self.api_port}",
             "--token-file", self.folder / "api.token", *map(str, arguments)],
            cwd=self.folder, capture_output=True, text=True, timeout=30, check=check,
        )
