"""A bad network in front of the product: see tests/integration/relay/udp_relay_main.cpp.

The product announces `Relay.ADDRESS` as its public address; media ports are the same on both sides.
"""

import json
import subprocess

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
