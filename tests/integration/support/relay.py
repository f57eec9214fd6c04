"""A bad network in front of the product: see tests/integration/relay/udp_relay_main.cpp.

The product announces `Relay.ADDRESS` as its public address; media ports are the same on both sides.
"""

import json
import socket
import subprocess
import threading

from .tessera import BUILD


class Relay:
    ADDRESS = "127.0.0.3"

    def __init__(self, first_port, last_port, server="127.0.0.1", seed=1):
        self.process = subprocess.Popen(
            [BUILD / "tests/integration/relay/udp_relay", self.ADDRESS, server, f"{first_port}-{last_port}", str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        first = self._answer()
        assert first.get("ready"), first

    def _answer(self):
        line = self.process.stdout.readline()
        assert line, f"the relay ended ({self.process.poll()})"
        return json.loads(line)

    def _ask(self, command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        assert "error" not in answer, answer
        return answer

    def both(self, **conditions):
        """The same conditions both ways, from now on: loss=0.05, jitter_ms=30, delay_ms=50, ..."""
        return self._ask({"up": conditions, "down": conditions})

    def up(self, **conditions):
        return self._ask({"up": conditions})

    def down(self, **conditions):
        return self._ask({"down": conditions})

    def counts(self):
        return self._ask({"count": True})

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class TcpForward:
    """Passes connections to one port of `Relay.ADDRESS` on to the server, unharmed: signalling over TCP and TLS."""

    def __init__(self, port, server):
        self.server = (server, port)
        self.listener = socket.create_server((Relay.ADDRESS, port))
        self.sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            onward = socket.create_connection(self.server)
            self.sockets += [caller, onward]
            for one, other in ((caller, onward), (onward, caller)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    @staticmethod
    def _pump(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        for each in (self.listener, *self.sockets):
            each.close()


class BadNetwork:
    """All that a caller needs to reach a server at `SERVER` through `Relay.ADDRESS`: media over a link that can be made
    bad (`link`), signalling unharmed. The server is made with `behind=BadNetwork.BEHIND`."""

    SERVER = "127.0.0.2"
    BEHIND = (SERVER, Relay.ADDRESS)

    def __init__(self, tessera, seed=1):
        first, last = tessera.media_ports
        self.link = Relay(first, last, self.SERVER, seed)
        self.sip = Relay(tessera.sip_port, tessera.sip_port, self.SERVER)
        self.tcp = [TcpForward(port, self.SERVER) for port in (tessera.sip_port, tessera.tls_port)]

    def uri(self, tessera, transport, room="demo"):
        port = tessera.tls_port if transport == "tls" else tessera.sip_port
        return f"sip:{room}@{Relay.ADDRESS}:{port};transport={transport}"

    def stop(self):
        for each in (self.link, self.sip, *self.tcp):
            each.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

