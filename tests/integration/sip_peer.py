"""A SIP client of a few lines for tests: real sockets, no help, so that it can also misbehave."""

import itertools
import json
import re
import socket
import ssl
import subprocess
import threading
import time

from support.ports import free_port

DEADLINE_S = 8
_numbers = itertools.count(1)


class Host:
    """The door under test: its events are lines of JSON."""

    def __init__(self, program, address="127.0.0.1", max_calls=100, **options):
        self.address = address
        self.port = free_port()
        self.process = subprocess.Popen(
            [program, address, str(self.port), str(max_calls), *(f"{k}={v}" for k, v in options.items())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.events = []
        self.told = threading.Condition()
        # Read all the time: a full pipe would stop the door.
        threading.Thread(target=self._listen, daemon=True).start()
        assert self.expect("ready", "failed")["event"] == "ready"

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def _listen(self):
        for line in self.process.stdout:
            with self.told:
                self.events.append(json.loads(line))
                self.told.notify()

    def expect(self, *names, **fields):
        """The next event of that name (and with those fields); forgets what came before it."""
        def taken():
            for index, event in enumerate(self.events):
                if event["event"] in names and all(event.get(k) == v for k, v in fields.items()):
                    del self.events[: index + 1]
                    return event
            return None

        with self.told:
            found = self.told.wait_for(taken, DEADLINE_S)
            assert found, f"no {names} {fields} in time; had {self.events[-20:]}"
            return found

    def counts(self):
        self.say("count")
        return self.expect("count")

    def wait_empty(self):
        until = time.monotonic() + DEADLINE_S
        while (now := self.counts())["calls"] or now["guests"]:
            assert time.monotonic() < until, f"still there: {now}"
            time.sleep(0.05)
        return now

    def stop(self):
        if self.process.poll() is None:
            self.say("quit")
            self.expect("closed")
            assert self.process.wait(DEADLINE_S) == 0
        self.process.stdin.close()


class Message:
    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        self.first, *lines = head.split("\r\n")
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]

    def get(self, name):
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    @property
    def status(self):
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else None

    @property
    def method(self):
        return None if self.status else self.first.split()[0]


class Peer:
    """One socket, one dialog at a time. Requests are built by hand; nothing is retransmitted."""

    def __init__(self, host, transport="udp"):
        self.host, self.transport = host, transport
        family = socket.AF_INET6 if ":" in host.address else socket.AF_INET
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.server_port = host.port + 1 if transport == "tls" else host.port
        self.socket = socket.socket(family, kind)
        self.socket.connect((host.address, self.server_port))
        if transport == "tls":
            # The server's certificate is its own word: nobody signed it.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.buffer = b""
        self.cseq = 0
        self.tag = f"t{next(_numbers)}"
        self.call_id = f"call{next(_numbers)}@test"
        self.to_tag = None
        self.target = None

    def close(self):
        self.socket.close()

    @property
    def here(self):
        name = self.socket.getsockname()[0]
        return f"[{name}]:{self.port}" if ":" in name else f"{name}:{self.port}"

    @property
    def there(self):
        address = f"[{self.host.address}]" if ":" in self.host.address else self.host.address
        return f"{address}:{self.server_port}"

    def request(self, method, room="blue", body="", kind="application/sdp", **options):
        """Sends a request; returns its branch, for CANCEL and ACK."""
        cseq = options.get("cseq")
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        branch = options.get("branch") or f"z9hG4bK{next(_numbers)}"
        to_tag = options.get("to_tag", self.to_tag)
        uri = self.target if self.target and method != "CANCEL" else f"sip:{room}@{self.there}"
        name = options.get("name", '"Anna \\"A\\" Test" ')
        lines = [
            f"{method} {options.get('uri', uri)} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {self.here};rport;branch={branch}",
            "Max-Forwards: 70",
            f"From: {name}<sip:anna@example.org>;tag={self.tag}",
            f"To: <sip:{room}@{self.there}>" + (f";tag={to_tag}" if to_tag else ""),
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {options.get('cseq_method', method)}",
            f"Contact: <sip:anna@{self.here};transport={self.transport}>",
            "User-Agent: Room/1.0",
            *options.get("extra", []),
        ]
        if body:
            lines.append(f"Content-Type: {kind}")
        lines.append(f"Content-Length: {len(body.encode())}")
        self.send("\r\n".join(lines) + "\r\n\r\n" + body)
        return branch

    def send(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        self.socket.sendall(data)

    def _one_from_stream(self):
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            return None
        length = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
        size = int(length.group(1)) if length else 0
        if len(rest) < size:
            return None
        self.buffer = rest[size:]
        return Message((head + mark + rest[:size]).decode())

    def receive(self):
        if self.transport != "udp" and (ready := self._one_from_stream()):
            return ready
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return None
        if self.transport == "udp":
            return Message(data.decode())
        self.buffer += data
        return self._one_from_stream()

    def wait(self, what):
        """The first message for which `what` is true; 100 and 180 may be skipped."""
        until = time.monotonic() + DEADLINE_S
        seen = []
        while time.monotonic() < until:
            message = self.receive()
            if message is None:
                continue
            if what(message):
                return message
            seen.append(message.first)
        raise AssertionError(f"not in time; saw {seen}")

    def final(self):
        return self.wait(lambda m: m.status and m.status >= 200)

    def incoming(self, method):
        return self.wait(lambda m: m.method == method)

    def invite(self, room="blue", body="", **options):
        branch = self.request("INVITE", room, body, **options)
        answer = self.final()
        if answer.status < 300:
            self.to_tag = re.search(r"tag=([^;]+)", answer.get("To")).group(1)
            self.target = re.search(r"<(.*)>", answer.get("Contact")).group(1)
        else:
            to_tag = re.search(r"tag=([^;]+)", answer.get("To")).group(1)
            self.request("ACK", room, cseq=self.cseq, branch=branch, to_tag=to_tag)
        return answer

    def ack(self, body=""):
        self.request("ACK", body=body, cseq=self.cseq)

    def bye(self):
        self.request("BYE")
        return self.final()

    def respond(self, request, status="200 OK", body=""):
        copied = [f"{n}: {v}" for n, v in request.headers if n.lower() in ("via", "from", "to", "call-id", "cseq")]
        lines = [f"SIP/2.0 {status}", *copied, f"Contact: <sip:anna@{self.here};transport={self.transport}>"]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body.encode())}")
        self.send("\r\n".join(lines) + "\r\n\r\n" + body)


def sdp(*media, version=1, address="127.0.0.1"):
    family = "IP6" if ":" in address else "IP4"
    lines = ["v=0", f"o=- 1 {version} IN {family} {address}", "s=-", f"c=IN {family} {address}", "t=0 0", *media]
    return "\r\n".join(lines) + "\r\n"


AUDIO = ["m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"]
VIDEO = ["m=video 4002 RTP/AVP 97", "a=rtpmap:97 H264/90000", "a=fmtp:97 profile-level-id=42e01f;packetization-mode=1"]
